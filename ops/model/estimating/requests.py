"""Requests that an ingest makes, and what they cost."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from ops.model.estimating.prices import LIST_PRICES


@dataclass(frozen=True)
class Requests:
    """What is billed, by service.

    Attributes:
        transitions: State transitions, children of maps included.
        calls: Of Lambda functions.
        gigabyte_seconds: Of Lambda functions.
        write_units: DynamoDB, indexes included.
        read_units: DynamoDB; a strongly consistent read of an item up to 4 KiB is one.
        s3_writes: PUT, COPY and LIST.
        s3_reads: GET and HEAD.
        log_bytes: Of CloudWatch Logs.
        events: Of S3 on EventBridge.
    """

    transitions: float = 0.0
    calls: float = 0.0
    gigabyte_seconds: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    s3_writes: float = 0.0
    s3_reads: float = 0.0
    log_bytes: float = 0.0
    events: float = 0.0

    def __add__(self, other: Requests) -> Requests:
        return Requests(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def times(self, factor: float) -> Requests:
        """So many times as many."""
        return Requests(*(each * factor for each in astuple(self)))

    @property
    def costs(self) -> dict[str, float]:
        """US dollars by service, at list prices."""
        prices = LIST_PRICES
        return {
            "Step Functions": self.transitions * prices.transition,
            "Lambda": self.calls * prices.call + self.gigabyte_seconds * prices.gigabyte_second,
            "DynamoDB": self.write_units * prices.write_unit + self.read_units * prices.read_unit,
            "S3": self.s3_writes * prices.s3_write + self.s3_reads * prices.s3_read,
            "CloudWatch Logs": self.log_bytes * prices.log_byte,
            "EventBridge": self.events * prices.event,
        }

    @property
    def cost(self) -> float:
        """US dollars in all, at list prices."""
        return sum(self.costs.values())

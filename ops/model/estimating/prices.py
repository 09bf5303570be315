"""What is billed, and AWS list prices: the one table that estimates and the simulation use.

US East (N. Virginia), without free tiers, taxes, discounts and data transfer, in November 2026.
Taken from copies and quotations of these pages, not from the pages themselves:

| service | page |
|---|---|
| Step Functions | https://aws.amazon.com/step-functions/pricing/ |
| Lambda (arm64) | https://aws.amazon.com/lambda/pricing/ |
| DynamoDB, on demand | https://aws.amazon.com/dynamodb/pricing/on-demand/ |
| S3 Standard, requests | https://aws.amazon.com/s3/pricing/ |
| CloudWatch Logs | https://aws.amazon.com/cloudwatch/pricing/ |
| EventBridge, S3's opt-in events | https://aws.amazon.com/eventbridge/pricing/ |
| Bedrock, batch inference | https://aws.amazon.com/bedrock/pricing/ |

Tests and docs/scale.md quote it. What a bucket or a table costs to store is not in it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

REGION = "US East (N. Virginia)"
DATE = "November 2026"


@dataclass(frozen=True)
class Requests:
    """What is billed, by service.

    Attributes:
        transitions: Of a standard workflow, children of maps included.
        calls: Of Lambda functions.
        gigabyte_seconds: Of Lambda functions on arm64.
        write_units: DynamoDB, on demand: writes of 1 KiB, indexes included.
        read_units: DynamoDB, on demand: strongly consistent reads of 4 KiB.
        s3_writes: PUT, COPY, POST and LIST. DELETE is free.
        s3_reads: GET and HEAD.
        log_bytes: Of CloudWatch Logs, ingested.
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
        pairs = zip(astuple(self), astuple(LIST_PRICES), strict=True)
        each = Requests(*(number * price for number, price in pairs))
        return {
            "Step Functions": each.transitions,
            "Lambda": each.calls + each.gigabyte_seconds,
            "DynamoDB": each.write_units + each.read_units,
            "S3": each.s3_writes + each.s3_reads,
            "CloudWatch Logs": each.log_bytes,
            "EventBridge": each.events,
        }

    @property
    def cost(self) -> float:
        """US dollars in all, at list prices."""
        return sum(self.costs.values())


LIST_PRICES = Requests(
    transitions=0.025 / 1e3,
    calls=0.20 / 1e6,
    gigabyte_seconds=0.0000133334,
    write_units=0.625 / 1e6,
    read_units=0.125 / 1e6,
    s3_writes=0.005 / 1e3,
    s3_reads=0.0004 / 1e3,
    log_bytes=0.50 / 1e9,
    events=1.00 / 1e6,
)
"""US dollars of one of each."""


def batch_token_prices(model_id: str) -> tuple[float, float] | None:
    """US dollars of a token of the input and of the answer in batch inference.

    None for a model or an inference profile, by its id or ARN, that is not in the table.
    """
    for name, (given, answered) in _ON_DEMAND.items():
        if name in model_id:
            return given / 1e6 * _BATCH_SHARE, answered / 1e6 * _BATCH_SHARE
    return None


_BATCH_SHARE = 0.5
"""Of the price on demand."""
_ON_DEMAND = {
    "amazon.nova-micro-v1": (0.035, 0.14),
    "amazon.nova-lite-v1": (0.06, 0.24),
    "amazon.nova-pro-v1": (0.80, 3.20),
    "anthropic.claude-3-haiku": (0.25, 1.25),
    "anthropic.claude-3-5-haiku": (0.80, 4.00),
    "anthropic.claude-haiku-4-5": (1.00, 5.00),
    "anthropic.claude-3-5-sonnet": (3.00, 15.00),
    "anthropic.claude-3-7-sonnet": (3.00, 15.00),
    "anthropic.claude-sonnet-4": (3.00, 15.00),
    "anthropic.claude-opus-4-5": (5.00, 25.00),
}
"""By what is in a model's id: dollars of a million tokens of input and of answers, on demand."""

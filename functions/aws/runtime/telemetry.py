"""Logs as JSON lines and metrics as EMF, by Powertools.

Powertools' Tracer is not used: active tracing needs no SDK, and importing that of X-Ray takes 36 ms
of processor time at each cold start (Python 3.13, byte code there), a sixth of a typical handler's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Self

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.aws.runtime.denials import denials
from functions.aws.runtime.plain_errors import leave_data_out
from functions.aws.runtime.service_errors import as_throttle
from functions.domain.events import METRICS_NAMESPACE, Event, Metric
from functions.domain.payloads.payload import JobRef

__all__ = ["MetricUnit", "Telemetry", "telemetry"]

_CALLER: Final = 3
"""Powertools' `stacklevel` by which a line's `location` is not in this module."""


class Telemetry:
    """A function's log and metrics: never receipt text, image or user id."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        """Write to this logger and these metrics."""
        self._logger = logger
        self.metrics = metrics

    @contextmanager
    def invocation(
        self, *, execution: str, job: JobRef | None = None, **context: object
    ) -> Iterator[Self]:
        """Set the ids that every line of this invocation carries; publish metrics at its end.

        Errors leave it without the data that their texts may quote.

        Raises:
            ServiceThrottled: in the place of a service's throttle.
        """
        self._logger.clear_state()
        ids: dict[str, object] = {"execution": execution, **context}
        if job is not None:
            ids |= {"jobId": job.job_id, "intentId": job.intent_id, "traceId": job.trace_id}
        self._logger.append_keys(**{name: value for name, value in ids.items() if value})
        try:
            yield self
        except Exception as error:
            leave_data_out(error)
            if (throttle := as_throttle(error)) is not None:
                raise throttle from None
            raise error from None
        finally:
            self._say_denials()
            if self.metrics.metric_set:
                self.metrics.flush_metrics()

    def _say_denials(self) -> None:
        for operation, calls in denials().take().items():
            self.warn(Event.CALL_DENIED, operation=operation, calls=calls)
            self.count(Metric.CALLS_DENIED, calls)

    def info(self, event: Event, **facts: Any) -> None:
        """Log an expected event."""
        self._logger.info(event.value, stacklevel=_CALLER, event=event.value, **facts)

    def warn(self, event: Event, **facts: Any) -> None:
        """Log an event that needs a person's attention."""
        self._logger.warning(event.value, stacklevel=_CALLER, event=event.value, **facts)

    def count(self, metric: Metric, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
        """Add to a metric."""
        self.metrics.add_metric(name=metric.value, unit=unit, value=value)


@cache
def telemetry() -> Telemetry:
    """The one of this environment; Powertools' own variables give its service and level."""
    return Telemetry(Logger(), Metrics(namespace=METRICS_NAMESPACE))

"""A fake of `Telemetry` that keeps log lines and metrics."""

from collections import Counter
from typing import Any

from functions.aws.runtime.telemetry import MetricUnit, Telemetry
from functions.domain.events import Event, Metric


class FakeTelemetry(Telemetry):
    """The log lines and metrics of a function."""

    def __init__(self) -> None:
        self.lines: list[tuple[Event, dict[str, Any]]] = []
        self.sums: Counter[Metric] = Counter()
        self.counted: set[Metric] = set()

    def info(self, event: Event, **facts: Any) -> None:
        self.lines.append((event, facts))

    def warn(self, event: Event, **facts: Any) -> None:
        self.lines.append((event, facts))

    def count(self, metric: Metric, value: float, _unit: MetricUnit = MetricUnit.Count) -> None:
        self.counted.add(metric)
        self.sums[metric] += int(value)

    def all(self, event: Event) -> list[dict[str, Any]]:
        """The facts of each line of an event."""
        return [facts for each, facts in self.lines if each is event]

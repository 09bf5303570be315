"""Retriers of the definition, as Step Functions applies them.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

DEFINITION: Final = Path(__file__).parents[2] / "statemachine" / "ingest.asl.json"


@dataclass(frozen=True)
class Retrier:
    """One of a state.

    Attributes:
        errors: That it is for.
        interval: Seconds before the first retry.
        attempts: Retries at most.
        rate: By which the interval grows.
        longest: Seconds before a retry at most.
    """

    errors: frozenset[str]
    interval: float
    attempts: int
    rate: float
    longest: float

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Self:
        """One of the definition; all of these have full jitter."""
        if described["JitterStrategy"] != "FULL":
            raise ValueError(f"no full jitter: {described}")
        return cls(
            frozenset(described["ErrorEquals"]),
            described["IntervalSeconds"],
            described["MaxAttempts"],
            described["BackoffRate"],
            described["MaxDelaySeconds"],
        )

    def delay(self, attempt: int, jitter: float) -> float:
        """Seconds before a retry, the first of which is attempt 0."""
        return jitter * float(min(self.longest, self.interval * self.rate**attempt))


@dataclass
class Retries:
    """Of one run of a task: each retrier counts its own attempts."""

    retriers: Sequence[Retrier]
    jitter: Callable[[], float]
    _spent: dict[int, int] = field(default_factory=dict, init=False)

    def delay(self, error: str) -> float | None:
        """Seconds to wait before the task is tried again; None where it has failed."""
        for number, retrier in enumerate(self.retriers):
            if error in retrier.errors:
                spent = self._spent.get(number, 0)
                if spent == retrier.attempts:
                    return None
                self._spent[number] = spent + 1
                return retrier.delay(spent, self.jitter())
        return None


def read(path: Path = DEFINITION) -> dict[str, tuple[Retrier, ...]]:
    """The retriers of each task, by the state's name."""
    definition = json.loads(path.read_text("utf-8"))
    return {
        name: tuple(map(Retrier.of, state.get("Retry", ())))
        for name, state in _states(definition)
        if state["Type"] == "Task"
    }


def _states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from _states(state["ItemProcessor"])

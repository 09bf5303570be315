"""Attempts of a task, from an execution's history."""

from datetime import UTC, datetime
from typing import Any

from functions.domain.attempts import Attempt, attempts_of, tried


def _event(kind: str, minute: int, **details: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 28, 2, minute, tzinfo=UTC)
    name = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {"type": kind, "timestamp": at, **({name: details} if details else {})}


def _at(minute: int) -> datetime:
    return datetime(2026, 11, 28, 2, minute, tzinfo=UTC)


def test_each_call_is_an_attempt_and_the_last_ends_the_execution() -> None:
    assert attempts_of(
        [
            _event("ExecutionStarted", 0),
            _event("TaskScheduled", 1),
            _event("TaskStarted", 1),
            _event("TaskFailed", 2, error="WriteThrottled"),
            _event("TaskScheduled", 3),
            _event("TaskTimedOut", 4),
            _event("ExecutionFailed", 4, error="States.Timeout"),
        ]
    ) == (
        Attempt(_at(1), _at(2), "WriteThrottled"),
        Attempt(_at(3), _at(4), "TaskTimedOut", is_last=True),
    )


def test_after_a_redrive_the_next_attempt_counts() -> None:
    found = attempts_of(
        [
            _event("TaskScheduled", 1),
            _event("TaskFailed", 2, error="AccessDenied"),
            _event("ExecutionFailed", 2),
            _event("ExecutionRedriven", 9),
            _event("TaskScheduled", 9),
            _event("TaskSucceeded", 10),
        ]
    )
    assert found[-1] == Attempt(_at(9), _at(10))


def test_an_attempt_that_was_stopped_has_ended() -> None:
    (found,) = attempts_of([_event("TaskScheduled", 1), _event("ExecutionAborted", 5)])
    assert (found.ended, found.error) == (_at(5), "ExecutionAborted")


def test_one_that_lasts_has_no_end() -> None:
    (found,) = attempts_of([_event("TaskScheduled", 1), _event("TaskStarted", 1)])
    assert found.ended is None


def test_what_was_tried_once_says_nothing_and_more_says_why() -> None:
    assert not tried([Attempt(_at(1), _at(2), "AccessDenied", is_last=True)])
    again = [Attempt(_at(1), _at(2), error) for error in ("Throttled", "AccessDenied", "Throttled")]
    assert tried([*again, Attempt(_at(3))]) == "Tried 4 times: 2 x Throttled, 1 x AccessDenied."

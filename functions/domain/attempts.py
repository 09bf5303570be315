"""Attempts of a task: each call of its function, as an execution's history has them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

_SUCCEEDED: Final = ("TaskSucceeded", "LambdaFunctionSucceeded")
_FAILED: Final = (
    "LambdaFunctionFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
    "LambdaFunctionTimedOut",
    "TaskFailed",
    "TaskStartFailed",
    "TaskSubmitFailed",
    "TaskTimedOut",
)
_ENDS: Final = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")


@dataclass(frozen=True)
class Attempt:
    """A call.

    Attributes:
        ended: None while it lasts.
        error: Why it failed; empty where it did not.
        is_last: Nothing tried it again: the execution failed with it.
    """

    started: datetime
    ended: datetime | None = None
    error: str = ""
    is_last: bool = False


def attempts_of(events: Iterable[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    """The attempts of an execution whose states have one task at a time."""
    found: list[Attempt] = []
    for event in events:
        kind, at = event["type"], event["timestamp"]
        if kind in {"TaskScheduled", "LambdaFunctionScheduled"}:
            found.append(Attempt(at))
        elif found and found[-1].ended is None and kind in (*_SUCCEEDED, *_FAILED, *_ENDS):
            found[-1] = replace(found[-1], ended=at, error=_error(event, kind))
        if found and kind in _ENDS:
            found[-1] = replace(found[-1], is_last=True)
    return tuple(found)


def tried(attempts: Sequence[Attempt]) -> str:
    """How often it was tried, and what failed; empty for once at most.

    An example: `Tried 3 times: 2 x WriteThrottled, 1 x AccessDenied.`
    """
    if len(attempts) < 2:
        return ""
    errors = Counter(each.error for each in attempts if each.error)
    failed = ", ".join(f"{times} x {error}" for error, times in errors.items())
    return f"Tried {len(attempts)} times: {failed or 'none has failed'}."


def _error(event: Mapping[str, Any], kind: str) -> str:
    if kind in _SUCCEEDED:
        return ""
    details = event.get(f"{kind[0].lower()}{kind[1:]}EventDetails", {})
    return details.get("error") or kind

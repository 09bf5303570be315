"""Retry and Catch.

AWS (Step Functions guide, "concepts-error-handling"): the first retrier whose ErrorEquals has the
error decides, each counts its own attempts; waits grow from IntervalSeconds (1) by BackoffRate
(2.0), at most to MaxDelaySeconds, and with JitterStrategy FULL are random between 0 and that.
States.ALL matches all but States.DataLimitExceeded and States.Runtime; States.TaskFailed all but
States.Timeout. States.DataLimitExceeded can be named; States.Runtime is never retried or caught.
So says the guide; in a recording of 2024 States.ALL did catch States.DataLimitExceeded, of a task's
result (localstack, test_service_task_lambada_catch_state_all_data_limit_exceeded_...).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.errors import (
    ALL,
    DATA_LIMIT_EXCEEDED,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
)

if TYPE_CHECKING:
    import random
    from collections import Counter
    from collections.abc import Mapping, Sequence

_TERMINAL = (DATA_LIMIT_EXCEEDED, RUNTIME)


def matches(names: Sequence[str], error: str | None) -> bool:
    """Whether an ErrorEquals list matches an error's name."""
    if error == RUNTIME:
        return False
    if error in names:
        return True
    if error in _TERMINAL:
        return False
    return ALL in names or (TASK_FAILED in names and error != TIMEOUT)


def next_wait(
    retriers: Sequence[Mapping[str, Any]],
    error: str | None,
    attempts: Counter[int],
    jitter: random.Random,
) -> float | None:
    """The seconds to wait before the next attempt; None when there is none.

    `attempts` has the retries so far by the retrier's position; this one is counted.
    """
    for position, retrier in enumerate(retriers):
        if not matches(retrier["ErrorEquals"], error):
            continue
        count = attempts[position]
        if count >= retrier.get("MaxAttempts", 3):
            return None
        attempts[position] += 1
        wait = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count
        wait = min(wait, retrier.get("MaxDelaySeconds", wait))
        full = retrier.get("JitterStrategy") == "FULL"
        return jitter.uniform(0, wait) if full else float(wait)
    return None


def catcher(catchers: Sequence[Mapping[str, Any]], error: str | None) -> Mapping[str, Any] | None:
    """The first catcher that matches an error."""
    return next((each for each in catchers if matches(each["ErrorEquals"], error)), None)

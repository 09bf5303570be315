"""How many functions run at once, and how many worker processes there are.

A worker is a process of some 50 MB, and MiniStack starts one for each concurrent invocation. Here
`BUSY` invocations run at a time; the others wait their turn, and are throttled after a minute. Of
`BUSY + IDLE` processes the one that was used the longest ago makes room for another function's.
An invocation by a function does not wait: its caller, which waits for it, may hold the last place.
60 results objects of the product at once had 23 processes and 1.5 GB on 2 processors, all in all;
more objects have no more.

The account's own limit is another one: LAMBDA_ACCOUNT_CONCURRENCY throttles at once, as AWS does.
An asynchronous invocation that is throttled is tried again, for six hours
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
"""

from __future__ import annotations

import contextlib
import contextvars
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from embedded_aws.core.background import wait_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS_VARIABLE = "EMBEDDED_AWS_LAMBDA_WORKERS"
"""Invocations at a time; by default 4 for each processor, at least 12 and at most 32."""
IDLE = 10
"""Processes besides the busy ones: about one for each function."""

_LEAST, _MOST, _FOR_EACH_PROCESSOR = 12, 32, 4
_WAIT_SECONDS = 60.0
_EVENT_AGE_SECONDS = 6 * 3600.0
_RETRY_SECONDS = 1.0

_invoke_async = lambda_svc.invoke_async_with_retry
_execute = lambda_svc._execute_function
_asynchronous: contextvars.ContextVar[bool] = contextvars.ContextVar("asynchronous", default=False)


def install() -> None:
    """Have throttled asynchronous invocations tried again."""
    lambda_svc.invoke_async_with_retry = _invoke_asynchronously
    lambda_svc._execute_function = _execute_until_taken


def busy_limit() -> int:
    """How many invocations run at a time."""
    processors = os.cpu_count() or 1
    default = min(_MOST, max(_LEAST, _FOR_EACH_PROCESSOR * processors))
    return max(1, int(os.environ.get(WORKERS_VARIABLE) or default))


class Capacity:
    """The places of invocations, and the room for their processes."""

    def __init__(self, busy: int) -> None:
        self._processes = busy + IDLE
        self._places = threading.Semaphore(busy)

    @contextlib.contextmanager
    def place(self, *, nested: bool) -> Iterator[bool]:
        """Hold a place while an invocation runs; whether it has one: none may be free in time."""
        held = not nested and self._places.acquire(timeout=_WAIT_SECONDS)
        try:
            yield nested or held
        finally:
            if held:
                self._places.release()

    def make_room(self, function: str) -> None:
        """End the idle workers that were used the longest ago, if one of a function is to start."""
        with lambda_runtime._lock:
            pools: dict[str, list[Any]] = lambda_runtime._workers
            # account:Region:name:qualifier
            own = [pool for key, pool in pools.items() if key.split(":")[2] == function]
            if any(not worker.in_use for pool in own for worker in pool):
                return
            idle = [
                (worker.last_used, number, pool, worker)
                for number, pool in enumerate(pools.values())
                for worker in pool
                if not worker.in_use
            ]
            surplus = sum(map(len, pools.values())) + 1 - self._processes
            ended = sorted(idle, key=lambda each: each[:2])[: max(0, surplus)]
            for _, _, pool, worker in ended:
                pool.remove(worker)
        lambda_runtime.kill_workers([worker for *_, worker in ended])


def _invoke_asynchronously(function: Any, event: Any) -> None:
    token = _asynchronous.set(True)
    try:
        _invoke_async(function, event)
    finally:
        _asynchronous.reset(token)


def _execute_until_taken(function: dict[str, Any], event: Any) -> dict[str, Any]:
    """Execute a function; an asynchronous invocation that is throttled waits and tries again."""
    end = time.monotonic() + _EVENT_AGE_SECONDS
    while True:
        answer: dict[str, Any] = _execute(function, event)
        waits = answer.get("throttle") and _asynchronous.get() and time.monotonic() < end
        if not waits:
            return answer
        time.sleep(_RETRY_SECONDS * wait_scale())

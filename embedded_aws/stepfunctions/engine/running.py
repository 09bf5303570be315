"""What a running execution has besides its record: threads, and the signal to leave them.

None of it is saved. A call that a task has made is never interrupted: as on AWS, a Lambda function
under way runs on when its execution is stopped or timed out, and its result is dropped.

Waits (a Wait state's, and those between retries) are multiplied by the environment variable
INGEST_LOCAL_WAIT_SCALE, so that tests need not sit through them. Time limits are not scaled.
"""

from __future__ import annotations

import contextvars
import logging
import os
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any, TypeVar

from embedded_aws.stepfunctions.engine.state_errors import Closed, MachineTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

WAIT_SCALE_VARIABLE = "INGEST_LOCAL_WAIT_SCALE"

_T = TypeVar("_T")
_logger = logging.getLogger("states")


class Running:
    """One attempt at an execution: its signal, its time limit and its thread's end."""

    def __init__(self, seconds: float | None = None) -> None:
        self._closed: Future[None] = Future()
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self.left = threading.Event()
        """Set when the attempt's thread has nothing more to write."""

    def close(self) -> None:
        """Wake the attempt's thread and tell it to leave."""
        if not self._closed.done():
            self._closed.set_result(None)

    def check(self) -> None:
        """Go on only if the execution is open and within its time.

        Raises:
            Closed: it was closed.
            MachineTimedOut: its time is over.
        """
        if self._closed.done():
            raise Closed
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise MachineTimedOut

    def wait(
        self, futures: Collection[Future[Any]], seconds: float | None = None
    ) -> set[Future[Any]]:
        """The futures that are done, waiting for the first; none after so many seconds.

        Raises:
            Closed: the execution was closed meanwhile.
            MachineTimedOut: its time is over.
        """
        until = self._deadline
        if seconds is not None:
            end = time.monotonic() + seconds
            until = end if until is None else min(end, until)
        limit = None if until is None else max(0.0, until - time.monotonic())
        done, _ = wait_for({*futures, self._closed}, timeout=limit, return_when=FIRST_COMPLETED)
        self.check()
        return done

    def pause(self, seconds: float) -> None:
        """Wait, scaled; raises as `wait` does."""
        self.wait((), seconds * wait_scale())


def wait_scale() -> float:
    """By how much waits are multiplied: 1 as on AWS, 0 not to wait at all."""
    return max(0.0, float(os.environ.get(WAIT_SCALE_VARIABLE, "1")))


def in_background(work: Callable[[], _T]) -> Future[_T]:
    """Run something in a daemon thread, in the caller's account and Region.

    The threads of an executor would keep the process from ending while a function runs.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever waits judges it
            future.set_exception(error)
        else:
            future.set_result(result)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True).start()
    return future


_registry: dict[str, Running] = {}
_registry_lock = threading.Lock()


def begin(arn: str, seconds: float | None) -> Running:
    """Register a new attempt at an execution, after an earlier one has left its thread."""
    previous = _registry.get(arn)
    if previous is not None:
        previous.left.wait()
    running = Running(seconds)
    with _registry_lock:
        _registry[arn] = running
    return running


def end(arn: str, running: Running) -> None:
    """The attempt's thread is about to end."""
    with _registry_lock:
        if _registry.get(arn) is running:
            del _registry[arn]
    running.left.set()


def signal(arn: str) -> None:
    """Tell the attempt at this execution, if there is one, that it was closed."""
    running = _registry.get(arn)
    if running is not None:
        running.close()

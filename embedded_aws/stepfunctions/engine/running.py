"""Running attempts at executions: their threads, time limits and the signal to end.

None of it is saved. A call that a task has made is never interrupted: as on AWS, a Lambda function
under way runs on when its execution is stopped or timed out, and its result is dropped.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any

from embedded_aws.core.background import wait_scale
from embedded_aws.stepfunctions.errors import Closed, MachineTimedOut

if TYPE_CHECKING:
    from collections.abc import Collection


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
        """The futures that are done, waiting for the first; none after this many seconds.

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

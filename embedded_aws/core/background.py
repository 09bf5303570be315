"""Work in threads of its own, and the scale of its waits.

Waits (a Wait state's, those between retries, those of schedules) are multiplied by the
environment variable EMBEDDED_AWS_WAIT_SCALE, so that tests are fast. Time limits are not scaled.
"""

from __future__ import annotations

import contextvars
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SCALE_VARIABLE = "EMBEDDED_AWS_WAIT_SCALE"

_T = TypeVar("_T")


def wait_scale() -> float:
    """The factor of every wait: 1 as on AWS, 0 for none at all."""
    return max(0.0, float(os.environ.get(WAIT_SCALE_VARIABLE, "1")))


def in_background(work: Callable[[], _T]) -> Future[_T]:
    """Run something in a daemon thread, in the caller's account and Region.

    The threads of an executor would keep the process alive while a function runs.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - the future carries it to its reader
            future.set_exception(error)
        else:
            future.set_result(result)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True).start()
    return future

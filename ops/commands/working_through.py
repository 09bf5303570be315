"""Many executions started or redriven at a pace, with progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from functions.domain.plain_text import counted
from ops.view.steps import Counting
from ops.view.terminal import err, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.model.pace import Pace

T = TypeVar("T")
R = TypeVar("R")


def work_through(
    items: Sequence[T], act: Callable[[T], R], *, pace: Pace, verb: str, again: str
) -> list[R]:
    """Do something to each of one or more, at a pace; returns the results in order.

    `verb` says what is done, as `Started`; the command `again` goes on after an interruption.
    """
    progress, results = Counting(verb, len(items)), []
    try:
        for each in items:
            for pause in pace.pauses():
                progress.wait()
                time.sleep(pause)
            results.append(act(each))
            progress.one()
    except BaseException:
        left = counted(progress.left, "execution")
        err.print(prose(f"{left} left; what was started goes on. For the rest: `{again}`"))
        raise
    return results

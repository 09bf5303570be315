"""Views of progress: a bar for each job on a terminal, a line elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from functions.domain.plain_text import counted
from ops.model.progress import IMAGES, LOAD
from ops.view.durations import rough
from ops.view.terminal import outside, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.model.progress import JobProgress

_NARROW = 80
_WIDE = 120
"""Columns of a terminal: below the first there is no bar, from the second on all is shown."""
_BAR = 24
_SHORT_BAR = 10
_NAME = 36
_SHORT_NAME = 13
_SHORTEST_NAME = 8


def line(each: JobProgress) -> str:
    """Progress as plain text."""
    return f"{visible(each.job_id)}: {', '.join(_facts(each))}"


def _facts(each: JobProgress) -> Iterator[str]:
    yield visible(each.state)
    if each.phase == LOAD:
        ranges = f" in {counted(each.ranges_of, 'range')}" if each.ranges_of > 1 else ""
        yield f"{each.share:.0%} of {decimal(each.bytes_of)}{ranges}"
    rate = f" ({_rate(each)})" if each.is_running and each.rate else ""
    if each.phase:
        yield f"{counted(each.records, 'record')}{rate if each.phase == LOAD else ''}"
    if each.rejects:
        yield counted(each.rejects, "reject")
    if each.phase == IMAGES and each.images_of:
        yield f"{each.images_moved:,} of {counted(each.images_of, 'image')} moved{rate}"
    if each.images_left:
        yield f"{each.images_left:,} left in place"
    if left := _left(each):
        yield f"{left} left"


def table(shown: Sequence[JobProgress], *, width: int) -> Table:
    """Progress as a table that fits a terminal of this many columns."""
    drawn = Table(box=None, header_style="dim", pad_edge=False)
    drawn.add_column("Job", no_wrap=True)
    drawn.add_column("State", no_wrap=True)
    has_bar = width >= _NARROW
    most = _NAME if width >= _WIDE else _SHORT_NAME if has_bar else _SHORTEST_NAME
    if has_bar:
        drawn.add_column("", width=_BAR if width >= _WIDE else _SHORT_BAR)
    figures = [_figures(each, is_wide=width >= _WIDE) for each in shown]
    for title in figures[0] if figures else ():
        least = max(len(each[title]) for each in figures)
        drawn.add_column(title, justify="right", no_wrap=True, min_width=least)
    for each, cells in zip(shown, figures, strict=True):
        bar = ProgressBar(total=1.0, completed=each.share) if each.phase else Text()
        drawn.add_row(
            outside(_cut(each.job_id, most)),
            outside(_cut(each.state, most), "cyan"),
            *((bar,) if has_bar else ()),
            *cells.values(),
        )
    return drawn


def _figures(each: JobProgress, *, is_wide: bool) -> dict[str, str]:
    """The columns of numbers by their titles."""
    left = f", {each.images_left:,} left" if each.images_left and is_wide else ""
    images = f"{each.images_moved:,}/{each.images_of:,}{left}" if each.phase == IMAGES else "-"
    return {
        "": f"{each.share:.0%}" if each.phase else "",
        "Records": f"{each.records:,}",
        **({"Rejects": f"{each.rejects:,}"} if is_wide else {}),
        "Images": images,
        "Rate": _rate(each) if each.is_running and each.rate else "-",
        "Left": _left(each) or "-",
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rate(each: JobProgress) -> str:
    return f"{each.rate:,.0f}/s" if each.rate >= 10 else f"{each.rate:.1f}/s"


def _left(each: JobProgress) -> str:
    """Format the time left, roughly; empty if it is not known."""
    if not each.is_running or each.seconds_left is None or each.share == 1.0:
        return ""
    return rough(each.seconds_left)

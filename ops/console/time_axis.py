"""The axis of a timeline: time at work is to scale, standstills are folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

FOLD_PERCENT: Final = 8.0
_MOST_FOLDED: Final = 48.0


@dataclass(frozen=True)
class Fold:
    """A standstill.

    Attributes:
        ends_by_redrive: False for the time since a failure that was not redriven.
    """

    since: datetime
    until: datetime
    ends_by_redrive: bool


@dataclass(frozen=True)
class TimeAxis:
    """From the first moment to the last, as percent of a width."""

    start: datetime
    end: datetime
    folds: Sequence[Fold] = ()

    @property
    def fold_percent(self) -> float:
        """Width of a fold; many take half of the axis together."""
        return min(FOLD_PERCENT, _MOST_FOLDED / len(self.folds)) if self.folds else 0.0

    @property
    def worked(self) -> timedelta:
        """Time at work."""
        stood = sum((each.until - each.since for each in self.folds), timedelta())
        return self.end - self.start - stood

    def x(self, moment: datetime) -> float:
        """Where a moment lies, in percent; moments in a fold lie evenly in it."""
        moment = min(max(moment, self.start), self.end)
        worked, folded = moment - self.start, 0.0
        for each in self.folds:
            if moment <= each.since:
                break
            within = min(moment, each.until) - each.since
            worked -= within
            folded += self.fold_percent * _share(within, each.until - each.since)
        scale = 100.0 - self.fold_percent * len(self.folds)
        return folded + scale * _share(worked, self.worked)

    def pieces(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """A time at work, cut at the standstills."""
        begun = since
        for each in self.folds:
            if each.since >= until:
                break
            if each.until <= since:
                continue
            if since < each.since:
                yield since, each.since
            since = each.until
        if since < until or begun == until:
            yield since, until


def _share(part: timedelta, whole: timedelta) -> float:
    return part / whole if whole else 0.0

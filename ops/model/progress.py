"""How far a job is, for all who show it: `ingest watch`, other commands that follow, the console.

`progress_of` reads a report once and takes the rate from the whole phase. Who looks again and again
hands each result to a `Meter`, which knows the present rate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from ops.model.job_report import JobReport

WINDOW_SECONDS: Final = 20.0
"""The present rate is that of so long; a worker reports every two seconds."""
_LEAST_SECONDS: Final = 4.0
LOAD: Final = "load"
IMAGES: Final = "images"
_STATES: Final = {LOAD: "LoadRanges", IMAGES: "MigrateImages"}


@dataclass(frozen=True)
class JobProgress:
    """How far a job is, reports of workers at work included.

    Attributes:
        job_id: Of the execution shown, where its job is not known.
        state: The state of the execution shown while it runs, else its status.
        phase: `load`, `images`, or empty.
        is_running: The execution shown has not ended.
        ranges_done, ranges_of: Planned ranges that the ledger proves done, and all.
        bytes_done, bytes_of: Of the results objects; both 0 before they are planned.
        records: Read so far.
        rejects: Of these.
        images_done, images_of: Images looked at, and transactions that have one; both grow while
            the load goes on.
        images_left: Of those looked at, left where they are.
        rate: Records a second of the load, images a second of the migration.
        seconds_left: Of the phase at this rate; None where that is not known.
    """

    job_id: str
    state: str
    phase: str = ""
    is_running: bool = False
    ranges_done: int = 0
    ranges_of: int = 0
    bytes_done: int = 0
    bytes_of: int = 0
    records: int = 0
    rejects: int = 0
    images_done: int = 0
    images_left: int = 0
    images_of: int = 0
    rate: float = 0.0
    seconds_left: float | None = None

    @property
    def images_moved(self) -> int:
        """Images that are where they belong."""
        return self.images_done - self.images_left

    @property
    def done(self) -> int:
        """Of the phase: bytes of the load, images of the migration."""
        return self.images_done if self.phase == IMAGES else self.bytes_done

    @property
    def of(self) -> int:
        """All of the phase: bytes of the load, images of the migration."""
        return self.images_of if self.phase == IMAGES else self.bytes_of

    @property
    def at_rest(self) -> JobProgress:
        """The same without rate and time left: what changes when the job moves on."""
        return replace(self, rate=0.0, seconds_left=None)

    @property
    def share(self) -> float:
        """Part of the phase that is done, 0 to 1."""
        return min(1.0, self.done / self.of) if self.of else 0.0


def progress_of(report: JobReport, *, now: datetime) -> JobProgress:
    """How far a job is, with the mean rate of the phase that it is in."""
    history = report.history
    bytes_done, bytes_of = report.bytes
    loads = report.loads_so_far
    images = report.images_so_far
    found = JobProgress(
        job_id=report.job_id or (history.name if history else ""),
        state="waiting for S3's event" if history is None else history.current or history.status,
        is_running=history is not None and history.ended is None,
        ranges_done=report.ranges[0],
        ranges_of=report.ranges[1],
        bytes_done=bytes_done,
        bytes_of=bytes_of,
        records=loads.total,
        rejects=loads.failure,
        images_done=images.total,
        images_left=sum(images.left.values()),
        images_of=loads.success,
    )
    phase = "" if not bytes_of else LOAD if bytes_done < bytes_of else IMAGES
    runs = [run for run in history.states if run.name == _STATES.get(phase)] if history else []
    seconds = sum(history.duration_of(run, now=now).total_seconds() for run in runs if history)
    found = replace(found, phase=phase)
    return _at_rate(found, _counted(found), found.done, seconds)


def _at_rate(found: JobProgress, counted: int, advanced: int, seconds: float) -> JobProgress:
    """The same with the rate, and the time left, of what was done in this many seconds."""
    left = found.of - found.done
    return replace(
        found,
        rate=counted / seconds if seconds > 0 else 0.0,
        seconds_left=left * seconds / advanced if advanced > 0 and seconds > 0 else None,
    )


@dataclass
class Meter:
    """The present rate of a job that is looked at again and again."""

    _seen: deque[tuple[float, JobProgress]] = field(default_factory=deque)

    def measure(self, found: JobProgress, *, at: float) -> JobProgress:
        """What `progress_of` has found now, with the rate of the last seconds once it is known."""
        if self._seen and _task(self._seen[-1][1]) != _task(found):
            self._seen.clear()
        while len(self._seen) > 1 and self._seen[1][0] <= at - WINDOW_SECONDS:
            self._seen.popleft()
        self._seen.append((at, found))
        since, before = self._seen[0]
        if at - since < _LEAST_SECONDS or found.done < before.done:
            return found
        counted = _counted(found) - _counted(before)
        return _at_rate(found, counted, found.done - before.done, at - since)


def _counted(found: JobProgress) -> int:
    return found.images_done if found.phase == IMAGES else found.records


def _task(found: JobProgress) -> tuple[str, int]:
    """What the rate is of: of another phase, or with more to do, it starts again."""
    return found.phase, found.of

"""The list of jobs: those that need attention first, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from functions.domain.failures import Cure
from functions.domain.plain_text import counted
from ops.console.overview import Group, group_of
from ops.console.templating import UNKNOWN, ago, left, percent, when
from ops.console.words import pill_of, sentence
from ops.model.job_list import count_in
from ops.model.progress import IMAGES, progress_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ops.console.overview import Look, Overview
    from ops.console.words import Pill
    from ops.model.deployment import Deployment
    from ops.model.job_list import ListedJob
    from ops.model.job_report import JobReport
    from ops.model.progress import JobProgress

PAGE: Final = 50
"""Jobs on a page of one group."""
_OF_ALL: Final = 24
"""Jobs of each group where all groups are shown."""
_TITLES: Final = {
    Group.ATTENTION: "Needs attention: failed, or incomplete",
    Group.RUNNING: "Running",
    Group.SETTLED: "Settled",
}
_NEXT: Final = {
    Cure.REDRIVE: "Cured by a redrive",
    Cure.REPLAY: "Cured by a replay",
    Cure.DECISION: "Accept its rejects, or correct what made them",
    Cure.NEW_EVENT: "Neither a redrive nor a replay cures it",
}


@dataclass(frozen=True)
class Progress:
    """How far a job is; `value` is None where a bar would say nothing."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    job: ListedJob
    pill: Pill
    file: str
    progress: Progress
    records: int | None
    rejects: str
    images: int | None
    when: str
    why: str
    next: str


@dataclass(frozen=True)
class Shown:
    """The part of the list that a request asks for."""

    group: Group | None = None
    search: str = ""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Shown:
        """Parse the query of an address; ignore values that make no sense."""
        show, page = asked.get("show", ""), asked.get("page", "")
        group = Group(show) if show in set(Group) else None
        number = int(page) if page.isdecimal() and len(page) < 6 else 1
        return cls(group, asked.get("q", "").strip()[:200], max(1, number))

    def link(self, **changes: object) -> str:
        """Return the address of another view."""
        said = {"show": self.group or "", "q": self.search, "page": self.page, **changes}
        kept = {name: value for name, value in said.items() if value not in {"", None, 1}}
        return f"/?{urlencode(kept)}" if kept else "/"


def jobs_context(
    overview: Overview, shown: Shown, *, deployed: Deployment, now: datetime
) -> dict[str, Any]:
    """Build the context of the template."""
    found = {group: _matching(jobs, overview, shown) for group, jobs in overview.groups.items()}
    sections = []
    for group in [shown.group] if shown.group else Group:
        jobs, first = found[group], (shown.page - 1) * PAGE if shown.group else 0
        part = jobs[first : first + (PAGE if shown.group else _OF_ALL)]
        rows = [row(job, overview.looks.get(job.job_id), now=now) for job in part]
        sections.append(
            {"group": group.value, "title": _TITLES[group], "rows": rows, "total": len(jobs)}
        )
    pages = math.ceil(len(found[shown.group]) / PAGE) if shown.group else 1
    return {
        "sections": [each for each in sections if each["rows"]],
        "counts": {group.value: len(jobs) for group, jobs in overview.groups.items()},
        "total": sum(map(len, overview.groups.values())),
        "shown": shown,
        "pages": pages,
        "overview": overview,
        "redrive_all": deployed.command("redrive --all-failed"),
        "resend": deployed.command("dead-events --resend"),
        "now": now,
    }


def _matching(jobs: Sequence[ListedJob], overview: Overview, shown: Shown) -> list[ListedJob]:
    wanted = shown.search.lower()
    if not wanted:
        return list(jobs)

    def texts(job: ListedJob) -> str:
        look = overview.looks.get(job.job_id)
        file = _file(look.report if look else None)
        return "\n".join((job.job_id, job.status, job.why, file, *_why(job, look)))

    return [job for job in jobs if wanted in texts(job).lower()]


def row(job: ListedJob, look: Look | None, *, now: datetime) -> Row:
    """Build the line of a job."""
    report = look.report if look else None
    is_counted = bool(job.stats) or (report is not None and bool(report.objects))
    loads = report.loads_so_far if report is not None and report.objects else None
    records = loads.total if loads else count_in(job.stats, "totalCount")
    rejects = loads.failure if loads else count_in(job.stats, "failureCount")
    moved = (
        report.images_so_far.migrated if loads and report else count_in(job.stats, "imagesMigrated")
    )
    why, what_next = _why(job, look)
    return Row(
        job=job,
        pill=pill_of(job.status),
        file=_file(report) or str(job.record.get("modelId") or ""),
        progress=_progress(job, report, now),
        records=records if is_counted else None,
        rejects=percent(rejects, records) if is_counted else UNKNOWN,
        images=moved if is_counted else None,
        when=_when(job, now),
        why=why,
        next=what_next,
    )


def _when(job: ListedJob, now: datetime) -> str:
    if job.changed is None:
        return UNKNOWN
    if job.is_open:
        return f"for {ago(job.changed, now=now)}"
    return when(job.changed, now=now)


def _file(report: JobReport | None) -> str:
    if report is None or not report.objects:
        return ""
    name = report.objects[0].claim.key.rpartition("/")[2]
    more = len(report.objects) - 1
    return f"{name} and {more} more" if more else name


def _progress(job: ListedJob, report: JobReport | None, now: datetime) -> Progress:
    if report is not None and report.history is not None and report.history.ended is None:
        return _under_way(progress_of(report, now=now))
    done, planned = count_in(job.state, "rangesDone"), count_in(job.state, "ranges")
    if report is not None:
        done, planned = report.ranges
    group = group_of(job)
    if group is Group.SETTLED:
        return Progress("every byte proven")
    if group is Group.ATTENTION and (expected := job.expected) and job.stats and done == planned:
        total = count_in(job.stats, "totalCount")
        return Progress(
            f"{total:,} of {counted(expected, 'record')}", 100 * min(1, total / expected)
        )
    if planned:
        return Progress(f"{done} of {counted(planned, 'range')}", 100 * done / planned)
    return Progress("nothing planned yet" if job.state else "no results yet")


def _under_way(found: JobProgress) -> Progress:
    if not found.of:
        return Progress("nothing planned yet")
    of = " of the images" if found.phase == IMAGES else ""
    remaining = f", {left(found.seconds_left)} left" if found.seconds_left else ""
    return Progress(f"{100 * found.share:.0f} %{of}{remaining}", 100 * found.share)


def _why(job: ListedJob, look: Look | None) -> tuple[str, str]:
    """Return the reason for its status, and the next step."""
    report = look.report if look else None
    if group_of(job) is Group.RUNNING and report is not None and report.history is not None:
        state = report.history.current or report.history.status
        done, planned = report.ranges
        return state, f"{done} of {counted(planned, 'range')} loaded" if planned else ""
    if look is not None and look.failed is not None:
        failed = look.failed
        cure = _NEXT[failed.explanation.cure if failed.is_open else Cure.NEW_EVENT]
        where = dict.fromkeys((failed.failed.name, failed.error))
        return failed.explanation.meaning.rstrip("."), f"{': '.join(where)}. {cure}"
    first, _, rest = job.why.partition("; ")
    return sentence(first), rest

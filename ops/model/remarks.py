"""Remarks on a job besides its states and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.domain.jobs import SETTLED_JOB_STATUSES
from functions.domain.plain_text import counted
from functions.domain.receipts.reject import RejectReason
from ops.model.dead_targets import Results
from ops.model.job_heads import map_in
from ops.model.job_list import count_in
from ops.model.tally import tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport

_MAX_EVENTS: Final = 50


def remarks(deployed: Deployment, report: JobReport) -> list[str]:
    """Sentences, each with the command that helps."""
    if not report.job_id or report.record is None:
        return []
    return [*of_record(deployed, report), *_undelivered(deployed, report)]


def of_record(deployed: Deployment, report: JobReport) -> Iterator[str]:
    """Remarks from the job's record alone."""
    record = report.record or {}
    state, stats = map_in(record, "ingestState"), map_in(record, "resultStats")
    ended = map_in(state, "bedrock")
    if ended and ended.get("status") != "Completed":
        message = f": {ended['message']}" if ended.get("message") else "."
        yield f"Bedrock ended it as {ended.get('status')}{message}"
    if count := count_in(state, "objectsUnclaimed"):
        yield f"No execution has claimed {counted(count, 'results object')} in its folder yet."
    if state.get("retryObjects"):
        yield (
            "With the answers of its retries, it has "
            + tally(
                count_in(stats, "totalCount"),
                transactions=count_in(stats, "successCount"),
                rejects=count_in(stats, "failureCount"),
                duplicates=count_in(stats, "duplicateCount"),
                padding=count_in(stats, "paddingCount"),
            )
            + "."
        )
    errors = map_in(stats, "bedrock").get("errorRecordCount")
    # Of its own results objects, all of them: what a retry cured was an error all the same.
    found = report.loads.rejects.get(RejectReason.MODEL_ERROR, 0)
    are_all = 0 < len(report.objects) == state.get("objects")
    if errors is not None and are_all and errors != found:
        yield (
            f"Bedrock's manifest counts {counted(errors, 'error')}; this system found "
            f"{counted(found, 'ModelError')}: "
            f"`{deployed.command('rejects', report.job_id)}` lists the rejects."
        )
    if count := count_in(state, "leftBehind"):
        yield (
            f"Content of {counted(count, 'results object')} was replaced after it had written "
            "transactions. Those that the present content does not answer are still there: "
            f"`{deployed.command('tidy', report.job_id)}` lists them."
        )


def _undelivered(deployed: Deployment, report: JobReport) -> Iterator[str]:
    """Events of an open job that wait in the dead-letter queue."""
    if report.status in SETTLED_JOB_STATUSES:
        return
    results, seen = Results.of(deployed), []
    for event in results.queue.read():
        seen.append(event)
        if len(seen) == _MAX_EVENTS:
            break
    results.queue.put_back(seen)
    count = sum(results.subject(event)["job"] == report.job_id for event in seen)
    if count:
        yield (
            f"The dead-letter queue holds {counted(count, 'event')} of it: "
            f"`{deployed.command('dead-events --resend')}` delivers again."
        )

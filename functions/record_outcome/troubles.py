"""The message about a job whose data need a person, although no execution has failed.

Records were rejected or are missing, images were left, or Bedrock did not finish the job: nothing
else names the job then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import Field

from functions.aws.batch_jobs import BatchJobs
from functions.aws.job_notes import JobNotes
from functions.aws.ledger import Ledger
from functions.aws.unclaimed import claims_that_count
from functions.domain.bedrock_jobs import JobEnd
from functions.domain.claims import ClaimState
from functions.domain.counts import LoadCounts, is_count
from functions.domain.hints import job_command
from functions.domain.jobs import JobStatus
from functions.domain.plain_text import counted
from functions.domain.received import Received
from functions.record_outcome.announcements import Announcements, about_job
from functions.record_outcome.message import Message, message_of


class SettledJob(Received):
    """`detail` of "Batch Ingest Job Status Change"."""

    job_id: str = Field(alias="jobId")
    status: JobStatus
    revision: int
    stats: dict[str, Any] = Field(alias="resultStats")


class Trouble(NamedTuple):
    """Where more is said about what is wrong.

    Attributes:
        words: Of the command that shows more of it.
        page: Of the runbook, as `ingest explain` takes it.
    """

    words: str
    page: str


@dataclass(frozen=True)
class TroubleTeller:
    """Publishes it once a status.

    Attributes:
        jobs: Those of this stack; other stacks of the account announce theirs on the same bus.
        options: What a command needs to find the stack.
        reject_percent: Share of rejects that is worth a message.
    """

    jobs: BatchJobs
    ledger: Ledger
    announcements: Announcements
    publish: Callable[[Message], None]
    stack: str
    options: str
    reject_percent: int

    def tell(self, job: SettledJob) -> bool:
        """Publish the message, if there is anything to say; whether there was."""
        if not self.jobs.is_on_record(job.job_id):
            return False
        end = JobNotes(self.ledger).end(job.job_id)
        troubles = find_troubles(job, end, reject_percent=self.reject_percent)
        if not troubles or self._an_execution_failed(job, end):
            return False
        message = trouble_message(job, troubles, stack=self.stack, options=self.options)
        self.announcements.once(about_job(job.job_id, job.revision), lambda: self.publish(message))
        return True

    def _an_execution_failed(self, job: SettledJob, end: JobEnd | None) -> bool:
        """Whether the job failed with an execution, which has a message of its own."""
        if job.status is not JobStatus.FAILED:
            return False
        claims = claims_that_count(self.ledger, job.job_id)
        if not claims:
            return end is None
        return any(claim.state is ClaimState.FAILED for claim in claims)


def find_troubles(
    job: SettledJob, end: JobEnd | None, *, reject_percent: int
) -> dict[str, Trouble]:
    """What is wrong, in words, and where more is said about it.

    Args:
        job: With its `resultStats`.
        end: How it ended at Bedrock, None where that is not known.
        reject_percent: Rejects up to this share of the records, padding aside, cause no message,
            unless the job has failed.
    """
    loads = LoadCounts.from_dict(job.stats)
    found: dict[str, Trouble] = {}
    if job.status is JobStatus.FAILED:
        reject_percent = 0
    if 100 * loads.failure > reject_percent * loads.unpadded:
        of_all = f"{loads.failure:,} of {counted(loads.unpadded, 'record')}"
        found[f"{of_all} rejected"] = Trouble("rejects", "rejects")
    if missing := _count(job.stats, "missingCount"):
        found[f"{counted(missing, 'record')} missing"] = Trouble("inspect", "records-missing")
    if unexpected := _count(job.stats, "unexpectedCount"):
        more = f"{counted(unexpected, 'record')} more than expected"
        found[more] = Trouble("inspect", "records-unexpected")
    if left := _count(job.stats, "imagesLeft"):
        found[f"{counted(left, 'image')} left in place"] = Trouble("inspect", "images-left")
    if end is not None and end.status.is_unfinished and job.status is not JobStatus.COMPLETED:
        found[f"{end.status} at Bedrock"] = Trouble("inspect", "records-missing")
    return found


def trouble_message(
    job: SettledJob, troubles: Mapping[str, Trouble], *, stack: str, options: str
) -> Message:
    """Say what is wrong with a job's data, where to look, and what prints the cure."""
    what = ", ".join(troubles)
    looks = [
        job_command(each.words, job_id=job.job_id, options=options) for each in troubles.values()
    ]
    cures = [f"ingest explain {each.page}" for each in troubles.values()]
    lines = [
        f"Job {job.job_id} is {job.status}: {what}.",
        "",
        "No execution has failed. What is there is written; this says why the rest is not:",
        "",
        *(f"    {command}" for command in dict.fromkeys(looks)),
        "",
        "These print what to do about it:",
        "",
        *(f"    {command}" for command in dict.fromkeys(cures)),
    ]
    counts = {name: value for name, value in job.stats.items() if is_count(value)}
    facts: dict[str, object] = {
        "outcome": "DATA",
        "job": job.job_id,
        "status": job.status,
        "revision": job.revision,
        **counts,
    }
    return message_of(f"{stack}: job {job.job_id} {job.status}, {what}", lines, facts)


def _count(stats: Mapping[str, Any], name: str) -> int:
    value = stats.get(name)
    return value if is_count(value) else 0

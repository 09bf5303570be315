"""The message about a settled job whose data need a person: rejects, records missing, images left.

No execution has failed then, so nothing else names the job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from functions.aws.batch_jobs import BatchJobs
from functions.domain.counts import LoadCounts, is_count
from functions.domain.hints import job_command
from functions.record_outcome.announcements import Announcements, about_job
from functions.record_outcome.message import Message, message_of


class SettledJob(BaseModel):
    """`detail` of "Batch Ingest Job Status Change"."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    job_id: str = Field(alias="jobId")
    status: str
    revision: int
    stats: dict[str, Any] = Field(alias="resultStats")


@dataclass(frozen=True)
class TroubleTeller:
    """Publishes it once a status.

    Attributes:
        jobs: Those of this stack; other stacks of the account announce theirs on the same bus.
        reject_percent: Share of rejects that is worth a message.
    """

    jobs: BatchJobs
    announcements: Announcements
    publish: Callable[[Message], None]
    stack: str
    reject_percent: int

    def tell(self, job: SettledJob) -> bool:
        """Publish the message, if there is anything to say; whether there was."""
        troubles = find_troubles(job.stats, reject_percent=self.reject_percent)
        if not troubles or not self.jobs.is_on_record(job.job_id):
            return False
        message = trouble_message(job, troubles, stack=self.stack)
        self.announcements.once(about_job(job.job_id, job.revision), lambda: self.publish(message))
        return True


def find_troubles(stats: Mapping[str, Any], *, reject_percent: int) -> dict[str, str]:
    """What is wrong, each with the word of the command that shows more of it.

    Args:
        stats: `resultStats`.
        reject_percent: Rejects up to this share of the records, padding aside, are no trouble.
    """
    loads = LoadCounts.from_dict(stats)
    found = {}
    if 100 * loads.failure > reject_percent * loads.unpadded:
        found[f"{loads.failure} of {loads.unpadded} records rejected"] = "rejects"
    if missing := _count(stats, "missingCount"):
        found[f"{missing} records missing"] = "inspect"
    if left := _count(stats, "imagesLeft"):
        found[f"{left} images left where they are"] = "inspect"
    return found


def trouble_message(job: SettledJob, troubles: Mapping[str, str], *, stack: str) -> Message:
    """Say what is wrong with a job's data, and where to look."""
    what = ", ".join(troubles)
    commands = {job_command(words, job_id=job.job_id): None for words in troubles.values()}
    lines = [
        f"Job {job.job_id} is {job.status}: {what}.",
        "",
        "No execution has failed. What is there is written; this says why the rest is not:",
        "",
        *(f"    {command}" for command in commands),
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

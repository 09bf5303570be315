"""Open jobs of the batch-jobs table: settles those whose end at Bedrock sent no event."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from functions.aws.batch_jobs import BatchJobs
from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.job_notes import JobNotes
from functions.aws.runtime.deadline import Deadline
from functions.aws.search_cursors import Cursor
from functions.aws.settlement import JobSettler
from functions.aws.unclaimed import claims_that_count
from functions.domain.bedrock_jobs import JobEnd
from functions.domain.claims import ClaimState
from functions.domain.jobs import JobKey

MAX_PAGES: Final = 100
"""Of some hundred records: an imported table may keep the jobs of years."""
MAX_JOBS: Final = 200
"""Looked at in one run, but for those of its last page: each costs several calls."""


@dataclass(frozen=True)
class OpenJob:
    """A record whose status is not final.

    Attributes:
        is_unannounced: A change of its status is still to be announced.
    """

    job_id: str
    key: JobKey
    is_unannounced: bool


@dataclass(frozen=True)
class OpenJobs:
    """Reads the batch-jobs table, up to a bound a run."""

    jobs: BatchJobs
    settler: JobSettler
    bedrock: BedrockJobs
    now: datetime

    def read(self, cursor: Cursor, *, until: Deadline) -> tuple[list[OpenJob], Cursor]:
        """The open jobs from a cursor on, and the cursor of the next run."""
        found: list[OpenJob] = []
        after = cursor.after
        for _ in range(MAX_PAGES):
            page, after = self.jobs.open_records(after)
            found += [OpenJob(*record) for record in page]
            if after is None or len(found) >= MAX_JOBS or until.has_passed:
                break
        return found, replace(cursor, after=after)

    def is_to_settle(self, job: OpenJob) -> bool:
        """Whether no event will settle an open job; stores how it ended at Bedrock."""
        if job.is_unannounced:
            return True
        states = {each.state for each in claims_that_count(self.settler.ledger, job.job_id)}
        if states - {ClaimState.DONE}:
            return False
        return bool(states) or self._end(job.job_id) is not None

    def _end(self, job_id: str) -> JobEnd | None:
        notes = JobNotes(self.settler.ledger)
        if (known := notes.end(job_id)) is not None:
            return known
        asked = self.bedrock.get(job_id, now=self.now)
        if asked is None or asked.end is None:
            return None
        if asked.folder is not None:
            notes.note_folder(job_id, asked.folder)
        notes.note_end(job_id, asked.end)
        return asked.end

"""The first plan of an object, and the beginning of its job."""

from collections.abc import Callable
from dataclasses import dataclass

from functions.aws.attempts import SUCCESSION_SECONDS
from functions.aws.ledger import Ledger
from functions.aws.plans import RangePlanner
from functions.aws.settlement import JobSettler
from functions.domain.ledger_rows import object_partition
from functions.domain.payloads.ingest import Ingest
from functions.domain.ranges import Range


@dataclass(frozen=True)
class Planning:
    """Plans an object as long as the execution has its claim.

    Attributes:
        now: Epoch seconds.
    """

    ledger: Ledger
    planner: RangePlanner
    settler: JobSettler
    now: Callable[[], float]
    sleep: Callable[[float], None]

    def plan(self, ingest: Ingest) -> Ingest:
        """Write the plan, say in the claim how many ranges it has, and mark the job."""
        job_id, key = ingest.job.job_id, ingest.object.key
        if self.ledger.owns(ingest.execution, job_id, key) is None:
            return ingest.but(superseded=True)
        spans = [Range(0, ingest.object.size)] if ingest.object.size else []
        plan = self.planner.plan(ingest, spans, round_=0)
        if not self.ledger.note_ranges(ingest.execution, job_id, key, ranges=plan.items):
            return ingest.but(superseded=True)
        self.settler.settle(job_id, ingest.job.key)
        self._outwait_those_before(ingest)
        return ingest.but(plan=plan)

    def _outwait_those_before(self, ingest: Ingest) -> None:
        """Wait until no worker of an earlier claim can be writing any more.

        Each finds out within a second that the claim is gone. What it sent until then would
        otherwise land on what this execution writes of newer content.
        """
        job_id, key = ingest.job.job_id, ingest.object.key
        ends = (
            self.ledger.attempts_end_by(object_partition(job_id, key, earlier))
            for earlier in range(1, ingest.claim.generation)
        )
        at_work = max(ends, default=0) - self.now()
        if at_work > 0:
            self.sleep(min(at_work, SUCCESSION_SECONDS))

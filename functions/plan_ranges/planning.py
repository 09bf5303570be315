"""The first plan of an object, and the beginning of its job."""

from collections.abc import Callable
from dataclasses import dataclass

from functions.aws.earlier_work import EarlierWork, earlier_work
from functions.aws.ledger import Ledger
from functions.aws.plans import RangePlanner
from functions.aws.settlement import JobSettler
from functions.aws.writing.attempts import SUCCESSION_SECONDS
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
        claim = self.ledger.owns(ingest.execution, job_id, key)
        if claim is None:
            return ingest.but(superseded=True)
        spans = [Range(0, ingest.object.size)] if ingest.object.size else []
        plan = self.planner.plan(ingest, spans, round_=0)
        if not self.ledger.note_ranges(ingest.execution, job_id, claim, ranges=plan.items):
            return ingest.but(superseded=True)
        earlier = earlier_work(self.ledger, job_id, claim)
        # The attempts expire: what they say of replaced content is kept in the claim.
        if not earlier.written <= claim.written and not self.ledger.note_written(
            ingest.execution, job_id, key, etags=earlier.written
        ):
            return ingest.but(superseded=True)
        self.settler.settle(job_id, ingest.job.key)
        self._wait_for_earlier_claims(earlier)
        return ingest.but(plan=plan)

    def _wait_for_earlier_claims(self, earlier: EarlierWork) -> None:
        """Wait until no worker of an earlier claim can be writing any more.

        Each finds out within a second that the claim is gone. What it sent until then would
        otherwise land on what this execution writes of newer content.
        """
        at_work = earlier.ends_by - self.now()
        if at_work > 0:
            self.sleep(min(at_work, SUCCESSION_SECONDS))

"""The first plan of an object, and the beginning of its job."""

from dataclasses import dataclass

from functions.aws.ledger import Ledger
from functions.aws.plans import RangePlanner
from functions.aws.settlement import JobSettler
from functions.domain.payloads.ingest import Ingest
from functions.domain.ranges import Range


@dataclass(frozen=True)
class Planning:
    """Plans an object as long as the execution has its claim."""

    ledger: Ledger
    planner: RangePlanner
    settler: JobSettler

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
        return ingest.but(plan=plan)

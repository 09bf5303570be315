"""The first plan of an object, and the beginning of its job."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from functions.aws.earlier_work import EarlierWork, earlier_work
from functions.aws.ledger import Ledger
from functions.aws.objects import PinnedObject
from functions.aws.plans import RangePlanner
from functions.aws.settlement import JobSettler
from functions.aws.writing.attempts import SUCCESSION_SECONDS
from functions.domain.claims import FIRST_GENERATION, ClaimState
from functions.domain.errors import ResultsObjectChanged, ResultsObjectMissing
from functions.domain.ledger_rows import object_partition
from functions.domain.load_plan import SAMPLE_BYTES, UNKNOWN_LINE_BYTES, mean_line_bytes
from functions.domain.payloads.ingest import Ingest
from functions.domain.ranges import Range


@dataclass(frozen=True)
class Planning:
    """Plans an object as long as the execution has its claim.

    Attributes:
        source: The object.
        now: Epoch seconds.
    """

    source: PinnedObject
    ledger: Ledger
    planner: RangePlanner
    settler: JobSettler
    now: Callable[[], float]
    sleep: Callable[[float], None]

    def plan(self, ingest: Ingest) -> Ingest:
        """Write the plan, say in the claim how many ranges it has, and mark the job."""
        job_id = ingest.job.job_id
        claim = self.ledger.owns(ingest.execution, job_id, ingest.object.key)
        if claim is None:
            return ingest.but(superseded=True)
        plan = self.planner.plan(
            ingest,
            [Range(0, ingest.object.size)] if ingest.object.size else [],
            round_=0,
            line_bytes=self._line_bytes(),
            conditional=self._is_conditional(ingest),
        )
        if not self.ledger.note_ranges(ingest.execution, job_id, claim, ranges=plan.items):
            return ingest.but(superseded=True)
        earlier = earlier_work(self.ledger, job_id, claim)
        # The attempts expire: what they say of replaced content is kept in the claim.
        if not self.ledger.note_written(ingest.execution, job_id, claim, etags=earlier.written):
            return ingest.but(superseded=True)
        if ingest.job.root is not None:
            # Before anything is written: from now on the workers of the root replace nothing.
            self.ledger.note_retry(ingest.job.root_id, job_id)
        self.settler.settle(job_id, ingest.job.key)
        self._wait_for_other_claims(ingest, earlier)
        return ingest.but(plan=plan)

    def _line_bytes(self) -> float:
        """Learn the mean length of the lines from the object's beginning.

        An object that is gone or replaced is the workers' to report: by the state LoadRanges.
        """
        try:
            sample = self.source.head(SAMPLE_BYTES)
        except (ResultsObjectChanged, ResultsObjectMissing):
            return UNKNOWN_LINE_BYTES
        return mean_line_bytes(sample, object_bytes=self.source.size)

    def _is_conditional(self, ingest: Ingest) -> bool:
        """Whether the workers will find that they may replace nothing."""
        again = ingest.claim.generation > FIRST_GENERATION or ingest.job.root is not None
        return again or not self.ledger.is_only_key(ingest.job.job_id, ingest.object.key)

    def _wait_for_other_claims(self, ingest: Ingest, earlier: EarlierWork) -> None:
        """Wait until no worker of another claim can be writing as it did before this one.

        A worker of an earlier claim of the key finds out within a second that it has lost it. A
        worker of another key of the job finds out as fast that it may replace nothing any more.
        What either sent until then would otherwise land on what this execution writes, or on what
        a person makes of it. A worker that begins later sees this claim at once.
        """
        end = earlier.ends_by
        for partition in self._of_other_keys(ingest):
            if end - self.now() >= SUCCESSION_SECONDS:
                break
            end = max(end, self.ledger.attempts_end_by(partition) or 0)
        if (at_work := end - self.now()) > 0:
            self.sleep(min(at_work, SUCCESSION_SECONDS))

    def _of_other_keys(self, ingest: Ingest) -> Iterator[str]:
        """Where the attempts of other keys are that may be writing without a condition."""
        for job_id in {ingest.job.job_id, ingest.job.root_id}:
            for claim in self.ledger.claims(job_id):
                if claim.key != ingest.object.key and claim.state is not ClaimState.DONE:
                    yield object_partition(job_id, claim.key, FIRST_GENERATION)

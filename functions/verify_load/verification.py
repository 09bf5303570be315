"""Compares the ledger's segments with the object."""

from dataclasses import dataclass
from typing import Final

from functions.aws.earlier_work import earlier_work
from functions.aws.ledger import Ledger
from functions.aws.plans import ChunkPlanner, RangePlanner
from functions.domain.claims import Claim
from functions.domain.counts import LoadCounts, sum_loads
from functions.domain.images import plan_chunks
from functions.domain.load_plan import UNKNOWN_LINE_BYTES
from functions.domain.payloads.ingest import MAX_ROUNDS, Ingest, Proof, Verdict
from functions.domain.segments import Coverage, cover
from functions.verify_load.settings import VerifySettings

MIN_REJECTS: Final = 20
"""Fewer rejects than this never stop an execution, whatever their share."""


@dataclass(frozen=True)
class LoadVerification:
    """Decides from the ledger alone whether an object is loaded."""

    ledger: Ledger
    ranges: RangePlanner
    chunks: ChunkPlanner
    settings: VerifySettings

    def verify(self, ingest: Ingest) -> Ingest:
        """Look for the chain; plan its images, or the missing spans."""
        round_ = ingest.load.round if ingest.load else 0
        claim = self.ledger.owns(ingest.execution, ingest.job.job_id, ingest.object.key)
        if claim is None:
            return self._superseded(ingest, round_)
        segments = self.ledger.segments(ingest.ledger_partition)
        coverage = cover(segments, ingest.object.size)
        if coverage.missing:
            return self._missing(ingest, coverage, round_)
        counts = sum_loads(segment.counts for segment in coverage.chain)
        if not self._note(ingest, claim, counts):
            return self._superseded(ingest, round_)
        return self._complete(ingest, coverage, counts, round_)

    def _superseded(self, ingest: Ingest, round_: int) -> Ingest:
        return ingest.but(load=Proof(verdict=Verdict.SUPERSEDED, round=round_))

    def _note(self, ingest: Ingest, claim: Claim, counts: LoadCounts) -> bool:
        """Keep in the claim what was counted, for an execution that fails later; False without it.

        Workers of earlier generations have ended by now: what these have written is kept, too.
        """
        execution, job_id = ingest.execution, ingest.job.job_id
        written = earlier_work(self.ledger, job_id, claim).written
        if counts.success:
            written |= {claim.etag}
        return self.ledger.note_written(
            execution, job_id, claim, etags=written
        ) and self.ledger.note_load(execution, job_id, claim.key, stats=counts.as_dict())

    def _missing(self, ingest: Ingest, coverage: Coverage, round_: int) -> Ingest:
        if round_ >= MAX_ROUNDS:
            return ingest.but(load=Proof(verdict=Verdict.INCOMPLETE, round=round_))
        again = round_ + 1
        return ingest.but(
            plan=self.ranges.plan(
                ingest,
                coverage.missing,
                round_=again,
                line_bytes=(ingest.plan and ingest.plan.line_bytes) or UNKNOWN_LINE_BYTES,
                conditional=True,
            ),
            load=Proof(verdict=Verdict.MISSING, round=again),
        )

    def _complete(
        self, ingest: Ingest, coverage: Coverage, counts: LoadCounts, round_: int
    ) -> Ingest:
        too_many = not ingest.accept_rejects and self._too_many(counts)
        proof = Proof(
            verdict=Verdict.COMPLETE,
            round=round_,
            counts=counts.as_dict(),
            too_many_rejects=too_many,
        )
        if too_many:
            return ingest.but(load=proof)
        chunks = plan_chunks(coverage.chain, images_per_chunk=self.settings.images_per_chunk)
        return ingest.but(load=proof, migration_plan=self.chunks.plan(ingest, chunks))

    def _too_many(self, counts: LoadCounts) -> bool:
        if counts.failure < MIN_REJECTS:
            return False
        return counts.failure * 100 > self.settings.reject_percent_limit * counts.unpadded

"""Holds the ledger's segments against the object."""

from dataclasses import dataclass
from typing import Final

from functions.aws.ledger import Ledger
from functions.aws.plans import ChunkPlanner, RangePlanner
from functions.domain.counts import LoadCounts, sum_loads
from functions.domain.images import plan_chunks
from functions.domain.payloads.ingest import MAX_ROUNDS, Ingest, Proof, Verdict
from functions.domain.segments import Coverage, cover
from functions.verify_load.settings import VerifySettings

MIN_REJECTS: Final = 20
"""Fewer rejects than this never stop an execution, whatever their share."""


@dataclass(frozen=True)
class LoadVerification:
    """Decides whether an object is loaded; trusts nothing but the ledger."""

    ledger: Ledger
    ranges: RangePlanner
    chunks: ChunkPlanner
    settings: VerifySettings

    def verify(self, ingest: Ingest) -> Ingest:
        """Look for the chain; plan the images behind it, or what it lacks."""
        round_ = ingest.load.round if ingest.load else 0
        if self.ledger.owns(ingest.execution, ingest.job.job_id, ingest.object.key) is None:
            return ingest.but(load=Proof(verdict=Verdict.SUPERSEDED, round=round_))
        segments = self.ledger.segments(ingest.ledger_partition)
        coverage = cover(segments, ingest.object.size)
        if coverage.missing:
            return self._missing(ingest, coverage, round_)
        return self._complete(ingest, coverage, round_)

    def _missing(self, ingest: Ingest, coverage: Coverage, round_: int) -> Ingest:
        if round_ >= MAX_ROUNDS:
            return ingest.but(load=Proof(verdict=Verdict.INCOMPLETE, round=round_))
        again = round_ + 1
        return ingest.but(
            plan=self.ranges.plan(ingest, coverage.missing, round_=again),
            load=Proof(verdict=Verdict.MISSING, round=again),
        )

    def _complete(self, ingest: Ingest, coverage: Coverage, round_: int) -> Ingest:
        counts = sum_loads(segment.counts for segment in coverage.chain)
        too_many = self._too_many(counts)
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

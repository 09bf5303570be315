"""Compares the ledger's chunks with the plan."""

from dataclasses import dataclass

from functions.aws.ledger import Ledger
from functions.aws.plans import ChunkPlanner
from functions.domain.counts import sum_images
from functions.domain.payloads.ingest import MAX_ROUNDS, Ingest, Proof, Verdict


@dataclass(frozen=True)
class MigrationVerification:
    """Decides whether all images of an object were processed."""

    ledger: Ledger
    chunks: ChunkPlanner

    def verify(self, ingest: Ingest) -> Ingest:
        """Look for every chunk; plan those that are missing."""
        round_ = ingest.migration.round if ingest.migration else 0
        if self.ledger.owns(ingest.execution, ingest.job.job_id, ingest.object.key) is None:
            return ingest.but(migration=Proof(verdict=Verdict.SUPERSEDED, round=round_))
        done = self.ledger.chunks(ingest.ledger_partition)
        missing = self.chunks.plan_missing(ingest, done, round_=round_ + 1)
        if not missing.items:
            counts = sum_images(done.values()).as_dict()
            proof = Proof(verdict=Verdict.COMPLETE, round=round_, counts=counts)
            return ingest.but(migration=proof)
        if round_ >= MAX_ROUNDS:
            return ingest.but(migration=Proof(verdict=Verdict.INCOMPLETE, round=round_))
        return ingest.but(
            migration_plan=missing, migration=Proof(verdict=Verdict.MISSING, round=round_ + 1)
        )

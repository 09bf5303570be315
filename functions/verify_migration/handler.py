"""The Lambda function behind the state VerifyMigration."""

from typing import Any

from functions.aws import wiring
from functions.aws.plans import ChunkPlanner
from functions.aws.runtime.telemetry import telemetry
from functions.domain.counts import ImageCounts
from functions.domain.events import Event, Metric
from functions.domain.payloads.ingest import Ingest, Verdict
from functions.verify_migration.settings import VerifyMigrationSettings
from functions.verify_migration.verification import MigrationVerification


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Verify a migration; `Ingest` in, `Ingest` with `migration` out."""
    settings = VerifyMigrationSettings.read()
    ingest = Ingest.read(event)
    with telemetry().invocation(execution=ingest.execution, job=ingest.job) as log:
        planner = ChunkPlanner(wiring.work_files(settings), settings.migrate_concurrency)
        verified = MigrationVerification(wiring.ledger(settings), planner).verify(ingest)
        proof = verified.migration
        if proof is not None and proof.verdict is Verdict.COMPLETE:
            counts = ImageCounts.from_dict(proof.counts)
            log.info(Event.MIGRATION_VERIFIED, round=proof.round, counts=proof.counts)
            log.count(Metric.IMAGES_MIGRATED, counts.migrated)
            log.count(Metric.IMAGES_LEFT, sum(counts.left.values()))
        elif proof is not None:
            log.warn(Event.MIGRATION_INCOMPLETE, verdict=proof.verdict, round=proof.round)
        return verified.as_json()

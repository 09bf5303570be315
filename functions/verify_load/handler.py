"""The Lambda function behind the state VerifyLoad."""

from typing import Any

from functions.aws import wiring
from functions.aws.plans import ChunkPlanner, RangePlanner
from functions.aws.runtime.telemetry import MetricUnit, Telemetry, telemetry
from functions.domain.counts import LoadCounts
from functions.domain.events import Event, Metric
from functions.domain.payloads.ingest import Ingest, Proof, Verdict
from functions.verify_load.settings import VerifySettings
from functions.verify_load.verification import LoadVerification


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Verify a load; `Ingest` in, `Ingest` with `load` and what to do next out."""
    settings = VerifySettings.read()
    ingest = Ingest.read(event)
    with telemetry().invocation(execution=ingest.execution, job=ingest.job) as log:
        files = wiring.work_files(settings)
        verification = LoadVerification(
            wiring.ledger(settings),
            RangePlanner(files, settings),
            ChunkPlanner(files, settings.migrate_concurrency),
            settings,
        )
        verified = verification.verify(ingest)
        if verified.load is not None:
            _report(log, verified.load)
        return verified.as_json()


def _report(log: Telemetry, proof: Proof) -> None:
    if proof.verdict is not Verdict.COMPLETE:
        log.warn(Event.LOAD_INCOMPLETE, verdict=proof.verdict, round=proof.round)
        return
    counts = LoadCounts.from_dict(proof.counts)
    log.info(Event.LOAD_VERIFIED, round=proof.round, counts=proof.counts)
    log.count(Metric.RECORDS_LOADED, counts.success)
    log.count(Metric.RECORDS_REJECTED, counts.failure)
    log.count(Metric.DUPLICATE_RECORDS, counts.duplicate)
    if counts.unpadded:
        percent = 100 * counts.failure / counts.unpadded
        log.count(Metric.REJECT_PERCENT, percent, MetricUnit.Percent)

"""The Lambda function behind the state SettleJob."""

from typing import Any

from functions.aws import wiring
from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.runtime import clients
from functions.aws.runtime.settings import SettleSettings
from functions.aws.runtime.telemetry import telemetry
from functions.aws.settlement_wiring import job_settler
from functions.domain.events import Event
from functions.domain.payloads.settle_work import SettleWork
from functions.settle_job.settling import Settling


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Settle a job after one of its objects, or because its manifest arrived.

    Returns:
        `Settled`, as JSON.
    """
    settings = SettleSettings.read()
    work = SettleWork.read(event)
    with telemetry().invocation(execution=work.execution, job=work.job) as log:
        settling = Settling(
            wiring.ledger(settings),
            job_settler(settings),
            BedrockJobs(clients.bedrock, settings.bucket_name),
            wiring.now,
        )
        settled = settling.settle(work)
        if settled.superseded:
            log.warn(Event.CLAIM_LOST)
        return settled.as_json()

"""The Lambda function behind the state ResolveJob."""

from typing import Any

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.runtime.settings import Settings
from functions.aws.runtime.telemetry import telemetry
from functions.domain.events import Event
from functions.domain.inputs import read_event
from functions.resolve_job.arrivals import Resolver


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Resolve an event.

    Args:
        event: `{"execution": ARN, "event": what S3 or Bedrock sent}`.

    Returns:
        `Arrived`, as JSON.
    """
    settings = Settings.read()
    with telemetry().invocation(execution=event["execution"]) as log:
        resolver = Resolver(
            wiring.batch_jobs(settings), clients.s3(), settings.bucket_name, wiring.now
        )
        arrived = resolver.resolve(read_event(event["event"]), execution=event["execution"])
        if arrived.job is None:
            log.info(Event.OBJECT_IGNORED, reason=arrived.reason)
        else:
            log.info(
                Event.JOB_RESOLVED,
                arrival=arrived.arrival,
                jobId=arrived.job.job_id,
                intentId=arrived.job.intent_id,
                traceId=arrived.job.trace_id,
            )
        return arrived.as_json()

"""The Lambda function that the rules on ends of executions and on settled jobs start."""

from typing import Any

from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import telemetry
from functions.domain.executions import StatusChange
from functions.domain.status_events import DETAIL_TYPE
from functions.record_outcome.parts import recorder_of, teller_of
from functions.record_outcome.settings import OutcomeSettings
from functions.record_outcome.troubles import SettledJob


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record the outcome of an execution, or say what is wrong with the data of a settled job.

    Args:
        event: "Step Functions Execution Status Change" of this state machine, or "Batch Ingest Job
            Status Change".
        context: Lambda's; its request id stays the same when Lambda tries it again.

    Returns:
        `{"outcome": failed | redriven | recovered | announced | nothing}`.
    """
    settings = OutcomeSettings.read()
    if event.get("detail-type") == DETAIL_TYPE:
        job = SettledJob.model_validate(event["detail"])
        with telemetry().invocation(execution=context.aws_request_id, jobId=job.job_id) as log:
            announced = teller_of(settings, context, log).tell(job)
            return {"outcome": "announced" if announced else "nothing"}
    change = StatusChange.model_validate(event["detail"])
    with telemetry().invocation(execution=change.execution) as log:
        return {"outcome": recorder_of(settings, context, log).record(change).value}

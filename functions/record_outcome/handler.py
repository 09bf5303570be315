"""The Lambda function that the execution-status rule starts."""

from typing import Any

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import telemetry
from functions.domain.executions import StatusChange
from functions.record_outcome.announcements import Announcements
from functions.record_outcome.marking import OutcomeMarker
from functions.record_outcome.recorder import OutcomeRecorder
from functions.record_outcome.settings import OutcomeSettings


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record the outcome of an execution.

    Args:
        event: "Step Functions Execution Status Change" of this state machine.
        context: Lambda's; its request id stays the same when Lambda tries it again.

    Returns:
        `{"outcome": failed | redriven | recovered | nothing}`.
    """
    settings = OutcomeSettings.read()
    change = StatusChange.model_validate(event["detail"])
    with telemetry().invocation(execution=change.execution) as log:
        recorder = OutcomeRecorder(
            step_functions=clients.step_functions(),
            sns=clients.sns(),
            topic=settings.alarm_topic_arn,
            stack=settings.stack_name,
            marker=OutcomeMarker(wiring.job_settler(settings), wiring.now),
            announcements=Announcements(
                clients.dynamodb(),
                settings.ledger_table,
                caller=context.aws_request_id,
                now=wiring.now,
            ),
            log=log,
        )
        return {"outcome": recorder.record(change).value}

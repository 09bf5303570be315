"""The Lambda function that the execution-status rule starts."""

from typing import Any

from functions.aws import clients, wiring
from functions.aws.settings import OutcomeSettings
from functions.aws.telemetry import telemetry
from functions.record_outcome.recorder import OutcomeRecorder
from functions.record_outcome.status_change import StatusChange


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Record what became of an execution.

    Args:
        event: "Step Functions Execution Status Change" of this state machine.

    Returns:
        `{"outcome": failed | redriven | recovered | nothing}`.
    """
    settings = OutcomeSettings.read()
    change = StatusChange.model_validate(event["detail"])
    with telemetry().invocation(execution=change.execution) as say:
        recorder = OutcomeRecorder(
            step_functions=clients.step_functions(),
            sns=clients.sns(),
            topic=settings.alarm_topic_arn,
            stack=settings.stack_name,
            settler=wiring.job_settler(settings),
            say=say,
            now=wiring.now,
        )
        return {"outcome": recorder.record(change).value}

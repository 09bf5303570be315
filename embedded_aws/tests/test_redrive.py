"""RedriveExecution.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
redrive-executions.html, redrive-map-run.html, input-output-contextobject.html; and of its API
reference: API_RedriveExecution.html, API_DescribeExecution.html.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import Aws, Invoke, allow, eventually, only, refused, unique
from embedded_aws.tests.operations import assumed, heard, hears


def _entered(events: list[dict[str, Any]]) -> list[str]:
    return [
        event["stateEnteredEventDetails"]["name"]
        for event in events
        if "stateEnteredEventDetails" in event
    ]


def _scheduled(events: list[dict[str, Any]]) -> int:
    return sum(event["type"] == "TaskScheduled" for event in events)


def test_continues_at_the_state_that_was_entered_and_not_exited(
    aws: Aws, invoke: Invoke, switch: Path
) -> None:
    """redrive-executions.html: the failed execution continues from the unsuccessful step."""
    first = invoke({"id": "first"}, ResultPath=None, Next="Second")
    states = {"StartAt": "First", "States": {"First": first, "Second": invoke()}}
    failed = aws.run(aws.machine(states), {"unless": str(switch)})
    assert failed["error"] == "Refused"
    execution = failed["executionArn"]
    switch.touch()
    assert aws.redriven(execution)["status"] == "SUCCEEDED"
    events = aws.history(execution)
    assert _entered(events) == ["First", "Second"]
    assert _scheduled(events) == 3
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    redriven = next(event for event in events if event["type"] == "ExecutionRedriven")
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_describes_what_was_redriven_and_what_can_be(
    aws: Aws, invoke: Invoke, switch: Path
) -> None:
    """API_DescribeExecution.html: redriveCount, redriveDate, redriveStatus and its reason."""
    machine = aws.machine(only(invoke()))
    failed = aws.run(machine, {"unless": str(switch)})
    assert failed["redriveCount"] == 0
    assert failed["redriveStatus"] == "REDRIVABLE"
    assert not {"redriveDate", "redriveStatusReason", "output"} & set(failed)
    answer = aws.states.redrive_execution(executionArn=failed["executionArn"])
    again = aws.ended(failed["executionArn"])
    assert again["redriveCount"] == 1
    assert again["redriveDate"] == answer["redriveDate"]
    switch.touch()
    succeeded = aws.redriven(failed["executionArn"])
    assert succeeded["redriveCount"] == 2
    assert succeeded["redriveStatus"] == "NOT_REDRIVABLE"
    assert succeeded["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert "error" not in succeeded


def test_a_fail_state_is_entered_again_and_fails_again(aws: Aws) -> None:
    """redrive-executions.html, table of states: Fail "reenters the Fail state and fails again"."""
    verdict = {"Type": "Fail", "Error": "Rejected", "CausePath": "$.why"}
    execution = aws.run(aws.machine(only(verdict)), {"why": "too many"})["executionArn"]
    failed = aws.redriven(execution)
    ending = (failed["status"], failed["error"], failed["cause"])
    assert ending == ("FAILED", "Rejected", "too many")
    assert _entered(aws.history(execution)) == ["Only", "Only"]


def test_a_caught_error_has_exited_its_state(aws: Aws, invoke: Invoke) -> None:
    """redrive-map-run.html: a state is redriven if it has no Exited event."""
    definition = {
        "StartAt": "Try",
        "States": {
            "Try": invoke(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Verdict"}], Next="Done"),
            "Done": {"Type": "Succeed"},
            "Verdict": {"Type": "Fail", "Error": "Caught"},
        },
    }
    execution = aws.run(aws.machine(definition), {"raise": "Oops"})["executionArn"]
    assert aws.redriven(execution)["error"] == "Caught"
    events = aws.history(execution)
    assert _entered(events) == ["Try", "Verdict", "Verdict"]
    assert _scheduled(events) == 1


def test_uses_the_definition_and_the_input_of_the_original(
    aws: Aws, invoke: Invoke, switch: Path
) -> None:
    """redrive-executions.html: the same definition; start anew after an update."""
    machine = aws.machine(only(invoke()))
    execution = aws.run(machine, {"unless": str(switch), "id": "original"})["executionArn"]
    switch.touch()
    newer = {"StartAt": "New", "States": {"New": {"Type": "Pass", "End": True}}}
    aws.states.update_state_machine(stateMachineArn=machine, definition=json.dumps(newer))
    output = json.loads(aws.redriven(execution)["output"])
    assert output["Payload"]["id"] == "original"
    used = aws.states.describe_state_machine_for_execution(executionArn=execution)
    assert json.loads(used["definition"])["StartAt"] == "Only"


def test_retries_are_counted_from_zero_again(aws: Aws, invoke: Invoke) -> None:
    """redrive-executions.html: the retry attempt count of a rerun Task is reset to 0."""
    retry = [{"ErrorEquals": ["Flaky"], "MaxAttempts": 2, "IntervalSeconds": 1}]
    execution = aws.run(aws.machine(only(invoke(Retry=retry))), {"raise": "Flaky"})["executionArn"]
    assert _scheduled(aws.history(execution)) == 3
    aws.redriven(execution)
    assert _scheduled(aws.history(execution)) == 6


def test_the_context_object_tells_of_the_redrive(aws: Aws, invoke: Invoke) -> None:
    """input-output-contextobject.html: Execution.RedriveCount and Execution.RedriveTime."""
    message = "States.Format('{} {}', $$.Execution.RedriveCount, $$.Execution.Name)"
    machine = aws.machine(only(invoke({"raise": "Report", "message.$": message})))
    name = unique("execution")
    execution = aws.start(machine, name=name)
    assert json.loads(aws.ended(execution)["cause"])["errorMessage"] == f"0 {name}"
    assert json.loads(aws.redriven(execution)["cause"])["errorMessage"] == f"1 {name}"


def test_aborted_executions_are_redrivable(aws: Aws, invoke: Invoke, switch: Path) -> None:
    """redrive-executions.html: failed, aborted or timed out executions."""
    machine = aws.machine(only(invoke()))
    execution = aws.start(machine, {"until": str(switch), "id": "held"})
    eventually(lambda: "TaskStarted" in aws.event_types(execution), "the task starts")
    aws.states.stop_execution(executionArn=execution, error="Operator", cause="wrong day")
    stopped = aws.ended(execution)
    ending = (stopped["status"], stopped["error"], stopped["cause"])
    assert ending == ("ABORTED", "Operator", "wrong day")
    assert stopped["redriveStatus"] == "REDRIVABLE"
    assert aws.event_types(execution)[-2:] == ["TaskStateAborted", "ExecutionAborted"]
    switch.touch()
    assert aws.redriven(execution)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("status", ["SUCCEEDED", "RUNNING"])
def test_refuses_what_cannot_be_redriven(
    aws: Aws, invoke: Invoke, switch: Path, status: str
) -> None:
    """API_RedriveExecution.html: ExecutionNotRedrivable."""
    machine = aws.machine(only(invoke()))
    execution = aws.start(machine, {"until": str(switch)})
    if status == "SUCCEEDED":
        switch.touch()
        aws.ended(execution)
    error = refused(aws.states.redrive_execution, executionArn=execution)
    assert error["Code"] == "ExecutionNotRedrivable"
    assert error["Message"] == f"Execution is {status} and cannot be redriven"
    switch.touch()
    aws.ended(execution)


def test_a_client_token_makes_a_call_idempotent(aws: Aws, invoke: Invoke, switch: Path) -> None:
    """API_RedriveExecution.html, clientToken."""
    machine = aws.machine(only(invoke()))
    execution = aws.run(machine, {"unless": str(switch)})["executionArn"]
    first = aws.states.redrive_execution(executionArn=execution, clientToken="once")
    aws.ended(execution)
    again = aws.states.redrive_execution(executionArn=execution, clientToken="once")
    assert again["redriveDate"] == first["redriveDate"]
    assert aws.ended(execution)["redriveCount"] == 1


def test_the_caller_needs_the_permission(aws: Aws, invoke: Invoke) -> None:
    """redrive-executions.html, "IAM permission to redrive an execution"."""
    machine = aws.machine(only(invoke()))
    execution = aws.run(machine, {"raise": "Oops"})["executionArn"]
    with pytest.raises(ClientError, match="states:RedriveExecution"):
        assumed(aws).client("stepfunctions").redrive_execution(executionArn=execution)
    executions = f"{execution.rsplit(':', 1)[0]}:*"
    operator = assumed(aws, allow("states:RedriveExecution", executions)).client("stepfunctions")
    assert operator.redrive_execution(executionArn=execution)["redriveDate"]
    aws.ended(execution)


def test_the_status_change_event_tells_of_the_redrive(aws: Aws, invoke: Invoke) -> None:
    """eventbridge-integration.html: redriveCount, redriveDate, redriveStatus in the event."""
    machine = aws.machine(only(invoke()))
    url = hears(aws, {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}})
    execution = aws.run(machine, {"raise": "Oops", "message": "why"})["executionArn"]
    aws.redriven(execution)
    details = [heard(aws, url)["detail"] for _ in range(4)]
    told = sorted((each["redriveCount"], each["status"]) for each in details)
    assert told == [(0, "FAILED"), (0, "RUNNING"), (1, "FAILED"), (1, "RUNNING")]
    last = next(e for e in details if (e["redriveCount"], e["status"]) == (1, "FAILED"))
    assert last["redriveStatus"] == "REDRIVABLE"
    assert last["redriveDate"] > last["startDate"] > 10**12
    assert last["error"] == "Oops"
    assert json.loads(last["cause"])["errorMessage"] == "why"

"""What CreateStateMachine accepts, and what it refuses by name.

API reference (docs.aws.amazon.com/step-functions/latest/apireference/):
API_CreateStateMachine.html, API_UpdateStateMachine.html: InvalidDefinition. What AWS has
and the embedded one has not is refused in the same way, never ignored.
"""

import copy
import functools
import json
import operator
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import Aws, map_state, refused, result_writer, task, unique
from embedded_aws.tests.operations import create_stack

VALID: dict[str, Any] = {
    "Comment": "Each of what the emulator knows.",
    "StartAt": "Task",
    "TimeoutSeconds": 60,
    "States": {
        "Task": task(
            "f",
            {"id.$": "$.id"},
            Comment="A comment.",
            ResultSelector={"p.$": "$.Payload"},
            ResultPath="$.task",
            TimeoutSeconds=5,
            Retry=[
                {
                    "ErrorEquals": ["Flaky"],
                    "MaxAttempts": 1,
                    "MaxDelaySeconds": 3,
                    "JitterStrategy": "FULL",
                    "BackoffRate": 2.0,
                },
                {"ErrorEquals": ["States.ALL"]},
            ],
            Catch=[{"ErrorEquals": ["Fatal"], "ResultPath": "$.e", "Next": "Fail"}],
            Next="Map",
        ),
        "Map": map_state(
            {"Bucket": "b", "Key.$": "$.key"},
            {"Inside": {"Type": "Pass", "End": True}},
            ItemSelector={"item.$": "$$.Map.Item.Value"},
            MaxConcurrency=4,
            ToleratedFailurePercentage=0,
            Next="Choice",
            **result_writer("b", "p"),
        ),
        "Choice": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Wait"}],
            "Default": "Done",
        },
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Fail": {"Type": "Fail", "Error": "E", "CausePath": "States.Format('{}', $.e)"},
    },
}

REMOVED = object()
MAP, TASK = "States/Map", "States/Task"
INTEGRATION = "arn:aws:states:::"

NOT_EMULATED: list[tuple[str, Any, str]] = [
    ("QueryLanguage", "JSONata", "JSONata"),
    ("States/Done/Type", "Parallel", "Parallel"),
    ("States/Wait/Timestamp", "2026-01-01T00:00:00Z", "Timestamp"),
    (f"{MAP}/ItemProcessor/ProcessorConfig", {"Mode": "INLINE"}, "INLINE"),
    (f"{MAP}/ItemProcessor/ProcessorConfig/ExecutionType", "EXPRESS", "EXPRESS"),
    (f"{MAP}/ToleratedFailureCount", 1, "tolerated"),
    (f"{MAP}/ItemBatcher", {}, "ItemBatcher"),
    (f"{MAP}/ItemsPath", "$.x", "ItemsPath"),
    (f"{MAP}/ItemReader", REMOVED, "ItemReader"),
    (f"{MAP}/ItemReader/ReaderConfig", {"InputType": "CSV"}, "CSV"),
    (f"{MAP}/ItemReader/ReaderConfig/MaxItems", 1, "MaxItems"),
    (f"{MAP}/ItemReader/Resource", f"{INTEGRATION}s3:listObjectsV2", "listObjectsV2"),
    (f"{MAP}/ItemReader/Parameters/VersionId", "v", "VersionId"),
    (f"{MAP}/ResultWriter/WriterConfig", {}, "WriterConfig"),
    (f"{MAP}/Label", REMOVED, "Label"),
    (f"{MAP}/Retry", [], "Retry"),
    (f"{TASK}/Resource", f"{INTEGRATION}lambda:invoke.waitForTaskToken", "waitForTaskToken"),
    (f"{TASK}/Resource", "arn:aws:lambda:us-east-1:1:function:f", "function:f"),
    (f"{TASK}/Resource", f"{INTEGRATION}aws-sdk:s3:getObject", "aws-sdk"),
    (f"{TASK}/HeartbeatSeconds", 1, "HeartbeatSeconds"),
    (f"{TASK}/Credentials", {}, "Credentials"),
    (f"{TASK}/Assign", {}, "Assign"),
    (f"{TASK}/Parameters/Qualifier", "1", "Qualifier"),
    (f"{TASK}/InputPath", "$.a[*]", "[*]"),
    (f"{TASK}/ResultSelector/x.$", "States.UUID()", "States.UUID"),
]
"""A place in `VALID`, what is there instead, and what the refusal names."""

INVALID: list[tuple[str, Any]] = [
    ("States", REMOVED),
    ("StartAt", REMOVED),
    ("StartAt", "Nowhere"),
    ("States/Done/Type", REMOVED),
    ("States/Done/Type", "Done"),
]
"""What is not a definition at all; all other mistakes are the linters' to find."""


def _changed(place: str, value: Any) -> str:
    machine = copy.deepcopy(VALID)
    *path, last = place.split("/")
    target = functools.reduce(operator.getitem, path, machine)
    if value is REMOVED:
        del target[last]
    else:
        target[last] = value
    return json.dumps(machine)


def _refused(aws: Aws, definition: str) -> str:
    error = refused(
        aws.states.create_state_machine,
        name=unique("refused"),
        definition=definition,
        roleArn=aws.everything,
    )
    assert error["Code"] == "InvalidDefinition"
    return str(error["Message"])


def test_accepts_all_that_is_emulated(aws: Aws) -> None:
    """The subset that the other tests of this directory use."""
    assert aws.machine(VALID)


@pytest.mark.parametrize(("place", "value", "named"), NOT_EMULATED)
def test_refuses_by_name_what_is_not_emulated(aws: Aws, place: str, value: Any, named: str) -> None:
    """Nothing of a definition is ignored."""
    message = _refused(aws, _changed(place, value))
    assert "NOT_EMULATED" in message
    assert named in message
    assert " at /" in message


@pytest.mark.parametrize(("place", "value"), INVALID)
def test_refuses_what_aws_refuses(aws: Aws, place: str, value: Any) -> None:
    """API_CreateStateMachine.html: InvalidDefinition."""
    message = _refused(aws, _changed(place, value))
    assert message.startswith("Invalid State Machine Definition: '")


def test_refuses_what_is_not_json(aws: Aws) -> None:
    """API_CreateStateMachine.html: InvalidDefinition."""
    assert "INVALID_JSON_DESCRIPTION" in _refused(aws, "{")


def test_an_update_is_checked_too_and_changes_nothing(aws: Aws) -> None:
    """API_UpdateStateMachine.html: InvalidDefinition."""
    machine = aws.machine(VALID)
    with pytest.raises(aws.states.exceptions.InvalidDefinition):
        aws.states.update_state_machine(stateMachineArn=machine, definition="{}")
    described = aws.states.describe_state_machine(stateMachineArn=machine)
    assert json.loads(described["definition"]) == VALID


def test_a_template_is_checked_too(aws: Aws) -> None:
    """aws-resource-stepfunctions-statemachine.html (CloudFormation): the handler's error."""
    broken = _changed("States/Done/Type", "Parallel")
    properties = {"RoleArn": aws.everything, "DefinitionString": broken}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    failures = create_stack(aws, {"Machine": machine}).failures
    assert re.search("Machine: .*NOT_EMULATED.*Parallel", failures)


def test_express_machines_and_other_actions_are_refused(aws: Aws) -> None:
    """What the emulator has no faithful behaviour for is not half done."""
    with pytest.raises(aws.states.exceptions.StateMachineTypeNotSupported):
        aws.states.create_state_machine(
            name=unique("express"),
            definition=json.dumps(VALID),
            roleArn=aws.everything,
            type="EXPRESS",
        )
    with pytest.raises(ClientError, match="does not emulate Step Functions' CreateActivity"):
        aws.states.create_activity(name=unique("activity"))

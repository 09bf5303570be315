"""What CreateStateMachine accepts, and what it refuses by name.

API reference (docs.aws.amazon.com/step-functions/latest/apireference/):
API_CreateStateMachine.html, API_UpdateStateMachine.html: InvalidDefinition. What AWS has
and the embedded one has not is refused in the same way, never ignored.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import Aws, eventually, unique

VALID: dict[str, Any] = {
    "Comment": "Each of what the emulator knows.",
    "StartAt": "Task",
    "TimeoutSeconds": 60,
    "States": {
        "Task": {
            "Type": "Task",
            "Comment": "A comment.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Payload": {"id.$": "$.id"}},
            "ResultSelector": {"p.$": "$.Payload"},
            "ResultPath": "$.task",
            "TimeoutSeconds": 5,
            "Retry": [
                {
                    "ErrorEquals": ["Flaky"],
                    "MaxAttempts": 1,
                    "MaxDelaySeconds": 3,
                    "JitterStrategy": "FULL",
                    "BackoffRate": 2.0,
                },
                {"ErrorEquals": ["States.ALL"]},
            ],
            "Catch": [{"ErrorEquals": ["Fatal"], "ResultPath": "$.e", "Next": "Fail"}],
            "Next": "Map",
        },
        "Map": {
            "Type": "Map",
            "Label": "Items",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": "b", "Key.$": "$.key"},
            },
            "ItemSelector": {"item.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Inside",
                "States": {"Inside": {"Type": "Pass", "End": True}},
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "b", "Prefix.$": "$.prefix"},
            },
            "MaxConcurrency": 4,
            "ToleratedFailurePercentage": 0,
            "Next": "Choice",
        },
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

Change = Callable[[dict[str, Any]], Any]


def _states(change: Change) -> Change:
    return lambda machine: change(machine["States"])


NOT_EMULATED: dict[str, tuple[Change, str]] = {
    "JSONata": (lambda m: m.update(QueryLanguage="JSONata"), "JSONata"),
    "Parallel": (_states(lambda s: s["Done"].update(Type="Parallel")), "Parallel"),
    "inline Map": (
        _states(lambda s: s["Map"]["ItemProcessor"].update(ProcessorConfig={"Mode": "INLINE"})),
        "INLINE",
    ),
    "Express children": (
        _states(
            lambda s: s["Map"]["ItemProcessor"]["ProcessorConfig"].update(ExecutionType="EXPRESS")
        ),
        "EXPRESS",
    ),
    "tolerance": (_states(lambda s: s["Map"].update(ToleratedFailureCount=1)), "tolerated"),
    "ItemBatcher": (_states(lambda s: s["Map"].update(ItemBatcher={})), "ItemBatcher"),
    "ItemsPath": (_states(lambda s: s["Map"].update(ItemsPath="$.x")), "ItemsPath"),
    "no reader": (_states(lambda s: s["Map"].pop("ItemReader")), "ItemReader"),
    "CSV": (
        _states(lambda s: s["Map"]["ItemReader"].update(ReaderConfig={"InputType": "CSV"})),
        "CSV",
    ),
    "MaxItems": (
        _states(lambda s: s["Map"]["ItemReader"]["ReaderConfig"].update(MaxItems=1)),
        "MaxItems",
    ),
    "listObjectsV2": (
        _states(
            lambda s: s["Map"]["ItemReader"].update(Resource="arn:aws:states:::s3:listObjectsV2")
        ),
        "listObjectsV2",
    ),
    "VersionId": (
        _states(lambda s: s["Map"]["ItemReader"]["Parameters"].update(VersionId="v")),
        "VersionId",
    ),
    "WriterConfig": (
        _states(lambda s: s["Map"]["ResultWriter"].update(WriterConfig={})),
        "WriterConfig",
    ),
    "no Label": (_states(lambda s: s["Map"].pop("Label")), "Label"),
    "Retry of a Map": (_states(lambda s: s["Map"].update(Retry=[])), "Retry"),
    "callback": (
        _states(
            lambda s: s["Task"].update(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken")
        ),
        "waitForTaskToken",
    ),
    "function's ARN": (
        _states(lambda s: s["Task"].update(Resource="arn:aws:lambda:us-east-1:1:function:f")),
        "function:f",
    ),
    "SDK integration": (
        _states(lambda s: s["Task"].update(Resource="arn:aws:states:::aws-sdk:s3:getObject")),
        "aws-sdk",
    ),
    "Heartbeat": (_states(lambda s: s["Task"].update(HeartbeatSeconds=1)), "HeartbeatSeconds"),
    "Credentials": (_states(lambda s: s["Task"].update(Credentials={})), "Credentials"),
    "Assign": (_states(lambda s: s["Task"].update(Assign={})), "Assign"),
    "Qualifier": (_states(lambda s: s["Task"]["Parameters"].update(Qualifier="1")), "Qualifier"),
    "wildcard path": (_states(lambda s: s["Task"].update(InputPath="$.a[*]")), "[*]"),
    "intrinsic": (
        _states(lambda s: s["Task"]["ResultSelector"].update({"x.$": "States.UUID()"})),
        "States.UUID",
    ),
    "Timestamp": (
        _states(lambda s: s["Wait"].update(Timestamp="2026-01-01T00:00:00Z")),
        "Timestamp",
    ),
}

INVALID: dict[str, Change] = {
    "no States": lambda m: m.pop("States"),
    "no StartAt": lambda m: m.pop("StartAt"),
    "StartAt nowhere": lambda m: m.update(StartAt="Nowhere"),
    "no type": _states(lambda s: s["Done"].pop("Type")),
    "no such type": _states(lambda s: s["Done"].update(Type="Done")),
}
"""What is not a definition at all; all other mistakes are the linters' to find."""


def _changed(change: Change) -> dict[str, Any]:
    machine = copy.deepcopy(VALID)
    change(machine)
    return machine


def _refused(aws: Aws, role: str, definition: str) -> str:
    with pytest.raises(aws.states.exceptions.InvalidDefinition) as refused:
        aws.states.create_state_machine(name=unique("refused"), definition=definition, roleArn=role)
    return str(refused.value.response["Error"]["Message"])


def test_accepts_all_that_is_emulated(aws: Aws, role: str) -> None:
    """The subset that the other tests of this directory use."""
    assert aws.machine(VALID, role=role)


@pytest.mark.parametrize("what", NOT_EMULATED)
def test_refuses_by_name_what_is_not_emulated(aws: Aws, role: str, what: str) -> None:
    """Nothing of a definition is ignored."""
    change, named = NOT_EMULATED[what]
    message = _refused(aws, role, json.dumps(_changed(change)))
    assert "NOT_EMULATED" in message
    assert named in message
    assert " at /" in message


@pytest.mark.parametrize("what", INVALID)
def test_refuses_what_aws_refuses(aws: Aws, role: str, what: str) -> None:
    """API_CreateStateMachine.html: InvalidDefinition."""
    message = _refused(aws, role, json.dumps(_changed(INVALID[what])))
    assert message.startswith("Invalid State Machine Definition: '")


def test_refuses_what_is_not_json(aws: Aws, role: str) -> None:
    """API_CreateStateMachine.html: InvalidDefinition."""
    assert "INVALID_JSON_DESCRIPTION" in _refused(aws, role, "{")


def test_an_update_is_checked_too_and_changes_nothing(aws: Aws, role: str) -> None:
    """API_UpdateStateMachine.html: InvalidDefinition."""
    machine = aws.machine(VALID, role=role)
    with pytest.raises(aws.states.exceptions.InvalidDefinition):
        aws.states.update_state_machine(stateMachineArn=machine, definition="{}")
    described = aws.states.describe_state_machine(stateMachineArn=machine)
    assert json.loads(described["definition"]) == VALID


def test_a_template_is_checked_too(aws: Aws, role: str) -> None:
    """aws-resource-stepfunctions-statemachine.html (CloudFormation): the handler's error."""
    stacks = aws.endpoint.client("cloudformation")
    broken = _changed(NOT_EMULATED["Parallel"][0])
    template = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": role, "DefinitionString": json.dumps(broken)},
            }
        }
    }
    name = unique("stack")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def failed() -> str | None:
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        return next((reason for reason in reasons if "NOT_EMULATED" in reason), None)

    assert "Parallel" in eventually(failed, "the stack fails")


def test_express_machines_and_other_actions_are_refused(aws: Aws, role: str) -> None:
    """What the emulator has no faithful behaviour for is not half done."""
    with pytest.raises(aws.states.exceptions.StateMachineTypeNotSupported):
        aws.states.create_state_machine(
            name=unique("express"), definition=json.dumps(VALID), roleArn=role, type="EXPRESS"
        )
    with pytest.raises(ClientError, match="does not emulate Step Functions' CreateActivity"):
        aws.states.create_activity(name=unique("activity"))

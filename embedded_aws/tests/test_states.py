"""States, paths, intrinsic functions and direct DynamoDB tasks.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
state-choice.html, state-fail.html, state-wait.html, intrinsic-functions.html,
amazon-states-language-paths.html, input-output-resultpath.html, connect-ddb.html.
"""

import json
from typing import Any

import pytest

from embedded_aws.tests.conftest import Aws, only, unique
from embedded_aws.tests.operations import create_table


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    return create_table(aws)


def _choice(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "StartAt": "Which?",
        "States": {
            "Which?": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
            "Yes": {"Type": "Pass", "Result": "yes", "End": True},
            "No": {"Type": "Pass", "Result": "no", "End": True},
        },
    }


def _passing(**fields: Any) -> dict[str, Any]:
    return only({"Type": "Pass", "End": True, **fields})


DATA = {"s": "b", "n": 2, "yes": True, "null": None, "list": [7]}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({"Variable": "$.s", "StringEquals": "b"}, True),
        ({"Variable": "$.s", "StringLessThan": "b"}, False),
        ({"Variable": "$.n", "StringEquals": "2"}, False),
        ({"Variable": "$.n", "NumericGreaterThan": 1}, True),
        ({"Variable": "$.n", "NumericGreaterThanEqualsPath": "$.list[0]"}, False),
        ({"Variable": "$.yes", "NumericEquals": 1}, False),
        ({"Variable": "$.yes", "BooleanEquals": True}, True),
        ({"Variable": "$.absent", "IsPresent": False}, True),
        ({"Variable": "$.null", "IsPresent": True}, True),
        ({"Not": {"Variable": "$.s", "StringEquals": "b"}}, False),
        ({"And": [{"Variable": "$.yes", "BooleanEquals": True}]}, True),
        ({"Or": [{"Variable": "$.n", "NumericEquals": n} for n in (3, 2)]}, True),
    ],
)
def test_choice_rules(aws: Aws, rule: dict[str, Any], *, matches: bool) -> None:
    """state-choice.html: comparison operators; values of another type do not match."""
    output = json.loads(aws.run(aws.machine(_choice(rule)), DATA)["output"])
    assert output == ("yes" if matches else "no")


def test_a_choice_can_compare_with_the_context_object(aws: Aws) -> None:
    """state-choice.html, StringEqualsPath; input-output-contextobject.html."""
    rule = {"Variable": "$.owner", "StringEqualsPath": "$$.Execution.Id"}
    machine = aws.machine(_choice(rule))
    name = unique("owner")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    own = aws.start(machine, {"owner": arn}, name=name)
    assert json.loads(aws.ended(own)["output"]) == "yes"
    assert json.loads(aws.run(machine, {"owner": arn})["output"]) == "no"


def test_a_choice_without_its_variable_fails(aws: Aws) -> None:
    """concepts-error-handling.html: States.Runtime; state-choice.html: States.NoChoiceMatched."""
    definition = _choice({"Variable": "$.absent", "StringEquals": "b"})
    assert aws.run(aws.machine(definition))["error"] == "States.Runtime"
    definition = _choice({"Variable": "$.s", "StringEquals": "other"})
    del definition["States"]["Which?"]["Default"]
    del definition["States"]["No"]
    failed = aws.run(aws.machine(definition), DATA)
    assert failed["error"] == "States.NoChoiceMatched"


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("States.Format('{}/{}: {}', $.s, $.n, $.yes)", "b/2: true"),
        (r"States.Format('\{{}\} it\'s', $.n)", "{2} it's"),
    ],
)
def test_intrinsic_functions(aws: Aws, call: str, value: Any) -> None:
    """intrinsic-functions.html."""
    machine = aws.machine(_passing(Parameters={"value.$": call}))
    assert json.loads(aws.run(machine, DATA)["output"]) == {"value": value}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"Parameters": {"a.$": "$.absent"}}, "Runtime"),
        ({"InputPath": "$.absent"}, "Runtime"),
        ({"OutputPath": "$.absent"}, "Runtime"),
        ({"ResultPath": "$.n.b"}, "ResultPathMatchFailure"),
        ({"Parameters": {"a.$": "States.Format('{}', $.list)"}}, "IntrinsicFailure"),
        ({"Parameters": {"a.$": "States.Format('{}{}', $.s)"}}, "IntrinsicFailure"),
    ],
)
def test_what_cannot_be_selected_fails(aws: Aws, fields: dict[str, Any], error: str) -> None:
    """states-language.net, errors; concepts-error-handling.html; amazon-states-language-paths.html.

    So does a wrong argument of an intrinsic function.
    """
    assert aws.run(aws.machine(_passing(**fields)), DATA)["error"] == f"States.{error}"


def test_a_missing_parameter_quotes_the_input(aws: Aws) -> None:
    """Recorded: localstack, test_invalid_jsonpath (2025-01-02): the cause holds the whole input."""
    machine = aws.machine(_passing(Parameters={"a": {"b.$": "$.absent"}}))
    assert aws.run(machine, {"given": "é"})["cause"] == (
        "An error occurred while executing the state 'Only' (entered at the event id #2). The "
        "JSONPath '$.absent' specified for the field 'b.$' could not be found in the input "
        """'{"given":"é"}'"""
    )


def test_result_path_keeps_the_input(aws: Aws) -> None:
    """input-output-resultpath.html: add, replace, discard."""
    added = _passing(Result=1, ResultPath="$.new['deep er']")
    assert json.loads(aws.run(aws.machine(added), {"a": 0})["output"]) == {
        "a": 0,
        "new": {"deep er": 1},
    }
    discarded = _passing(Result=1, ResultPath=None)
    assert json.loads(aws.run(aws.machine(discarded), {"a": 0})["output"]) == {"a": 0}


def test_fail_takes_its_cause_from_a_path(aws: Aws) -> None:
    """state-fail.html: ErrorPath and CausePath, intrinsic functions too."""
    cause = "States.Format('{} of {}', $.n, $$.Execution.Name)"
    definition = only({"Type": "Fail", "ErrorPath": "$.error", "CausePath": cause})
    name = unique("execution")
    failed = aws.ended(aws.start(aws.machine(definition), {"error": "E", "n": 3}, name=name))
    assert (failed["error"], failed["cause"]) == ("E", f"3 of {name}")


def _claim(table: str) -> dict[str, Any]:
    return {
        "StartAt": "Claim",
        "States": {
            "Claim": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:updateItem",
                "Parameters": {
                    "TableName": table,
                    "Key": {"pk": {"S.$": "$.key"}},
                    "UpdateExpression": "SET #owner = :me, generation = :generation",
                    "ConditionExpression": "attribute_not_exists(pk) OR #owner = :me",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": {
                        ":me": {"S.$": "$$.Execution.Id"},
                        ":generation": {"N.$": "States.Format('{}', $.generation)"},
                    },
                },
                "ResultPath": None,
                "Catch": [
                    {
                        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                        "ResultPath": "$.refused",
                        "Next": "Read",
                    }
                ],
                "Next": "Done",
            },
            "Read": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {
                    "TableName": table,
                    "Key": {"pk": {"S.$": "$.key"}},
                    "ConsistentRead": True,
                },
                "ResultSelector": {
                    "owner.$": "$.Item.owner.S",
                    "generation.$": "$.Item.generation",
                },
                "ResultPath": "$.claim",
                "End": True,
            },
            "Done": {"Type": "Succeed"},
        },
    }


def test_direct_tasks_on_dynamodb(aws: Aws, table: str) -> None:
    """connect-ddb.html: updateItem with a condition, its exception caught, getItem."""
    machine = aws.machine(_claim(table))
    key = unique("key")
    first = aws.run(machine, {"key": key, "generation": 4})
    assert json.loads(first["output"]) == {"key": key, "generation": 4}
    second = json.loads(aws.run(machine, {"key": key, "generation": 5})["output"])
    assert second["refused"]["Error"] == "DynamoDB.ConditionalCheckFailedException"
    assert second["claim"] == {"owner": first["executionArn"], "generation": {"N": "4"}}
    scheduled = next(
        event for event in aws.history(first["executionArn"]) if event["type"] == "TaskScheduled"
    )["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"]) == ("dynamodb", "updateItem")


def test_direct_tasks_need_the_machines_role(aws: Aws, table: str) -> None:
    """dynamo-iam.html: the actions of the state machine's role."""
    machine = aws.machine(_claim(table), role=aws.everything_but("dynamodb:UpdateItem"))
    failed = aws.run(machine, {"key": "k", "generation": 1})
    assert failed["error"] == "DynamoDB.AmazonDynamoDBException"
    assert "dynamodb:UpdateItem" in failed["cause"]
    assert f":table/{table}" in failed["cause"]


def test_wait_waits(aws: Aws) -> None:
    """state-wait.html, Seconds (here scaled: a second is 10 ms)."""
    definition = only({"Type": "Wait", "Seconds": 20, "End": True})
    done = aws.run(aws.machine(definition))
    assert (done["stopDate"] - done["startDate"]).total_seconds() >= 0.199
    execution = aws.start(aws.machine(definition | {"TimeoutSeconds": 5}))
    aws.states.stop_execution(executionArn=execution)
    assert aws.ended(execution)["status"] == "ABORTED"

"""Answers of the Step Functions API, as they were recorded of AWS.

Recordings: github.com/localstack/localstack, tests/aws/services/stepfunctions, *.snapshot.json.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import PASS, Aws, only, refused, unique


@pytest.fixture(scope="module")
def machine(aws: Aws) -> str:
    return aws.machine(PASS)


@pytest.mark.parametrize(
    ("call", "argument", "kind"),
    [
        ("describe_execution", "executionArn", "execution"),
        ("get_execution_history", "executionArn", "execution"),
        ("list_map_runs", "executionArn", "execution"),
        ("redrive_execution", "executionArn", "execution"),
        ("describe_state_machine", "stateMachineArn", "stateMachine"),
        ("list_executions", "stateMachineArn", "stateMachine"),
        ("start_execution", "stateMachineArn", "stateMachine"),
    ],
)
def test_an_arn_that_is_none_is_not_one_that_names_nothing(
    aws: Aws, machine: str, call: str, argument: str, kind: str
) -> None:
    """test_describe_execution_invalid_arn and its like."""

    def code(arn: str) -> str:
        return str(refused(getattr(aws.states, call), **{argument: arn})["Code"])

    does_not_exist = f"{kind[0].upper()}{kind[1:]}DoesNotExist"
    assert code("nonsense") == "InvalidArn"
    assert code(machine.replace(":stateMachine:", ":activity:")) == "InvalidArn"
    assert code(machine.replace(":stateMachine:", f":{kind}:") + "x") == does_not_exist


@pytest.mark.parametrize("text", ["", "{"])
def test_an_input_that_is_not_json_is_refused(aws: Aws, machine: str, text: str) -> None:
    """test_invalid_start_execution_input; API_StartExecution.html, InvalidExecutionInput."""
    with pytest.raises(aws.states.exceptions.InvalidExecutionInput):
        aws.states.start_execution(stateMachineArn=machine, input=text)


@pytest.mark.parametrize("call", ["list_executions", "get_execution_history"])
def test_a_page_has_at_most_1000(aws: Aws, machine: str, call: str) -> None:
    """test_list_executions_pagination."""
    execution = aws.run(machine)["executionArn"]
    arguments: dict[str, Any] = (
        {"stateMachineArn": machine} if call == "list_executions" else {"executionArn": execution}
    )
    getattr(aws.states, call)(**arguments, maxResults=1000)
    error = refused(getattr(aws.states, call), **arguments, maxResults=1001)
    assert error["Code"] == "ValidationException"
    assert "less than or equal to 1000" in error["Message"]


def test_the_first_states_event_and_an_abort_point_at_none(aws: Aws) -> None:
    """test_start_execution, test_stop_execution."""
    wait = only({"Type": "Wait", "Seconds": 100_000, "End": True})
    execution = aws.start(aws.machine(wait))
    aws.states.stop_execution(executionArn=execution)
    aws.ended(execution)
    events = [(each["type"], each["previousEventId"]) for each in aws.history(execution)]
    assert events[0] == ("ExecutionStarted", 0)
    assert events[1:] in ([("WaitStateEntered", 0), ("ExecutionAborted", 0)], [events[-1]])
    assert events[-1] == ("ExecutionAborted", 0)


def test_success_says_that_its_output_is_whole(aws: Aws, machine: str) -> None:
    """test_start_execution."""
    execution = aws.run(machine, {"a": 1})["executionArn"]
    assert aws.history(execution)[-1]["executionSucceededEventDetails"] == {
        "output": '{"a":1}',
        "outputDetails": {"truncated": False},
    }


def test_a_machine_says_how_it_logs_and_traces(aws: Aws, machine: str) -> None:
    """test_describe_state_machine_for_execution."""
    described = aws.states.describe_state_machine(stateMachineArn=machine)
    execution = aws.run(machine)["executionArn"]
    of_execution = aws.states.describe_state_machine_for_execution(executionArn=execution)
    for each in (described, of_execution):
        assert each["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
        assert each["tracingConfiguration"] == {"enabled": False}


def test_deleting_a_machine_that_is_not_there_is_no_error(aws: Aws, machine: str) -> None:
    """test_delete_nonexistent_sm."""
    aws.states.delete_state_machine(stateMachineArn=f"{machine}-gone")


def test_a_definition_without_states_is_refused_in_awss_words(aws: Aws) -> None:
    """test_create_delete_invalid_sm."""
    with pytest.raises(ClientError, match=r"These fields are required: \[States\] at /"):
        aws.machine({"StartAt": "P"})


def test_creating_the_same_machine_again_answers_as_the_first_time(aws: Aws) -> None:
    """test_create_exact_duplicate_sm, test_create_duplicate_definition_format_sm."""
    name = unique("machine")
    arguments = {"name": name, "definition": json.dumps(PASS), "roleArn": aws.everything}
    first = aws.states.create_state_machine(**arguments)
    again = aws.states.create_state_machine(**arguments)
    assert all(again[name] == first[name] for name in ("stateMachineArn", "creationDate"))
    with pytest.raises(aws.states.exceptions.StateMachineAlreadyExists):
        aws.states.create_state_machine(**arguments | {"definition": json.dumps(PASS, indent=1)})


def test_only_a_task_counts_its_retries_in_the_context(aws: Aws) -> None:
    """test_context_object."""
    state = {"Type": "Pass", "Parameters": {"state.$": "$$.State"}, "End": True}
    done = aws.run(aws.machine(only(state)))
    assert set(json.loads(done["output"])["state"]) == {"EnteredTime", "Name"}


def test_tags(aws: Aws, machine: str) -> None:
    """API_TagResource.html, API_UntagResource.html."""
    aws.states.tag_resource(
        resourceArn=machine, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    )
    aws.states.untag_resource(resourceArn=machine, tagKeys=["a"])
    listed = aws.states.list_tags_for_resource(resourceArn=machine)["tags"]
    assert listed == [{"key": "b", "value": "2"}]


def test_a_history_without_data_keeps_its_events(aws: Aws, machine: str) -> None:
    """API_GetExecutionHistory.html, includeExecutionData; pages of a reversed history."""
    execution = aws.run(machine, {"secret": 1})["executionArn"]
    pages = aws.states.get_paginator("get_execution_history").paginate(
        executionArn=execution,
        reverseOrder=True,
        includeExecutionData=False,
        PaginationConfig={"PageSize": 1},
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == [4, 3, 2, 1]
    assert "secret" not in str(events)

"""Redrive-safe by construction: docs/adr/0002-failing-in-place.md, held on the definition."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain.failures import Cure, Failure
from functions.domain.service_failures import explain
from functions.find_stuck_jobs.search import LONGEST_SILENCE

DEFINITION = Path(__file__).parents[2] / "statemachine" / "ingest.asl.json"
FUNCTION_SECONDS = 300
"""The most that a function may take: the knob `functionTimeoutSeconds` ends there."""

States = list[tuple[str, dict[str, Any]]]


def _walk(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition["States"].items():
        yield name, state
        if state["Type"] == "Map":
            yield from _walk(state["ItemProcessor"])


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DEFINITION.read_text())
    return loaded


@pytest.fixture(scope="module")
def states(definition: dict[str, Any]) -> States:
    return list(_walk(definition))


def _of_type(states: States, kind: str) -> States:
    return [(name, state) for name, state in states if state["Type"] == kind]


def test_nothing_is_caught_but_the_answer_that_somebody_else_has_the_claim(states: States) -> None:
    catches = {name: state["Catch"] for name, state in states if "Catch" in state}
    assert list(catches) == ["ClaimObject"]
    (catch,) = catches["ClaimObject"]
    assert catch["ErrorEquals"] == ["DynamoDB.ConditionalCheckFailedException"]


def test_maps_are_distributed_tolerate_nothing_and_are_not_retried(states: States) -> None:
    maps = _of_type(states, "Map")
    assert [name for name, _ in maps] == ["LoadRanges", "MigrateImages"]
    for name, state in maps:
        assert "Retry" not in state
        assert state["ToleratedFailurePercentage"] == 0
        assert not {"ToleratedFailureCount", "ToleratedFailureCountPath"} & set(state)
        assert state["Label"] == name
        assert state["ItemProcessor"]["ProcessorConfig"] == {
            "Mode": "DISTRIBUTED",
            "ExecutionType": "STANDARD",
        }
        assert "ResultWriter" in state
        assert state["ResultPath"] is None


def test_every_task_outlives_its_function_and_is_retried_within_bounds(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        longest = FUNCTION_SECONDS if ":lambda:" in state["Resource"] else 30
        assert state["TimeoutSeconds"] > longest, name
        assert state["Retry"], name
        for retry in state["Retry"]:
            assert retry["JitterStrategy"] == "FULL", name
            assert 1 <= retry["MaxAttempts"] <= 5, name
            assert retry["MaxDelaySeconds"] <= 60, name
            assert "States.ALL" not in retry["ErrorEquals"], name
            assert "States.TaskFailed" not in retry["ErrorEquals"], name


def test_two_states_that_need_all_their_retries_are_silent_for_less_than_is_suspicious(
    states: States,
) -> None:
    def longest(state: dict[str, Any]) -> float:
        retries = sum(retry["MaxAttempts"] for retry in state["Retry"])
        waits = sum(retry["MaxAttempts"] * retry["MaxDelaySeconds"] for retry in state["Retry"])
        return float((1 + retries) * state["TimeoutSeconds"] + waits)

    silence = 2 * max(longest(state) for _, state in _of_type(states, "Task"))
    assert timedelta(seconds=silence) < LONGEST_SILENCE * 2 / 3


LAMBDA = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
}
"""What Lambda and Step Functions name (Step Functions guide, "bp-lambda-serviceexception"), and a
function that was killed or stopped."""
SDK = {
    "ClientError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ReadTimeoutError",
    "RequestLimitExceeded",
    "ResponseStreamingError",
    "ThrottlingException",
}
"""Classes of the functions' SDK; S3's throttles and faults are its generic ClientError."""
DYNAMODB = {
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceeded",
    "DynamoDB.SdkClientException",
    "DynamoDB.ThrottlingException",
    "States.Timeout",
}
CONFLICTS = {"ReplicatedWriteConflictException", "TransactionConflictException"}
"""What a write meets in a table that its application writes in transactions, or replicates."""
OWN = {
    "LoadSegment": {"IncompleteReadError", "WriteThrottled"} | CONFLICTS,
    "MigrateChunk": {"IncompleteReadError", "ImagesThrottled"} | CONFLICTS,
    "PlanRanges": {"IncompleteReadError", "SettlementContended"} | CONFLICTS,
    "SettleJob": {"IncompleteReadError", "SettlementContended"} | CONFLICTS,
    "VerifyMigration": {"IncompleteReadError"},
}
"""Of those that read objects, and our own that pass by themselves."""


def test_every_task_retries_exactly_the_transient_errors_of_what_it_calls(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        retried = [error for retry in state["Retry"] for error in retry["ErrorEquals"]]
        by_lambda = ":lambda:" in state["Resource"]
        wanted = LAMBDA | SDK | OWN.get(name, set()) if by_lambda else DYNAMODB
        assert sorted(retried) == sorted(wanted), name


def test_every_error_that_is_retried_in_vain_has_its_own_sentence(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        for error in (error for retry in state["Retry"] for error in retry["ErrorEquals"]):
            assert explain(error) != explain("Unheard"), (name, error)


def test_no_verdict_is_retried(states: States) -> None:
    verdicts = {failure.value for failure in Failure} - {Failure.WRITE_THROTTLED.value}
    for name, state in _of_type(states, "Task"):
        for retry in state["Retry"]:
            assert not verdicts & set(retry["ErrorEquals"]), name


def test_fail_states_are_verdicts_that_only_a_replay_changes(states: States) -> None:
    fails = _of_type(states, "Fail")
    assert {name for name, _ in fails} == {
        failure.value for failure in Failure if failure.explanation.cure is Cure.REPLAY
    } - {Failure.EVENT_INVALID}  # raised in the first state: there is nothing to redrive yet
    for name, state in fails:
        assert state["Error"] == name
        assert state["Cause"] == Failure(name).explanation.sentence


def test_fail_states_are_reached_by_a_choice_alone(states: States) -> None:
    fails = {name for name, _ in _of_type(states, "Fail")}
    for name, state in states:
        if state["Type"] != "Choice":
            assert state.get("Next") not in fails, name


def test_every_state_has_a_comment_and_a_way_in(definition: dict[str, Any], states: States) -> None:
    assert all(state["Comment"].endswith((".", "?")) for _, state in states)
    assert _unreachable(definition) == set()
    for _, state in _of_type(states, "Map"):
        assert _unreachable(state["ItemProcessor"]) == set()


def _unreachable(machine: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    todo = [machine["StartAt"]]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        state = machine["States"][name]
        nexts = [state.get("Next"), state.get("Default")]
        nexts += [rule["Next"] for rule in state.get("Choices", [])]
        nexts += [catch["Next"] for catch in state.get("Catch", [])]
        todo += [n for n in nexts if n]
    return set(machine["States"]) - reached


def test_the_query_language_is_jsonpath_and_the_machine_has_a_time_limit(
    definition: dict[str, Any],
) -> None:
    """JSONPath: the embedded engine's maps do not evaluate JSONata."""
    assert definition.get("QueryLanguage", "JSONPath") == "JSONPath"
    assert definition["TimeoutSeconds"] == 86_400

"""Redrive-safe by construction: docs/adr/0002-failing-in-place.md, held on the definition."""

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain import transient_errors
from functions.domain.failures import Cure, Failure
from functions.domain.service_failures import explain
from functions.find_stuck_jobs.problems import LONGEST_SILENCE, SETTLING_IN

DEFINITION = Path(__file__).parents[2] / "statemachine" / "ingest.asl.json"
FUNCTION_SECONDS = 300
"""The most that a function may take: the setting `functionTimeoutSeconds` ends there."""

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


def test_nothing_is_caught_but_that_another_execution_has_the_claim(states: States) -> None:
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


def test_every_task_outlives_its_function(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        longest = FUNCTION_SECONDS if ":lambda:" in state["Resource"] else 30
        assert state["TimeoutSeconds"] > longest, name


def _waits(retrier: dict[str, Any]) -> list[float]:
    """The longest wait before each attempt; under FULL jitter it is half of that on average.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    return [
        min(
            retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt,
            retrier["MaxDelaySeconds"],
        )
        for attempt in range(retrier["MaxAttempts"])
    ]


LAMBDA_RETRIERS = [
    transient_errors.THROTTLED,
    transient_errors.CALL_THROTTLED,
    transient_errors.LAMBDA_FAILED,
    transient_errors.FUNCTION_FAILED,
]
DYNAMODB_RETRIERS = [transient_errors.DYNAMODB_THROTTLED, transient_errors.DYNAMODB_FAILED]
PATIENT = [transient_errors.THROTTLED, transient_errors.DYNAMODB_THROTTLED]


def test_every_task_has_a_retrier_for_each_kind_of_transient_error(states: States) -> None:
    """Each retrier counts its own attempts: a task that was throttled has all others left."""
    for name, state in _of_type(states, "Task"):
        wanted = LAMBDA_RETRIERS if ":lambda:" in state["Resource"] else DYNAMODB_RETRIERS
        assert [retry["ErrorEquals"] for retry in state["Retry"]] == list(map(sorted, wanted)), name


def test_all_tasks_that_call_lambda_retry_alike(states: States) -> None:
    lists = [s["Retry"] for _, s in _of_type(states, "Task") if ":lambda:" in s["Resource"]]
    assert all(each == lists[0] for each in lists)


def test_retries_wait_with_full_jitter_and_within_bounds(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        for retry in state["Retry"]:
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["MaxDelaySeconds"] <= 120, name
            if set(retry["ErrorEquals"]) not in PATIENT:
                assert 1 <= retry["MaxAttempts"] <= 8, name


def test_a_throttled_call_is_tried_again_for_half_an_hour(states: States) -> None:
    """A new account runs 10 functions at a time, and all calls wait for their turn.

    Each wait is drawn evenly from 0 to its longest, so that the sum is close to normal: less than
    its mean by three deviations is one in seven hundred.
    """
    for name, state in _of_type(states, "Task"):
        (waits,) = (_waits(r) for r in state["Retry"] if set(r["ErrorEquals"]) in PATIENT)
        deviation = math.sqrt(sum(wait**2 for wait in waits) / 12)
        assert sum(waits) / 2 - 3 * deviation >= 1800, name


def _longest(state: dict[str, Any]) -> float:
    """How long a task may take that is throttled throughout, and then needs all other retries."""
    throttled, *others = (
        retrier
        for retrier in state["Retry"]
        if set(retrier["ErrorEquals"]) != transient_errors.CALL_THROTTLED
    )
    calls = 1 + sum(retrier["MaxAttempts"] for retrier in others)
    waits = [wait for retrier in (throttled, *others) for wait in _waits(retrier)]
    return float(calls * state["TimeoutSeconds"] + sum(waits))


def test_a_call_that_waited_for_a_throttled_service_is_given_no_more_time(states: States) -> None:
    for _, state in _of_type(states, "Task"):
        for retrier in state["Retry"]:
            if set(retrier["ErrorEquals"]) == transient_errors.CALL_THROTTLED:
                calls = (1 + retrier["MaxAttempts"]) * state["TimeoutSeconds"]
                assert calls + sum(_waits(retrier)) <= _longest(state)


def test_two_states_that_need_all_their_retries_are_silent_for_less_than_is_suspicious(
    states: States,
) -> None:
    silence = 2 * max(_longest(state) for _, state in _of_type(states, "Task"))
    assert timedelta(seconds=silence) < LONGEST_SILENCE * 3 / 4


def test_an_execution_that_is_throttled_has_its_claim_before_its_object_is_suspicious(
    states: States,
) -> None:
    throttled = [
        sum(_waits(retrier))
        for name, state in _of_type(states, "Task")
        if name in ("ResolveJob", "ClaimObject")
        for retrier in state["Retry"]
        if set(retrier["ErrorEquals"]) in PATIENT
    ]
    assert len(throttled) == 2
    assert timedelta(seconds=sum(throttled)) < SETTLING_IN


def test_an_execution_has_time_for_all_retries_of_all_its_states(
    definition: dict[str, Any], states: States
) -> None:
    longest = sum(_longest(state) for _, state in _of_type(states, "Task"))
    assert longest < definition["TimeoutSeconds"] * 4 / 5


def test_every_error_that_is_retried_in_vain_has_its_own_sentence(states: States) -> None:
    for name, state in _of_type(states, "Task"):
        for error in (error for retry in state["Retry"] for error in retry["ErrorEquals"]):
            assert explain(error) != explain("Unheard"), (name, error)


def test_no_verdict_is_retried(states: States) -> None:
    passing = {Failure.WRITE_THROTTLED, Failure.SEGMENT_OUT_OF_TIME}
    verdicts = {failure.value for failure in Failure if failure not in passing}
    for name, state in _of_type(states, "Task"):
        for retry in state["Retry"]:
            assert not verdicts & set(retry["ErrorEquals"]), name


def test_fail_states_are_verdicts_that_no_redrive_changes(states: States) -> None:
    fails = _of_type(states, "Fail")
    assert {name for name, _ in fails} == {
        failure.value
        for failure in Failure
        if failure.explanation.cure in (Cure.REPLAY, Cure.DECISION)
    } - {
        Failure.WORK_FILE_DAMAGED,  # raised by a task
    }
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
    assert "TimeoutSeconds" in definition


def test_a_reader_sees_the_flow_and_not_the_retries() -> None:
    assert len(DEFINITION.read_text().splitlines()) <= 450


def test_no_partition_is_written_out(states: States) -> None:
    """An ARN of another partition fails every execution: https://github.com/aws/aws-cdk/issues/4597."""
    assert "arn:aws" not in DEFINITION.read_text()
    for name, state in _of_type(states, "Task"):
        assert state["Resource"].startswith("arn:${Partition}:states:::"), name

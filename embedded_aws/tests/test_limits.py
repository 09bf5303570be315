"""Quotas, time limits and retries.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
service-quotas.html, bp-history-limit.html, concepts-error-handling.html, state-task.html,
statemachine-structure.html, redrive-executions.html; of its API reference:
API_StartExecution.html.
"""

import json
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.stepfunctions.engine.retries import next_wait
from embedded_aws.tests.conftest import PASS, Aws, Invoke, eventually, only, refused, task, unique

_LIMIT = 256 * 1024


@pytest.fixture(scope="module")
def passing(aws: Aws) -> str:
    return aws.machine(PASS)


def _waits(events: list[dict[str, Any]]) -> list[timedelta]:
    """The time between each failed attempt and the next."""
    failed = [event["timestamp"] for event in events if event["type"] == "TaskFailed"]
    again = [event["timestamp"] for event in events if event["type"] == "TaskScheduled"][1:]
    return [start - end for end, start in zip(failed, again, strict=False)]


def test_a_tasks_result_over_256_kib_fails_as_data_limit_exceeded(aws: Aws, invoke: Invoke) -> None:
    """concepts-error-handling.html: output of a connector is larger than the quota."""
    machine = aws.machine(only(invoke(ResultSelector={"nothing": 0})))
    failed = aws.run(machine, {"bytes": _LIMIT})
    assert failed["error"] == "States.DataLimitExceeded"
    assert aws.event_types(failed["executionArn"])[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert aws.run(machine, {"bytes": _LIMIT - 200})["status"] == "SUCCEEDED"


def test_the_limit_counts_utf8_bytes(aws: Aws) -> None:
    """service-quotas.html: 256 KiB as a UTF-8 encoded string."""
    pad = "é" * (_LIMIT // 4)
    doubled = {"Type": "Pass", "Parameters": {"a.$": "$.pad", "b.$": "$.pad"}, "End": True}
    machine = aws.machine(only(doubled))
    failed = aws.run(machine, {"pad": pad})
    assert failed["error"] == "States.DataLimitExceeded"
    assert aws.run(machine, {"pad": "e" * (_LIMIT // 4)})["status"] == "SUCCEEDED"


def test_parameters_over_256_kib_fail_before_the_call(aws: Aws, invoke: Invoke) -> None:
    """concepts-error-handling.html: after Parameters processing, the input is larger."""
    doubled = invoke({"a.$": "$.pad", "b.$": "$.pad"})
    failed = aws.run(aws.machine(only(doubled)), {"pad": "x" * (_LIMIT // 2)})
    assert failed["error"] == "States.DataLimitExceeded"
    assert "TaskScheduled" not in aws.event_types(failed["executionArn"])


@pytest.mark.parametrize(
    ("names", "caught"),
    [(["States.ALL"], False), (["States.TaskFailed"], False), (["States.DataLimitExceeded"], True)],
)
def test_data_limit_exceeded_is_caught_by_its_name_alone(
    aws: Aws, invoke: Invoke, names: list[str], *, caught: bool
) -> None:
    """concepts-error-handling.html: a terminal error which States.ALL cannot catch."""
    definition = {
        "StartAt": "Try",
        "States": {
            "Try": invoke(Catch=[{"ErrorEquals": names, "Next": "Caught"}], Next="Done"),
            "Done": {"Type": "Succeed"},
            "Caught": {"Type": "Succeed"},
        },
    }
    ended = aws.run(aws.machine(definition), {"bytes": _LIMIT})
    assert (ended["status"] == "SUCCEEDED") is caught


def test_event_25000_ends_the_execution(aws: Aws) -> None:
    """bp-history-limit.html; redrive-executions.html: fewer than 24,999 events to redrive."""
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    failed = aws.run(aws.machine({"StartAt": "A", "States": states}))
    cause = "The execution reached the maximum number of history events (25000)."
    assert (failed["status"], failed["cause"]) == ("FAILED", cause)
    (last,) = aws.states.get_execution_history(
        executionArn=failed["executionArn"], reverseOrder=True, maxResults=1
    )["events"]
    assert (last["id"], last["type"]) == (25_000, "ExecutionFailed")
    assert failed["redriveStatus"] == "NOT_REDRIVABLE"
    assert failed["redriveStatusReason"] == "Execution history event limit exceeded"
    with pytest.raises(aws.states.exceptions.ExecutionNotRedrivable):
        aws.states.redrive_execution(executionArn=failed["executionArn"])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        *(
            ({"name": name}, "InvalidName", name)
            for name in ("a b", "a/b", "a:b", "a*b", "a,b", "a\tb", "a{b")
        ),
        ({"name": "n" * 81}, "ValidationException", "less than or equal to 80"),
        ({"data": "x" * _LIMIT}, "ValidationException", "less than or equal to 262144"),
    ],
)
def test_names_and_inputs_that_are_refused(
    aws: Aws, passing: str, arguments: dict[str, Any], code: str, words: str
) -> None:
    """API_StartExecution.html: name, input."""
    error = refused(aws.start, passing, **arguments)
    assert error["Code"] == code
    assert words in error["Message"]


def test_a_name_may_have_80_characters_of_any_language(aws: Aws, passing: str) -> None:
    """API_StartExecution.html: name."""
    assert aws.start(passing, name="ö+" + "n" * 78)


def test_starting_a_running_execution_again_is_idempotent(
    aws: Aws, invoke: Invoke, switch: Path
) -> None:
    """API_StartExecution.html: same name and input as a running execution."""
    machine = aws.machine(only(invoke()))
    name, data = unique("execution"), {"until": str(switch)}
    request = {"stateMachineArn": machine, "name": name, "input": json.dumps(data)}
    first, again = (aws.states.start_execution(**request) for _ in range(2))
    execution = first["executionArn"]
    assert (again["executionArn"], again["startDate"]) == (execution, first["startDate"])
    other = refused(aws.start, machine, {"other": 1}, name=name)
    assert other["Code"] == "ExecutionAlreadyExists"
    switch.touch()
    aws.ended(execution)
    assert aws.event_types(execution).count("ExecutionStarted") == 1
    assert refused(aws.start, machine, data, name=name)["Code"] == "ExecutionAlreadyExists"


def test_a_maps_labelled_machine_cannot_be_started(aws: Aws, passing: str) -> None:
    """API_StartExecution.html, stateMachineArn: ValidationException."""
    assert refused(aws.start, f"{passing}/Label")["Code"] == "ValidationException"


def test_the_machines_time_limit_ends_the_execution_and_starts_again_when_redriven(
    aws: Aws, invoke: Invoke, switch: Path
) -> None:
    """statemachine-structure.html, TimeoutSeconds; redrive-executions.html: reset to 0."""
    machine = aws.machine(only(invoke(), TimeoutSeconds=1))
    timed_out = aws.run(machine, {"until": str(switch)})
    assert timed_out["status"] == "TIMED_OUT"
    # Recorded: localstack, test_global_timeout (2024-03-10).
    assert not {"error", "cause"} & set(timed_out)
    assert timed_out["redriveStatus"] == "REDRIVABLE"
    execution = timed_out["executionArn"]
    assert aws.event_types(execution)[-1] == "ExecutionTimedOut"
    switch.touch()
    # Each redrive has a second; a busy machine may need more than one of them.
    eventually(lambda: aws.redriven(execution)["status"] == "SUCCEEDED", "it has a second again")


def test_a_tasks_time_limit_is_states_timeout(
    aws: Aws, invoke: Invoke, switch: Path, tmp_path: Path
) -> None:
    """state-task.html, TimeoutSeconds; concepts-error-handling.html: States.TaskFailed does not
    match States.Timeout. The function runs on.
    """
    retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]
    machine = aws.machine(only(invoke(TimeoutSeconds=1, Retry=retry)))
    ran_on = tmp_path / "ran-on"
    failed = aws.run(machine, {"until": str(switch), "after": str(ran_on)})
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Timeout")
    kinds = aws.event_types(failed["executionArn"])
    assert kinds[-2:] == ["TaskTimedOut", "ExecutionFailed"]
    switch.touch()
    eventually(ran_on.exists, "the function ends")


def test_a_timed_out_task_is_retried_by_name(aws: Aws, invoke: Invoke, switch: Path) -> None:
    """concepts-error-handling.html, "Retry all errors except States.Timeout"."""
    # Each attempt has a second; a busy machine may need more than one after the switch.
    retry = [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1000, "BackoffRate": 1.0}]
    machine = aws.machine(only(invoke(TimeoutSeconds=1, Retry=retry)))
    execution = aws.start(machine, {"until": str(switch)})
    eventually(lambda: "TaskTimedOut" in aws.event_types(execution), "the first attempt ends")
    switch.touch()
    assert aws.ended(execution)["status"] == "SUCCEEDED"


def test_waits_grow_to_max_delay_seconds(aws: Aws, invoke: Invoke) -> None:
    """concepts-error-handling.html, MaxDelaySeconds (here scaled: a second is 10 ms)."""
    retrier = {
        "ErrorEquals": ["Flaky"],
        "IntervalSeconds": 5,
        "BackoffRate": 10_000.0,
        "MaxDelaySeconds": 20,
        "MaxAttempts": 3,
    }
    machine = aws.machine(only(invoke(Retry=[retrier])))
    events = aws.history(aws.run(machine, {"raise": "Flaky"})["executionArn"])
    first, second, third = _waits(events)
    assert first >= timedelta(milliseconds=49)
    assert min(second, third) >= timedelta(milliseconds=199)
    # Without the bound the second would take 500 s.
    assert max(second, third) < timedelta(seconds=400)


def test_full_jitter_waits_between_nothing_and_the_whole() -> None:
    """concepts-error-handling.html, JitterStrategy: randomized between 0 and the interval."""
    retrier = {
        "ErrorEquals": ["Flaky"],
        "IntervalSeconds": 10,
        "BackoffRate": 2.0,
        "MaxAttempts": 8,
        "JitterStrategy": "FULL",
    }

    def second_wait(seed: int) -> float:
        wait = next_wait([retrier], "Flaky", Counter([0]), random.Random(seed))
        assert wait is not None
        return wait

    waits = sorted(second_wait(seed) for seed in range(100))
    assert 0 <= waits[0] < 2
    assert 18 < waits[-1] <= 20


def test_each_retrier_counts_its_own_attempts(aws: Aws, invoke: Invoke) -> None:
    """concepts-error-handling.html: the first retrier that matches decides, MaxAttempts 0 never."""
    retry = [
        {"ErrorEquals": ["Flaky"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1},
    ]
    machine = aws.machine(only(invoke(Retry=retry)))
    flaky = aws.event_types(aws.run(machine, {"raise": "Flaky"})["executionArn"])
    other = aws.event_types(aws.run(machine, {"raise": "Other"})["executionArn"])
    assert flaky.count("TaskScheduled") == 1
    assert other.count("TaskScheduled") == 3


def test_deleting_a_machine_ends_its_executions(
    aws: Aws, invoke: Invoke, switch: Path, tmp_path: Path
) -> None:
    """API_DeleteStateMachine.html: running executions are ended."""
    began, returned, went_on = (tmp_path / name for name in ("began", "returned", "went-on"))
    held = {"touch": str(began), "until": str(switch), "after": str(returned)}
    states = {
        "Held": task(aws.function(), held, Next="Then"),
        "Then": task(aws.function(), {"touch": str(went_on)}),
    }
    machine = aws.machine({"StartAt": "Held", "States": states})
    execution = aws.start(machine)
    eventually(began.exists, "the task runs")
    aws.states.delete_state_machine(stateMachineArn=machine)
    with pytest.raises(aws.states.exceptions.ExecutionDoesNotExist):
        aws.states.describe_execution(executionArn=execution)
    switch.touch()
    eventually(returned.exists, "the function, which was not ended, returns")
    # By the time that others have gone through two states, this one would have gone on too.
    other = aws.machine(only(invoke()))
    for _ in range(2):
        assert aws.run(other)["status"] == "SUCCEEDED"
    assert not went_on.exists()

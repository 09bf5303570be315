"""Maps: which of their children fails, and a parent that is stopped by hand."""

import pytest

from demo.batch import Batch
from functions.domain.load_plan import SAMPLE_BYTES, LoadLimits, mean_line_bytes, plan_load
from functions.domain.ranges import Range
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.events import ResultsArrive
from tests.e2e.faults.test_fault_matrix import (
    fails_loudly,
    is_loud_and_explained,
    one_redrive_finishes,
)
from tests.e2e.faults.world import CONTEXT, FaultyDeployment, state_alarm

ERROR = "Lambda.ServiceException"
_LIMITS = LoadLimits(
    range_bytes=int(str(CONTEXT["rangeBytes"])),
    max_ranges=2000,
    load_concurrency=int(str(CONTEXT["loadConcurrency"])),
    write_units_per_second=1000,
    memory_megabytes=1024,
)


def _range(batch: Batch, which: str) -> list[str]:
    body = batch.body
    ranges = plan_load(
        [Range(0, len(body))],
        line_bytes=mean_line_bytes(body[:SAMPLE_BYTES], object_bytes=len(body)),
        conditional=False,
        limits=_LIMITS,
    ).ranges
    assert len(ranges) > 3
    chosen = {"first": ranges[0], "middle": ranges[len(ranges) // 2], "last": ranges[-1]}
    return ["WorkersLoadSegment"] + (
        [f'"range": {{"from": {chosen[which].start},'] if which in chosen else []
    )


def _chunk(which: str) -> list[str]:
    numbers = {"first": 0, "middle": 1, "last": 2}
    return ["WorkersMigrateImages"] + ([f'"number": {numbers[which]},'] if which in numbers else [])


@pytest.mark.parametrize(
    "state", ["LoadRanges", pytest.param("MigrateImages", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "which", ["first", pytest.param("middle", marks=pytest.mark.slow), "last", "all"]
)
def test_children_that_fail_are_named_and_alone_run_again(
    world: FaultyDeployment, state: str, which: str, show: Show
) -> None:
    children = f"the {which} child" if which != "all" else "all children"
    show(f"{state}: {children} cannot call the function", state=state, error=ERROR)
    event = ResultsArrive.of_new_job(world)
    having = _range(event.batch, which) if state == "LoadRanges" else _chunk(which)
    rule = {"caller": "states", "action": "lambda:Invoke", "kind": "error", "code": ERROR}
    arn = fails_loudly(world, event, {**rule, "having": having}, state=state, error=ERROR)
    one_redrive_finishes(world, event, arn)


@pytest.mark.slow
def test_a_throttle_storm_on_the_writes_ends_as_write_throttled(
    world: FaultyDeployment, show: Show
) -> None:
    """A worker tries until its time is over: it is given little here."""
    fault = "LoadSegment: DynamoDB refuses every write until the time is over"
    show(fault, state="LoadRanges", error="WriteThrottled")
    event = ResultsArrive.of_new_job(world)
    rule = {"caller": "*LoadSegment*", "action": "dynamodb:Batch[EW]*", "kind": "throttle"}
    with world.time_limit("LoadSegment", 6):
        arn = fails_loudly(world, event, rule, state="LoadRanges", error="WriteThrottled")
    one_redrive_finishes(world, event, arn)


@pytest.mark.parametrize(
    ("state", "function"),
    [
        ("LoadRanges", "LoadSegment"),
        pytest.param("MigrateImages", "MigrateImages", marks=pytest.mark.slow),
    ],
)
def test_an_execution_stopped_by_hand_is_cured_by_a_redrive(
    world: FaultyDeployment, state: str, function: str, show: Show
) -> None:
    show(f"The execution is stopped by hand while {function} works", state=state)
    event = ResultsArrive.of_new_job(world)
    since = world.until_quiet(state_alarm(state))
    with world.fault(caller=f"*Workers{function}*", action="s3:*", kind="hold", skip=1):
        event.arrive(world)
        arn = world.execution_of(event.batch)
        world.until_held()
        world.deployed.step_functions.stop_execution(executionArn=arn)
        assert world.until_ended(arn) == "ABORTED"
        is_loud_and_explained(world, event, arn, state=state, error="", status="ABORTED")
        world.rings(state_alarm(state), since=since)
    one_redrive_finishes(world, event, arn)

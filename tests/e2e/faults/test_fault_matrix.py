"""Every fault at every call: loud, explained, and cured by one redrive."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.domain.payloads.arrived import Arrival
from ops.model.failures import read_failed
from tests.e2e.faults.cases import CASES, ENDED_SPOTS, MANIFEST_SPOTS, SPOTS, Case, Spot
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.events import EVENTS, Event, ResultsArrive
from tests.e2e.faults.seen import seen
from tests.e2e.faults.world import Edit, FaultyDeployment, state_alarm

MAPS = ("LoadRanges", "MigrateImages")
OF_THE_MAP = ("States.ItemReader", "States.ResultWriter")
"""How errors begin that are the map's own, not its children's."""


def _params(*, heals: bool) -> Iterator[Any]:
    for case in CASES:
        if case.heals is not heals:
            continue
        marks = () if case.brief else (pytest.mark.slow,)
        yield pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", list(_params(heals=False)))
def test_a_fault_is_loud_explained_and_cured_by_one_redrive(
    world: FaultyDeployment, case: Case, show: Show
) -> None:
    show(case.fault, where=case.where, state=case.state, error=case.error)
    event = EVENTS[case.arrival].of_new_job(world)
    arn = fails_loudly(world, event, case.rule, *case.before, state=case.state, error=case.error)
    one_redrive_finishes(world, event, arn)


@pytest.mark.parametrize("case", list(_params(heals=True)))
def test_an_answer_that_is_lost_after_the_work_is_done_fails_nothing(
    world: FaultyDeployment, case: Case, show: Show
) -> None:
    show(case.fault, where=case.where, state=case.state)
    event = EVENTS[case.arrival].of_new_job(world)
    with world.fault(*case.before, **case.rule):
        event.arrive(world)
        assert world.until_ended(world.execution_for(event.word)) == "SUCCEEDED"
    assert event.differences(world) == []


@pytest.mark.parametrize(
    ("arrival", "spots"),
    [
        (Arrival.RESULTS, SPOTS),
        (Arrival.JOB_ENDED, ENDED_SPOTS),
        (Arrival.MANIFEST, MANIFEST_SPOTS),
    ],
)
def test_the_matrix_has_every_call_of_an_undisturbed_run(
    world: FaultyDeployment, arrival: Arrival, spots: list[Spot]
) -> None:
    """Each call is one of a row and of one alone."""
    event = EVENTS[arrival].of_new_job(world)
    functions = {spot.function for spot in spots} | {"ResolveJob"}
    known = [spot for spot in SPOTS if spot.function in functions]
    with seen(world, [*known, *(spot for spot in spots if spot not in known)]) as found:
        event.arrive(world)
        assert world.until_ended(world.execution_for(event.word)) == "SUCCEEDED"
    assert event.differences(world) == []
    assert not {f"{spot.function}: {spot.what}" for spot in spots} & set(found.rows_never_met)
    assert found.calls == found.calls_of_rows


def fails_loudly(
    world: FaultyDeployment,
    event: Event,
    rule: dict[str, Any],
    *before: dict[str, Any],
    state: str,
    error: str,
) -> str:
    """Let an execution meet a fault and fail: its message and the alarm of the state say so."""
    since = world.until_quiet(state_alarm(state))
    with world.fault(*before, **rule):
        event.arrive(world)
        arn = world.execution_for(event.word)
        assert world.until_ended(arn) == "FAILED"
        is_loud_and_explained(world, event, arn, state=state, error=error)
        world.rings(state_alarm(state), since=since)
    return arn


def is_loud_and_explained(
    world: FaultyDeployment,
    event: Event,
    arn: str,
    *,
    state: str,
    error: str,
    status: str = "FAILED",
) -> None:
    """The message says where, why and what to do; the job of results says that it failed."""
    message = world.inbox.told(arn, status)
    facts = message.facts
    assert facts["failedState"] == state
    if state in MAPS and facts["error"] and not error.startswith(OF_THE_MAP):
        assert {child["error"] for child in facts["failedChildren"]} == {error}
    assert facts["error"] == error
    assert facts["job"] == event.job_id
    assert facts["command"] == f"ingest redrive {arn}"
    assert "What to do: " in message.text
    assert arn in message.text
    if not isinstance(event, ResultsArrive):
        return
    batch = event.batch
    assert facts["object"] == batch.key
    assert batch.job.user_id not in message.text.replace(batch.key, "")
    observed = world.observed(batch)
    assert observed.job_record["status"] == "FAILED"
    for claim in observed.claims.values():
        assert claim["state"] == "failed"


def one_redrive_finishes(world: FaultyDeployment, event: Event, arn: str) -> None:
    """One redrive goes on where it stood; it spares finished work, and a person's edit."""
    finished = _finished_children(world, arn)
    exited = _exited_states(world, arn)
    edit = Edit.some(world, event.batch) if isinstance(event, ResultsArrive) else None
    assert read_failed(world.deployed, arn).obstacle is None
    world.redrive(arn)
    assert _entered_since_redrive(world, arn) & exited == set()
    for child, ended in finished.items():
        described = world.describe(child)
        assert (described["stopDate"], described.get("redriveCount", 0)) == (ended, 0)
    if edit is not None:
        assert edit.kept(world)
        edit.undo(world)
    world.inbox.told(arn, "RECOVERED", redrives=1)
    outcomes = [
        each.facts["outcome"]
        for each in world.inbox.of_execution(arn)
        if each.facts["redriveCount"] == 1
    ]
    assert sorted(outcomes) in (["RECOVERED"], ["RECOVERED", "REDRIVEN"])
    assert event.differences(world) == []


def _finished_children(world: FaultyDeployment, arn: str) -> dict[str, Any]:
    """When each child that succeeded ended."""
    described = ((child, world.describe(child)) for child in world.children(arn))
    return {child: each["stopDate"] for child, each in described if each["status"] == "SUCCEEDED"}


def _exited_states(world: FaultyDeployment, arn: str) -> set[str]:
    return {
        event["stateExitedEventDetails"]["name"]
        for event in world.history(arn)
        if event["type"] in ("TaskStateExited", "MapStateExited")
    }


def _entered_since_redrive(world: FaultyDeployment, arn: str) -> set[str]:
    events = world.history(arn)
    redriven = max(n for n, event in enumerate(events) if event["type"] == "ExecutionRedriven")
    return {
        event["stateEnteredEventDetails"]["name"]
        for event in events[redriven:]
        if event["type"] in ("TaskStateEntered", "MapStateEntered")
    }

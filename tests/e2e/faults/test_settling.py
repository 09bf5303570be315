"""Executions that settle a job and load nothing: every fault is loud and cured by one redrive."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.domain.payloads.arrived import Arrival
from tests.e2e.faults.cases import ENDED_SPOTS, MANIFEST_SPOTS, SETTLING_CASES, SPOTS, Case, Spot
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.seen import seen
from tests.e2e.faults.settling import EVENTS, Event
from tests.e2e.faults.test_fault_matrix import one_redrive_finishes
from tests.e2e.faults.world import FaultyDeployment, state_alarm


def _params(*, heals: bool) -> Iterator[Any]:
    for case in SETTLING_CASES:
        if case.heals is heals:
            yield pytest.param(case, id=case.id, marks=() if case.brief else (pytest.mark.slow,))


@pytest.mark.parametrize("case", list(_params(heals=False)))
def test_a_fault_of_an_execution_that_settles_a_job_is_cured_by_one_redrive(
    world: FaultyDeployment, case: Case, show: Show
) -> None:
    show(case.fault, where=case.where, state=case.state, error=case.error)
    event: Event = EVENTS[case.arrival].of_new_job(world)
    since = world.until_quiet(state_alarm(case.state))
    with world.fault(**case.rule):
        event.arrive(world)
        arn = world.execution_for(event.word())
        assert world.until_ended(arn) == "FAILED"
        is_loud(world, event, arn, case)
        world.rings(state_alarm(case.state), since=since)
    one_redrive_finishes(world, None, arn)
    assert event.differences(world) == []


@pytest.mark.parametrize("case", list(_params(heals=True)))
def test_a_fault_after_the_work_of_settling_is_done_fails_nothing(
    world: FaultyDeployment, case: Case, show: Show
) -> None:
    show(case.fault, where=case.where, state=case.state)
    event: Event = EVENTS[case.arrival].of_new_job(world)
    with world.fault(**case.rule):
        event.arrive(world)
        assert world.until_ended(world.execution_for(event.word())) == "SUCCEEDED"
    assert event.differences(world) == []


@pytest.mark.parametrize(
    ("arrival", "spots"),
    [
        pytest.param(Arrival.JOB_ENDED, ENDED_SPOTS, id="a job ends"),
        pytest.param(Arrival.MANIFEST, MANIFEST_SPOTS, id="a manifest arrives"),
    ],
)
def test_the_matrix_has_every_call_of_an_execution_that_settles_a_job(
    world: FaultyDeployment, arrival: Arrival, spots: list[Spot]
) -> None:
    event: Event = EVENTS[arrival].of_new_job(world)
    known = [spot for spot in SPOTS if spot.function in ("ResolveJob", "SettleJob")]
    rows = list(
        {(each.function, each.action, each.having): each for each in (*known, *spots)}.values()
    )
    with seen(world, rows) as found:
        event.arrive(world)
        assert world.until_ended(world.execution_for(event.word())) == "SUCCEEDED"
    assert event.differences(world) == []
    assert not {f"{spot.function}: {spot.what}" for spot in spots} & set(found.rows_never_met)
    assert found.calls == found.calls_of_rows


def is_loud(world: FaultyDeployment, event: Event, arn: str, case: Case) -> None:
    """The message names job, state, error and command; the job's record says that it failed."""
    facts = world.inbox.told(arn, "FAILED").facts
    assert (facts["failedState"], facts["error"]) == (case.state, case.error)
    assert facts["job"] == event.job_id
    assert facts["command"] == f"ingest redrive {arn}"

"""Every fault at every call: loud, explained, and cured by one redrive."""

from collections.abc import Iterator
from typing import Any

import pytest

from demo.batch import Batch
from ops.commands.redrive import restart
from ops.model.failures import read_failed
from tests.e2e.faults.cases import CASES, SPOTS, Case
from tests.e2e.faults.conftest import Show
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
    batch = world.new_batch()
    since = world.until_quiet(state_alarm(case.state))
    with world.fault(*case.before, **case.rule):
        upload = world.deliver(batch)
        arn = world.execution_of(batch)
        assert world.until_ended(arn) == "FAILED"
        is_loud_and_explained(world, batch, arn, state=case.state, error=case.error)
        world.rings(state_alarm(case.state), since=since)
    one_redrive_finishes(world, batch, arn)
    assert world.differences(batch, upload) == []


@pytest.mark.parametrize("case", list(_params(heals=True)))
def test_an_answer_that_is_lost_after_the_work_is_done_fails_nothing(
    world: FaultyDeployment, case: Case, show: Show
) -> None:
    show(case.fault, where=case.where, state=case.state)
    batch = world.new_batch()
    with world.fault(*case.before, **case.rule):
        upload = world.deliver(batch)
        assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    assert world.differences(batch, upload) == []


def test_the_matrix_has_every_call_of_an_undisturbed_run(world: FaultyDeployment) -> None:
    """Each call is one of a row and of one alone."""
    batch = world.new_batch()
    with seen(world, SPOTS) as found:
        upload = world.deliver(batch)
        assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    assert world.differences(batch, upload) == []
    assert found.rows_never_met == []
    assert found.calls == found.calls_of_rows


def is_loud_and_explained(
    world: FaultyDeployment,
    batch: Batch,
    arn: str,
    *,
    state: str,
    error: str,
    status: str = "FAILED",
) -> None:
    """The message says where, why and what to do; the job says that it failed."""
    message = world.inbox.told(
        arn, status, redrives=int(world.describe(arn).get("redriveCount", 0))
    )
    facts = message.facts
    assert facts["failedState"] == state
    if state in MAPS and facts["error"] and not error.startswith(OF_THE_MAP):
        assert {child["error"] for child in facts["failedChildren"]} == {error}
    assert facts["error"] == error
    assert facts["job"] == batch.job.job_id
    assert facts["object"] == batch.key
    assert facts["command"] == f"ingest redrive {arn}"
    assert "What to do: " in message.text
    assert arn in message.text
    assert batch.job.user_id not in message.text.replace(batch.key, "")
    observed = world.observed(batch)
    assert observed.job_record["status"] == "FAILED"
    for claim in observed.claims.values():
        assert claim["state"] == "failed"


def one_redrive_finishes(world: FaultyDeployment, batch: Batch | None, arn: str) -> None:
    """One redrive goes on where it stood; it spares finished work, and an edit of the batch's."""
    finished = _finished_children(world, arn)
    exited = _exited_states(world, arn)
    edit = Edit.some(world, batch) if batch is not None else None
    failed = read_failed(world.deployed, arn)
    assert failed.obstacle is None
    restart(world.deployed, [failed])
    assert world.until_ended(arn) == "SUCCEEDED", world.describe(arn).get("cause")
    assert _entered_since_redrive(world, arn) & exited == set()
    for child, ended in finished.items():
        described = world.describe(child)
        assert (described["stopDate"], described.get("redriveCount", 0)) == (ended, 0)
    if batch is not None and edit is not None:
        assert edit.kept(world, batch)
        edit.undo(world, batch)
    redrives = world.describe(arn)["redriveCount"]
    world.inbox.told(arn, "RECOVERED", redrives=redrives)
    outcomes = [
        each.facts["outcome"]
        for each in world.inbox.of_execution(arn)
        if each.facts["redriveCount"] == redrives
    ]
    assert sorted(outcomes) in (["RECOVERED"], ["RECOVERED", "REDRIVEN"])


def _finished_children(world: FaultyDeployment, arn: str) -> dict[str, Any]:
    """When each child that succeeded ended."""
    client = world.deployed.step_functions
    return {
        child["executionArn"]: child["stopDate"]
        for run in client.list_map_runs(executionArn=arn)["mapRuns"]
        for child in client.list_executions(mapRunArn=run["mapRunArn"], statusFilter="SUCCEEDED")[
            "executions"
        ]
    }


def _events(world: FaultyDeployment, arn: str) -> list[Any]:
    pages = world.deployed.step_functions.get_paginator("get_execution_history")
    return [event for page in pages.paginate(executionArn=arn) for event in page["events"]]


def _exited_states(world: FaultyDeployment, arn: str) -> set[str]:
    return {
        event["stateExitedEventDetails"]["name"]
        for event in _events(world, arn)
        if event["type"] in ("TaskStateExited", "MapStateExited")
    }


def _entered_since_redrive(world: FaultyDeployment, arn: str) -> set[str]:
    events = _events(world, arn)
    redriven = max(n for n, event in enumerate(events) if event["type"] == "ExecutionRedriven")
    return {
        event["stateEnteredEventDetails"]["name"]
        for event in events[redriven:]
        if event["type"] in ("TaskStateEntered", "MapStateEntered")
    }

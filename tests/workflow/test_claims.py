"""Claims by the definition's own conditions: what a claim holds, and which execution keeps it.

Which content takes precedence over a claim is in `test_precedence.py`, over all cases.
"""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.claims import ClaimState
from tests.workflow.machine import DEFINITION, JOB, Machine, select

KEY = "batch-output/job-1/input.jsonl.out"


def _owner(machine: Machine) -> str:
    return machine.claims()[KEY].owner


def _replayed(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "replay": {"reason": "on purpose"}}


def test_an_execution_without_the_claim_names_the_owner_its_state_and_the_commands(
    machine: Machine,
) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    second, _ = machine.start(event)
    assert select(DEFINITION["NameTheOwner"]["Parameters"], machine.arrived[second], {}) == {
        "schema": 1,
        "owner": first,
        "state": "claimed",
        "command": f"ingest inspect {first}",
        "ifFailed": f"ingest redrive {first}",
        "toRepeatOnPurpose": f"ingest replay {JOB}",
    }


@pytest.mark.parametrize("replayed", [False, True])
def test_a_claim_admits_its_own_execution_again(machine: Machine, *, replayed: bool) -> None:
    event = machine.upload(KEY, b"{}")
    event = _replayed(event) if replayed else event
    machine.start(event)
    owner, _ = machine.start(event) if replayed else (_owner(machine), "")
    before = machine.claims()
    assert machine.claim(owner, event) == "PlanRanges"
    assert machine.claims() == before
    assert machine.arrived[owner]["claim"]["generation"] == ("2" if replayed else "1")


def test_the_redrive_of_a_dead_execution_keeps_its_claim_and_generation(
    machine: Machine,
) -> None:
    first, _ = machine.start(machine.upload(KEY, b"{}"))
    machine.fail(first)
    assert machine.claims()[KEY].state is ClaimState.FAILED
    machine.pass_time(timedelta(days=3))
    assert machine.redrive(first)
    claim = machine.claims()[KEY]
    assert (claim.owner, claim.generation, claim.state) == (first, 1, ClaimState.CLAIMED)
    assert claim.working_since == machine.now
    assert not machine.finish(first, totalCount=1, successCount=1).superseded


def test_a_replay_takes_over_and_the_old_execution_can_no_longer_write(
    machine: Machine,
) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    machine.fail(first)
    second, after = machine.start(_replayed(event))
    assert after == "PlanRanges"
    before, record = machine.claims(), machine.record
    assert (before[KEY].owner, before[KEY].generation) == (second, 2)
    assert machine.finish(first, totalCount=9, successCount=9).superseded
    assert not machine.plan(first, ranges=9)
    assert not machine.redrive(first)
    machine.fail(first)
    assert machine.claims() == before
    assert machine.record["resultStats"] == record["resultStats"] | {"totalCount": 0}


def test_a_replay_clears_what_the_claim_said_of_the_run_before(machine: Machine) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    machine.plan(first, ranges=3)
    machine.fail(first)
    machine.redrive(first)
    machine.finish(first, totalCount=1, successCount=1)
    machine.start(_replayed(event))
    (row,) = machine.dynamodb.tables["ledger"].values()
    left = {"ranges", "stats", "doneAt", "failure", "failedAt", "redrivableUntil", "resumedAt"}
    assert not left & row.keys()


def test_a_settled_claim_says_nothing_of_an_earlier_failure(machine: Machine) -> None:
    first, _ = machine.start(machine.upload(KEY, b"{}"))
    machine.fail(first)
    machine.finish(first, totalCount=1, successCount=1)
    (row,) = machine.dynamodb.tables["ledger"].values()
    assert not {"failure", "failedAt", "redrivableUntil"} & row.keys()


@pytest.mark.parametrize("tries", [True, False])
def test_the_event_time_is_that_of_the_first_claim(machine: Machine, tries: bool) -> None:
    event = machine.upload(KEY, b"old")
    began = machine.now
    first, _ = machine.start(event)
    machine.pass_time(timedelta(days=2))
    if tries:
        machine.fail(first)
    machine.start(machine.upload(KEY, b"new"))
    machine.pass_time(timedelta(days=2))
    last, _ = machine.start(_replayed(machine.upload(KEY, b"newest")))
    assert machine.claims()[KEY].event_time == began
    assert machine.arrived[last]["claim"]["eventTime"] == "2026-11-23T00:00:00Z"


def test_sequencers_of_different_lengths_are_ordered_as_s3_orders_them(machine: Machine) -> None:
    older = machine.upload(KEY, b"old", versioned=True)
    newer = machine.upload(KEY, b"new", versioned=True)
    older["detail"]["object"]["sequencer"] = "0055AED6DCD90281E5"
    newer["detail"]["object"]["sequencer"] = "0055AED6DD"
    second, _ = machine.start(newer)
    assert machine.start(older)[1] == "AlreadyClaimed"
    assert _owner(machine) == second

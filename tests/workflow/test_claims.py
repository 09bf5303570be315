"""Who claims a results object, by the definition's own conditions."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.claims import REDRIVE_PERIOD, ClaimState
from functions.domain.errors import ResultsObjectChanged
from tests.workflow.machine import DEFINITION, JOB, Machine, select

KEY = "batch-output/job-1/input.jsonl.out"


@pytest.fixture
def machine() -> Machine:
    return Machine()


def _owner(machine: Machine) -> str:
    return machine.claims()[KEY].owner


def _replayed(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "replay": {"reason": "on purpose"}}


def test_of_20_events_for_one_object_one_claims_it(machine: Machine) -> None:
    event = machine.upload(KEY, b"{}")
    outcomes = [machine.start(event) for _ in range(20)]
    assert [after for _, after in outcomes] == ["PlanRanges"] + ["AlreadyClaimed"] * 19
    claim = machine.claims()[KEY]
    assert (claim.owner, claim.generation) == (outcomes[0][0], 1)


@pytest.mark.parametrize("state", list(ClaimState))
def test_the_same_event_hours_later_does_nothing_whatever_became_of_the_first(
    machine: Machine, state: ClaimState
) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    if state is ClaimState.DONE:
        machine.finish(first, totalCount=1, successCount=1)
    if state is ClaimState.FAILED:
        machine.fail(first)
    before = machine.claims()
    machine.pass_time(timedelta(hours=20))
    assert machine.start(event)[1] == "AlreadyClaimed"
    assert machine.claims() == before


def test_who_is_turned_away_is_told_the_owner_its_state_and_the_commands(
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


def test_a_claim_admits_its_own_execution_again(machine: Machine) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    before = machine.claims()
    assert machine.claim(first, event) == "PlanRanges"
    assert machine.claims() == before
    assert machine.arrived[first]["claim"]["generation"] == "1"


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


def test_every_replay_of_a_replay_takes_over(machine: Machine) -> None:
    event = machine.upload(KEY, b"{}")
    machine.start(event)
    owners = [machine.start(_replayed(event))[0] for _ in range(3)]
    assert (_owner(machine), machine.claims()[KEY].generation) == (owners[-1], 4)
    assert machine.claim(owners[-1], _replayed(event)) == "PlanRanges"
    assert machine.claims()[KEY].generation == 4


def test_an_overwritten_object_is_new_work_and_the_old_execution_is_superseded(
    machine: Machine,
) -> None:
    first, _ = machine.start(machine.upload(KEY, b"old"))
    second, after = machine.start(machine.upload(KEY, b"new"))
    assert after == "PlanRanges"
    assert machine.finish(first, totalCount=1, successCount=1).superseded
    claim = machine.claims()[KEY]
    assert (claim.owner, claim.generation, claim.state) == (second, 2, ClaimState.CLAIMED)


@pytest.mark.parametrize("tries", [True, False])
def test_the_event_time_is_that_of_the_first_claim_for_ever(machine: Machine, tries: bool) -> None:
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


@pytest.mark.parametrize(
    ("waited", "after"),
    [
        (REDRIVE_PERIOD - timedelta(seconds=1), "AlreadyClaimed"),
        (REDRIVE_PERIOD + timedelta(seconds=1), "PlanRanges"),
    ],
)
def test_a_failed_claim_is_taken_over_by_an_event_once_it_cannot_be_redriven(
    machine: Machine, waited: timedelta, after: str
) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    machine.fail(first)
    machine.pass_time(waited)
    assert machine.start(event)[1] == after


def test_a_failed_claim_that_was_never_redrivable_is_taken_over_at_once(machine: Machine) -> None:
    event = machine.upload(KEY, b"{}")
    first, _ = machine.start(event)
    machine.fail(first, redrivable=False)
    machine.pass_time(timedelta(seconds=1))
    assert machine.start(event)[1] == "PlanRanges"


def test_a_late_event_of_older_content_fails_where_the_bucket_has_no_versions(
    machine: Machine,
) -> None:
    older = machine.upload(KEY, b"old")
    newer, _ = machine.start(machine.upload(KEY, b"new"))
    with pytest.raises(ResultsObjectChanged):
        machine.start(older)
    assert _owner(machine) == newer


def test_a_late_event_of_an_older_version_does_not_displace_a_newer_one(machine: Machine) -> None:
    older = machine.upload(KEY, b"old", versioned=True)
    newer, _ = machine.start(machine.upload(KEY, b"new", versioned=True))
    assert machine.start(older)[1] == "AlreadyClaimed"
    assert _owner(machine) == newer


def test_an_older_event_that_was_resolved_in_time_but_claims_late_displaces_nothing(
    machine: Machine,
) -> None:
    """The object may be replaced between ResolveJob and ClaimObject."""
    older = machine.upload(KEY, b"old")
    slow, _ = machine.start(older)
    resolved = machine.arrived[slow]
    newer, _ = machine.start(machine.upload(KEY, b"new"))
    assert machine.claim_object("arn:execution:slower", resolved) == "AlreadyClaimed"
    assert _owner(machine) == newer


def test_content_that_comes_back_is_new_work_again(machine: Machine) -> None:
    machine.start(machine.upload(KEY, b"a"))
    machine.start(machine.upload(KEY, b"b"))
    third, after = machine.start(machine.upload(KEY, b"a"))
    assert (after, _owner(machine), machine.claims()[KEY].generation) == ("PlanRanges", third, 3)


def test_sequencers_of_different_lengths_are_ordered_as_s3_orders_them(machine: Machine) -> None:
    older = machine.upload(KEY, b"old", versioned=True)
    newer = machine.upload(KEY, b"new", versioned=True)
    older["detail"]["object"]["sequencer"] = "0055AED6DCD90281E5"
    newer["detail"]["object"]["sequencer"] = "0055AED6DD"
    second, _ = machine.start(newer)
    assert machine.start(older)[1] == "AlreadyClaimed"
    assert _owner(machine) == second


def test_an_event_written_by_hand_claims_other_content(machine: Machine) -> None:
    machine.start(machine.upload(KEY, b"a"))
    by_hand = machine.upload(KEY, b"b")
    del by_hand["detail"]["object"]["sequencer"]
    assert machine.start(by_hand)[1] == "PlanRanges"
    assert machine.start(by_hand)[1] == "AlreadyClaimed"
    assert machine.start(machine.upload(KEY, b"c"))[1] == "PlanRanges"

"""One rule of precedence: the function, and what says it elsewhere, over all cases."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.unclaimed import UnclaimedFailures
from functions.domain.attribute_values import to_item
from functions.domain.claims import (
    Claim,
    ClaimState,
    Content,
    Precedence,
    counting_claims,
    precedence,
    replaces_failure,
)
from functions.domain.timestamps import timestamp
from tests.workflow.machine import JOB, START, Machine

KEY = f"batch-output/{JOB}/a.jsonl.out"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """A claim (None: there is none), and content that asks for its object."""

    state: ClaimState | None
    lapsed: bool
    same_etag: bool
    order: str
    on_purpose: bool

    @property
    def claim(self) -> Claim | None:
        if self.state is None:
            return None
        return Claim(
            key=KEY,
            etag="old",
            owner="arn:owner",
            generation=1,
            state=self.state,
            event_time=START,
            claimed_at=START,
            redrivable_until=START + (HOUR if self.lapsed else 3 * HOUR),
            sequencer="" if self.order == "claim has none" else "05",
        )

    @property
    def content(self) -> Content:
        sequencer = {"older": "04", "equal": "05", "newer": "06", "content has none": ""}
        return Content(
            "old" if self.same_etag else "new",
            sequencer.get(self.order, "05"),
            on_purpose=self.on_purpose,
        )

    @property
    def expected(self) -> Precedence:
        """By the contract: a new ETag, a replay, or an event once the claim has lapsed."""
        if self.state is None or self.on_purpose:
            return Precedence.CONTENT
        if self.order == "older":
            return Precedence.CLAIM
        open_again = self.state is ClaimState.FAILED and self.lapsed
        return Precedence.CONTENT if not self.same_etag or open_again else Precedence.CLAIM


CASES = [
    Case(*each)
    for each in itertools.product(
        (None, *ClaimState),
        (False, True),
        (False, True),
        ("older", "equal", "newer", "content has none", "claim has none"),
        (False, True),
    )
]
NOW = START + 2 * HOUR


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_and_the_condition_of_claim_object_agree(case: Case) -> None:
    assert precedence(case.claim, case.content, now=NOW) is case.expected
    machine = Machine(now=NOW)
    if (claim := case.claim) is not None:
        row = {
            "pk": f"job#{JOB}",
            "sk": f"claim#{KEY}",
            "etag": claim.etag,
            "owner": claim.owner,
            "generation": 1,
            "state": claim.state.value,
            "eventTime": timestamp(START),
            "claimedAt": timestamp(START),
            **({"sequencer": claim.sequencer} if claim.sequencer else {}),
        }
        if claim.state is ClaimState.FAILED:
            assert claim.redrivable_until is not None
            row["redrivableUntil"] = timestamp(claim.redrivable_until)
        machine.dynamodb.put_item(TableName="ledger", Item=to_item(row))
    assert (_claims(machine, case) == "PlanRanges") is (case.expected is Precedence.CONTENT)


def _claims(machine: Machine, case: Case) -> str:
    """The state after ClaimObject, of what ResolveJob makes of an event of the content."""
    event = machine.upload(KEY, b"")
    described = event["detail"]["object"]
    stored = machine.s3.objects[KEY]
    machine.s3.objects[KEY] = type(stored)(stored.body, case.content.etag, stored.version)
    described["etag"], described["sequencer"] = case.content.etag, case.content.sequencer
    if case.on_purpose:
        event["replay"] = {"reason": "on purpose"}
    return machine.start(event)[1]


@pytest.mark.parametrize(
    ("created", "winner"),
    [(-HOUR, Precedence.CLAIM), (timedelta(), Precedence.CLAIM), (HOUR, Precedence.CONTENT)],
)
@pytest.mark.parametrize("orders", [("", ""), ("05", ""), ("", "05")])
def test_without_an_order_of_events_the_clock_decides(
    created: timedelta, winner: Precedence, orders: tuple[str, str]
) -> None:
    claim = Case(ClaimState.DONE, False, False, "claim has none", False).claim
    assert claim is not None
    claim = Claim(**{**vars(claim), "sequencer": orders[0]})
    content = Content("new", orders[1], created=START + created)
    assert precedence(claim, content) is winner
    same = Content("old", orders[1], created=START + created)
    assert precedence(claim, same) is Precedence.CLAIM


FAILURES = [
    (owner, sequencer, hours)
    for owner in ("one", "two")
    for sequencer in ("", "04", "06")
    for hours in (0, 1)
]


@pytest.mark.parametrize(
    ("recorded", "failure"), list(itertools.product(FAILURES, repeat=2)), ids=str
)
def test_the_failure_that_is_recorded_is_the_one_that_the_rule_says(
    machine: Machine, recorded: tuple[str, str, int], failure: tuple[str, str, int]
) -> None:
    rows = UnclaimedFailures(machine.ledger)
    first, second = _failure(*recorded), _failure(*failure)
    assert rows.fail(first, JOB, failure={}, now=START)
    replaced = rows.fail(second, JOB, failure={}, now=START)
    assert replaced is replaces_failure(second, first)
    (now,) = rows.for_job(JOB)
    assert now.owner == (second if replaced else first).owner


def _failure(owner: str, sequencer: str, hours: int) -> Claim:
    return Claim(
        key=KEY,
        etag="e",
        owner=owner,
        generation=0,
        state=ClaimState.FAILED,
        event_time=START + hours * HOUR,
        sequencer=sequencer,
    )


@pytest.mark.parametrize("case", [case for case in CASES if not case.on_purpose], ids=str)
def test_a_failure_before_the_claim_counts_where_its_content_would_take_precedence(
    case: Case,
) -> None:
    content: Any = case.content
    failure = Claim(
        key=KEY,
        etag=content.etag,
        owner="arn:failed",
        generation=0,
        state=ClaimState.FAILED,
        event_time=START + HOUR,
        sequencer=content.sequencer,
    )
    claims = [claim] if (claim := case.claim) else []
    counts = failure in counting_claims(claims, [failure])
    seen = Content(content.etag, content.sequencer, START + HOUR)
    assert counts is (precedence(claim, seen) is Precedence.CONTENT)
    if claim is None or (not case.same_etag and case.order != "older"):
        assert counts
    if claim is not None and case.same_etag:
        assert not counts

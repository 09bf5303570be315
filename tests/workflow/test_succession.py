"""PlanRanges lets the workers of an earlier claim end before its own begin."""

from typing import Any

import pytest

from functions.aws.writing.attempts import SUCCESSION_SECONDS, AttemptRow
from functions.domain.ledger_rows import object_partition
from functions.plan_ranges import handler
from tests.unit.load.fake_time import FakeTime
from tests.workflow.claimed_object import DATA, KEY, Clock, ingest
from tests.workflow.rows import put_claim, put_job


@pytest.fixture
def clock(aws: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """The planner's clock, where an object is claimed."""
    _, dynamodb = aws
    put_job(dynamodb)
    clock = Clock()
    monkeypatch.setattr(handler, "time", clock)
    monkeypatch.setenv("RANGE_BYTES", "1024")
    return clock


@pytest.mark.parametrize(
    ("generation", "earlier", "ends_in", "waits"),
    [
        (1, 1, 300, []),  # its own attempts, before a redrive: they make the same items
        (2, 1, None, []),
        (2, 1, 300, [SUCCESSION_SECONDS]),
        (2, 1, 2, [2]),
        (2, 1, -5, []),
        (3, 1, 300, [SUCCESSION_SECONDS]),
    ],
)
def test_it_waits_for_those_before_it(
    aws: tuple[Any, Any],
    clock: FakeTime,
    generation: int,
    earlier: int,
    ends_in: int | None,
    waits: list[float],
) -> None:
    _, dynamodb = aws
    put_claim(dynamodb, "job-1", KEY, generation=generation)
    partition = object_partition("job-1", KEY, earlier)
    attempt = AttemptRow(dynamodb, "ledger", partition, 1024, caller="a worker's", expires=1)
    attempt.begin(now=clock.now, ends_by=clock.now + (ends_in or 300))
    if ends_in is None:
        attempt.end()
    planned = handler.handler(ingest("e", generation=generation), None)
    assert planned["plan"]["items"] == -(-len(DATA) // 1024)
    assert clock.slept == waits

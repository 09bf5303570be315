"""Two attempts at one range at once, and a person's edit between any two steps of either."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from functions.aws.writing import writer
from tests.workflow.claimed_object import DATA, IMAGES, ClaimedObject
from tests.workflow.memory.interruptions import Interruptions, calls_of


@pytest.fixture
def new_claimed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], ClaimedObject]:
    return lambda: ClaimedObject(monkeypatch)


def _holds_every_record(claimed: ClaimedObject) -> None:
    assert set(claimed.transactions) == set(IMAGES)
    coverage = claimed.coverage()
    assert coverage.missing == ()
    (segment,) = coverage.chain
    assert (segment.span.end, segment.counts.total) == (len(DATA), len(IMAGES) + 1)
    assert segment.dead_letters is not None
    assert [each["reason"] for each in claimed.dead_letters(segment.dead_letters)] == [
        "InvalidJson"
    ]


def _holds_edits(claimed: ClaimedObject, edited: set[str]) -> None:
    theirs = {image for image, item in claimed.transactions.items() if item["version"] == 2}
    assert theirs >= edited
    assert {claimed.transactions[image]["merchant"] for image in edited} <= {"a person's"}


@pytest.mark.parametrize(
    "again",
    [
        {},  # the same call is tried once more
        {"undisturbed": False},
        {"range": {"from": 0, "to": len(DATA), "again": True}},
        {"claim": {"generation": 2, "eventTime": "2026-07-01T00:00:00Z"}},
    ],
    ids=["retry", "continued", "planned again", "replay"],
)
def test_a_second_pass_spares_a_persons_work_and_mends_everything_else(
    new_claimed: Callable[[], ClaimedObject], again: dict[str, Any]
) -> None:
    claimed = new_claimed()
    claimed.load()
    table = claimed.dynamodb.tables["transactions"]
    by_image = {item["imageId"]["S"]: key for key, item in table.items()}
    table[by_image["image-7"]] |= {"version": {"N": "2"}, "merchant": {"S": "a person's"}}
    before = claimed.transactions
    del table[by_image["image-9"]]
    second = Interruptions()
    claimed.load(second, **again)
    assert "batch_execute_statement" in second.calls
    assert "batch_write_item" not in second.calls
    assert claimed.transactions == before


def test_an_edit_between_any_two_steps_of_an_attempt_and_of_its_repetition_stays(
    new_claimed: Callable[[], ClaimedObject],
) -> None:
    first = calls_of(new_claimed().load)
    assert first.count("batch_write_item") == 3
    found = 0
    for number in range(len(first)):
        claimed, edited = new_claimed(), set[str]()

        def edit(claimed: ClaimedObject = claimed, edited: set[str] = edited) -> None:
            edited |= claimed.edit_all()

        claimed.load(Interruptions(meanwhile={number: edit}))
        claimed.load()
        _holds_every_record(claimed)
        _holds_edits(claimed, edited)
        found = max(found, len(edited))
    assert found == len(IMAGES)


def test_a_second_attempt_at_any_step_of_the_first_and_an_edit_after_it_lose_nothing(
    new_claimed: Callable[[], ClaimedObject],
) -> None:
    """The first goes on when the second is done and a person has edited all of it.

    Not in the middle of a put: that one ends, or is given up, before a second attempt begins.
    """
    steps = calls_of(new_claimed().load)
    for number, step in enumerate(steps):
        if step == "batch_write_item":
            continue
        claimed = new_claimed()

        def overtake(claimed: ClaimedObject = claimed) -> None:
            claimed.load()
            assert claimed.edit_all() == set(IMAGES)

        claimed.load(Interruptions(meanwhile={number: overtake}))
        _holds_every_record(claimed)
        _holds_edits(claimed, set(IMAGES))


@pytest.mark.parametrize("tried_again", [False, True])
def test_an_execution_that_lost_its_claim_at_any_step_writes_nothing_over_newer_content(
    new_claimed: Callable[[], ClaimedObject], *, tried_again: bool
) -> None:
    """What it sent before ends, or is given up, before the newer content is written."""

    def begin() -> ClaimedObject:
        claimed = new_claimed()
        if tried_again:
            claimed.load()
        return claimed

    steps = calls_of(begin().load)
    assert steps.count("batch_execute_statement" if tried_again else "batch_write_item") >= 3
    for number in range(len(steps)):
        claimed = begin()
        lost = Interruptions(
            meanwhile={number: claimed.lose_claim, number + 1: claimed.write_newer}
        )
        assert claimed.load(lost).finished
        assert not {"batch_write_item", "batch_execute_statement"} & set(lost.calls[number + 1 :])
        if len(lost.calls) > number + 1:
            assert {item["merchant"] for item in claimed.transactions.values()} == {"newer"}


def test_attempts_that_race_on_threads_of_their_own_lose_nothing(
    new_claimed: Callable[[], ClaimedObject], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        claimed = new_claimed()
        monkeypatch.setattr(writer, "THREADS", 4)
        together = threading.Barrier(3)

        def attempt(
            claimed: ClaimedObject = claimed, together: threading.Barrier = together
        ) -> None:
            together.wait(timeout=300)
            claimed.load_by_these()

        with claimed.clients(Interruptions()):
            racers = [threading.Thread(target=attempt) for _ in range(3)]
            for racer in racers:
                racer.start()
            for racer in racers:
                racer.join(timeout=300)
        _holds_every_record(claimed)
        edited = claimed.edit_all()
        claimed.load()
        _holds_edits(claimed, edited)

"""A single thing that is not as it must be is found, and named."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo.batch import Batch
from demo.comparison import compare
from demo.expectation import Expectation
from demo.generator import account_recipe, make_batch
from demo.observation import Observation

EVENT = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
ETAG = "0f" * 16
TIME = "2026-03-31T20:00:09Z"


@pytest.fixture(scope="module")
def batch() -> Batch:
    return make_batch(account_recipe("run1", records=40), run="run1", now=EVENT, seed=1)


@pytest.fixture
def perfect(batch: Batch) -> Observation:
    expected = Expectation(batch, EVENT)
    counts = expected.counts()
    stats = {k: v for k, v in counts.items() if not k.endswith(("missingCount", "unexpectedCount"))}
    folder = f"dead-letters/{batch.job.job_id}/{batch.name}/{ETAG}"
    letters = [
        {"details": ["why"], "excerpt": "", **letter}
        for letter in expected.dead_letters(etag=ETAG).values()
    ]
    images = copy.deepcopy(expected.image_records())
    for record in images.values():
        if record["status"] == "processed":
            record["processedAt"] = TIME
    state = {"objects": 1, "objectsDone": 1, "objectsFailed": 0, "ranges": 2, "rangesDone": 2}
    claim = {"etag": ETAG, "state": "done", "generation": 1, "size": len(batch.body)}
    return Observation(
        transactions=expected.transactions(),
        image_records=images,
        objects=expected.objects(),
        dead_letters=[
            (f"{folder}/000000000000000-{len(batch.body):015d}.jsonl", letter) for letter in letters
        ],
        job_record={
            **expected.job_record(batch.manifest()),
            "completedAt": TIME,
            "ingestState": {**state, "executions": ["arn"], "revision": 2, "updatedAt": TIME},
        },
        claims={
            f"claim#{batch.key}": {
                **claim,
                "owner": "arn",
                "eventTime": "2026-03-31T20:00:00Z",
                "stats": stats,
            }
        },
        manifest=batch.manifest(),
    )


def differences(batch: Batch, seen: Observation) -> list[str]:
    around = timedelta(seconds=1)
    return compare(batch, seen, etag=ETAG, not_before=EVENT - around, not_after=EVENT + around)


def test_a_perfect_run_has_no_difference(batch: Batch, perfect: Observation) -> None:
    assert differences(batch, perfect) == []


def _without_first(values: Any) -> Any:
    return dict(list(values.items())[1:])


def _changed(name: str, **changes: object) -> Callable[[Observation], dict[str, Any]]:
    def change(seen: Observation) -> dict[str, Any]:
        values = dict(getattr(seen, name))
        first = next(iter(values))
        return {name: {**values, first: {**values[first], **changes}}}

    return change


def _letter(**changes: object) -> Callable[[Observation], dict[str, Any]]:
    def change(seen: Observation) -> dict[str, Any]:
        (key, letter), *rest = seen.dead_letters
        return {"dead_letters": [(key, {**letter, **changes}), *rest]}

    return change


SPOILED: dict[str, tuple[Callable[[Observation], dict[str, Any]], str]] = {
    "a transaction is lost": (
        lambda seen: {"transactions": _without_first(seen.transactions)},
        "is missing",
    ),
    "an amount is off": (_changed("transactions", amount=1), ", amount: 1 instead of"),
    "true has become 1": (_changed("transactions", aiProcessed=1), "aiProcessed: 1 instead of"),
    "an attribute too many": (_changed("transactions", extra=1), "extra: 1 instead of nothing"),
    "an image is lost": (lambda seen: {"objects": _without_first(seen.objects)}, "is missing"),
    "an image was not deleted": (
        lambda seen: {"objects": {**seen.objects, "uploads/user-run1/x": b""}},
        "image uploads/user-run1/x: should not be there",
    ),
    "an image record is untouched": (_changed("image_records", status="pending"), "pending"),
    "a dead letter is lost": (
        lambda seen: {"dead_letters": seen.dead_letters[1:]},
        "is missing",
    ),
    "a dead letter is doubled": (
        lambda seen: {"dead_letters": [*seen.dead_letters, seen.dead_letters[0]]},
        "is there 2 times",
    ),
    "a reason is another": (_letter(reason="Other"), "reason: 'Other' instead of"),
    "an excerpt shows the input": (_letter(excerpt='{"modelInput'), "shows modelInput"),
    "an excerpt is long": (_letter(excerpt="x" * 1025), "longer than 1 KiB"),
    "details are no list": (_letter(details="why"), "is not a list of strings"),
    "the job is open": (
        lambda seen: {"job_record": {**seen.job_record, "status": "INGESTING"}},
        "'INGESTING' instead of 'COMPLETED'",
    ),
    "the job was never completed": (
        lambda seen: {"job_record": {**seen.job_record, "completedAt": ""}},
        "completedAt: '' is not a time",
    ),
    "the claim is open": (_changed("claims", state="claimed"), "'claimed' instead of 'done'"),
    "the event is of another time": (
        _changed("claims", eventTime="2026-03-31T23:00:00Z"),
        "outside of the upload",
    ),
    "nothing was claimed": (lambda _: {"claims": {}}, "was never claimed"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_differs_is_named(batch: Batch, perfect: Observation, name: str) -> None:
    change, sentence = SPOILED[name]
    found = differences(batch, replace(perfect, **change(perfect)))
    assert any(sentence in each for each in found), found

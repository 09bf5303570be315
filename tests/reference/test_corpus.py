"""The generator plants what it says: the reference finds every record where and as it was put."""

from decimal import Decimal

import pytest

from tests.reference import corpus, lines
from tests.reference.corpus import Corpus, Knobs
from tests.reference.records import Good, Padding, Reason, Reject, read
from tests.reference.transactions import Job, Retention, Stored, judge, number, refusals

JOB = Job(job_id="job-1", intent_id="intent-1", user_id="user-1", model_id="m", trace_id="t")

LAYOUTS = [
    Knobs(seed=1, lines=300, guaranteed=True),
    Knobs(seed=2, lines=300, crlf_share=1.0, byte_order_mark=True, final_newline=False),
    Knobs(seed=3, lines=300, blank_line_share=0.5, tab_share=1.0, byte_order_mark=True),
    Knobs(seed=4, lines=300, reject_share=1.0, final_newline=False),
    Knobs(seed=5, lines=300, duplicate_share=0.5, odd_id_share=1.0, reject_share=0.0),
    Knobs(seed=6, lines=300, escaped_share=1.0, description_characters=(0, 3000)),
    Knobs(seed=7, lines=30, model_input_bytes=(50_000, 200_000)),
    Knobs(seed=8, lines=0),
]


@pytest.mark.parametrize("knobs", LAYOUTS, ids=lambda knobs: f"seed-{knobs.seed}")
def test_the_reference_finds_what_was_planted(knobs: Knobs) -> None:
    made = corpus.generate(knobs)
    found = list(lines.split(made.data))
    assert [(line.offset, line.length) for line in found] == [
        (each.offset, each.length) for each in made.planted
    ]
    for line, planted in zip(found, made.planted, strict=True):
        verdict = judge(
            line.content,
            job=JOB,
            event_time="2026-07-01T00:00:00Z",
            retention=Retention(),
            limit=knobs.line_limit,
        )
        if isinstance(verdict, Padding):
            assert planted.is_padding
        elif isinstance(verdict, Reject):
            assert (verdict.reason, verdict.record_id) == (planted.reason, planted.image_id)
        else:
            _check_item(verdict, planted)


def _check_item(stored: Stored, planted: corpus.Planted) -> None:
    assert planted.reason is None
    assert planted.receipt is not None
    assert not refusals(stored.item)
    for name in ("type", "date", "merchant", "category", "description"):
        assert stored.item[name] == {"S": getattr(planted.receipt, name)}
    assert stored.item["imageId"] == {"S": planted.image_id}
    assert Decimal(str(stored.item["amount"]["N"])) == planted.receipt.amount
    assert number(str(stored.item["amount"]["N"])) == number(str(planted.receipt.amount))


def test_a_guaranteed_corpus_holds_every_reason_and_form() -> None:
    made = corpus.generate(Knobs(seed=9, lines=30, guaranteed=True))
    assert {each.reason for each in made.planted} >= {*Reason, None}


def test_the_same_knobs_give_the_same_bytes() -> None:
    knobs = Knobs(seed=10, lines=100)
    assert corpus.generate(knobs) == corpus.generate(knobs)


def test_counts_add_up() -> None:
    made: Corpus = corpus.generate(Knobs(seed=11, lines=500, duplicate_share=0.3))
    counts = made.counts()
    assert counts["totalCount"] == 500
    assert counts["duplicateCount"] > 0
    assert counts["failureCount"] == sum(made.rejects_by_reason().values())


def test_good_is_what_the_reference_says_of_a_planted_transaction() -> None:
    made = corpus.generate(Knobs(seed=12, lines=50, reject_share=0.0, padding_share=0.0))
    assert all(isinstance(read(line.content), Good) for line in lines.split(made.data))

"""A segment's items, counts and dead letters are those of the contract (1.6, 2 and 3.3)."""

import pytest

from tests.reference import corpus, lines, transactions
from tests.reference.corpus import Knobs
from tests.reference.product import Product, load
from tests.reference.records import Reason, Reject
from tests.reference.transactions import Job, Retention, Stored, WireItem

JOB = Job(job_id="job-1", intent_id="intent-1", user_id="user-1", model_id="m", trace_id="t")
EVENT_TIME = "2026-07-01T00:00:00Z"
KEY, ETAG = "batch-output/job-1/a b+領収書.jsonl.out", '"etag-1"'


@pytest.mark.parametrize("seed", range(8))
def test_a_segment_is_that_of_the_contract(seed: int) -> None:
    knobs = Knobs(
        seed=1000 + seed,
        lines=400,
        reject_share=(0.0, 0.1, 0.5, 1.0)[seed % 4],
        duplicate_share=0.4,
        guaranteed=seed % 2 == 0,
        byte_order_mark=seed > 3,
        blank_line_share=0.2,
        crlf_share=0.5,
        final_newline=seed % 3 != 0,
    )
    made = corpus.generate(knobs)
    product = Product.of(JOB, event_time=EVENT_TIME, retention=Retention(), limit=knobs.line_limit)
    found = load(made.data, product, key=KEY, etag=ETAG)

    assert found.counts == {**made.counts(), "rejectsByReason": made.rejects_by_reason()}

    items: dict[str, WireItem] = {}
    letters = iter(found.dead_letters)
    for line in lines.split(made.data):
        verdict = transactions.judge(
            line.content,
            job=JOB,
            event_time=EVENT_TIME,
            retention=Retention(),
            limit=knobs.line_limit,
        )
        if isinstance(verdict, Reject):
            letter = next(letters)
            expected = {"key": KEY, "etag": ETAG, "offset": line.offset, "length": line.length}
            expected |= {"reason": verdict.reason.value}
            if verdict.record_id is not None:
                expected["recordId"] = verdict.record_id
            elif verdict.reason in (Reason.LINE_TOO_LONG, Reason.INVALID_JSON):
                letter.pop("recordId", None)  # As the line may give one away.
            said = {name: letter.pop(name) for name in ("details", "excerpt")}
            assert letter == expected
            assert all(isinstance(detail, str) for detail in said["details"])
        elif isinstance(verdict, Stored):
            items[str(verdict.item["transactionId"]["S"])] = verdict.item
    assert next(letters, None) is None

    for item in (*found.items.values(), *items.values()):
        item["amount"] = {"N": transactions.number(str(item["amount"]["N"])).plain()}
    assert found.items == items


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \t\r\n\r\n ", b"\r", b" "]
)
def test_nothing_comes_of_nothing(data: bytes) -> None:
    product = Product.of(JOB, event_time=EVENT_TIME, retention=Retention(), limit=100)
    found = load(data, product, key=KEY, etag=ETAG)
    assert not found.items
    assert not found.dead_letters
    assert found.counts["totalCount"] == 0


@pytest.mark.parametrize("limit", [10, 11, 12])
def test_the_bound_is_that_of_the_content(limit: int) -> None:
    """A line of exactly the bound is read; neither CRLF nor a byte-order mark counts."""
    data = b"\xef\xbb\xbf" + b"x" * 11 + b"\r\n" + b" " * 11 + b"\n" + b"x" * 11
    product = Product.of(JOB, event_time=EVENT_TIME, retention=Retention(), limit=limit)
    found = load(data, product, key=KEY, etag=ETAG)
    reasons = {"LineTooLong": 3} if limit < 11 else {"InvalidJson": 2}
    assert found.counts["rejectsByReason"] == reasons

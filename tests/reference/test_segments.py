"""A segment's items, counts and dead letters are those of the contract (1.6, 2 and 3.3)."""

import random
from collections import Counter

import pytest

from tests.reference import lines, mutate, transactions
from tests.reference.product import Product, load
from tests.reference.records import Padding, Reason, Reject
from tests.reference.transactions import Context, WireItem

KEY, ETAG = "batch-output/job-1/a b+領収書.jsonl.out", '"etag-1"'
CONTEXT = Context(limit=40_000)


@pytest.mark.parametrize("seed", range(8))
def test_a_segment_is_that_of_the_contract(seed: int) -> None:
    """Of damaged lines, several of them of one image: the last good one counts."""
    cases = (mutate.case(1000 + seed, n, image_id=f"image-{n // 4 % 50}").line for n in range(600))
    data = mutate.joined(cases, random.Random(seed))
    found = load(data, Product.of(CONTEXT), key=KEY, etag=ETAG)

    items: dict[str, WireItem] = {}
    rejects: Counter[str] = Counter()
    good = padding = 0
    letters = iter(found.dead_letters)
    for line in lines.split(data):
        verdict = transactions.judge(line.content, CONTEXT)
        if isinstance(verdict, Reject):
            rejects[verdict.reason.value] += 1
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
        elif isinstance(verdict, Padding):
            padding += 1
        else:
            good += 1
            items[str(verdict.item["transactionId"]["S"])] = verdict.item
    assert next(letters, None) is None
    assert found.counts == {
        "totalCount": good + padding + rejects.total(),
        "successCount": len(items),
        "failureCount": rejects.total(),
        "duplicateCount": good - len(items),
        "paddingCount": padding,
        "rejectsByReason": rejects,
    }

    for item in (*found.items.values(), *items.values()):
        item["amount"] = {"N": transactions.number(str(item["amount"]["N"])).plain()}
    assert found.items == items


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \t\r\n\r\n ", b"\r", b" "]
)
def test_nothing_comes_of_nothing(data: bytes) -> None:
    found = load(data, Product.of(CONTEXT), key=KEY, etag=ETAG)
    assert not found.items
    assert not found.dead_letters
    assert found.counts["totalCount"] == 0


@pytest.mark.parametrize("limit", [10, 11, 12])
def test_the_bound_is_that_of_the_content(limit: int) -> None:
    """A line of exactly the bound is read; neither CRLF nor a byte-order mark counts."""
    data = b"\xef\xbb\xbf" + b"x" * 11 + b"\r\n" + b" " * 11 + b"\n" + b"x" * 11
    found = load(data, Product.of(Context(limit=limit)), key=KEY, etag=ETAG)
    reasons = {"LineTooLong": 3} if limit < 11 else {"InvalidJson": 2}
    assert found.counts["rejectsByReason"] == reasons

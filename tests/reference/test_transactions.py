"""The item's own rules: ids, times, and what DynamoDB would refuse (the contract, section 2)."""

import random

import pytest

from functions.domain.timestamps import jst_date, parse_timestamp, timestamp
from tests.reference import transactions
from tests.reference.answers import Answer
from tests.reference.object_keys import processed_key
from tests.reference.receipts import Amount, Receipt
from tests.reference.records import Good
from tests.reference.transactions import Job, Retention, WireItem

GOOD = Good("image-1", Answer(""), Receipt(Amount("1", 0), "income", "2026-07-01", "m", "fee", ""))


def item(*, user_id: str = "user-1", retention: Retention | None = None) -> WireItem:
    return transactions.transaction(
        GOOD,
        job=Job(job_id="job-1", intent_id="i", user_id=user_id),
        event_time="2026-07-01T00:00:00Z",
        retention=retention or Retention(),
    )


def test_the_attributes_are_those_of_the_contract() -> None:
    assert item() == {
        "userId": {"S": "user-1"},
        "transactionId": {"S": "eb01ff403b4fc965bedefa8e"},
        "jobId": {"S": "job-1"},
        "intentId": {"S": "i"},
        "imageId": {"S": "image-1"},
        "amount": {"N": "1"},
        "type": {"S": "income"},
        "date": {"S": "2026-07-01"},
        "merchant": {"S": "m"},
        "category": {"S": "fee"},
        "description": {"S": ""},
        "status": {"S": "unconfirmed"},
        "version": {"N": "1"},
        "aiProcessed": {"BOOL": True},
        "isGuest": {"BOOL": False},
        "extractedAt": {"S": "2026-07-01T00:00:00Z"},
        "createdAt": {"S": "2026-07-01T00:00:00Z"},
        "updatedAt": {"S": "2026-07-01T00:00:00Z"},
        "ttl": {"N": "1814400000"},
    }


@pytest.mark.parametrize(
    ("user_id", "guest", "ttl"),
    [
        ("device-1", True, "1788048000"),
        ("ephemeral-", True, "1788048000"),
        ("Device-1", False, "1814400000"),
        ("device", False, "1814400000"),
    ],
)
def test_guests_are_kept_for_less_long(user_id: str, guest: bool, ttl: str) -> None:
    made = item(user_id=user_id)
    assert (made["isGuest"], made["ttl"]) == ({"BOOL": guest}, {"N": ttl})


def test_no_expiry_is_no_ttl() -> None:
    assert "ttl" not in item(retention=Retention(guest_days=None, account_days=None))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("userId", {"S": ""}),
        ("userId", {"S": "é" * 1025}),
        ("date", {"S": ""}),
        ("amount", {"N": "1" * 39}),
        ("amount", {"N": "1e-131"}),
        ("amount", {"N": "NaN"}),
        ("amount", {"N": ""}),
        ("amount", {"N": "1." + "0" * 38}),
        ("description", {"S": "x" * 400 * 1024}),
    ],
)
def test_what_dynamodb_documents_to_refuse_is_found(
    name: str, value: dict[str, str | bool]
) -> None:
    assert not transactions.refusals(item())
    assert transactions.refusals({**item(), name: value})


def test_sizes_are_counted_as_documented() -> None:
    assert transactions.item_size({"é": {"S": "日本"}}) == 2 + 6
    assert transactions.item_size({"a": {"BOOL": True}}) == 2
    assert transactions.item_size({"a": {"N": "1"}}) == 1 + 1 + 1
    assert transactions.item_size({"a": {"N": "1200"}}) == 1 + 1 + 1
    assert transactions.item_size({"a": {"N": "123"}}) == 1 + 2 + 1
    assert transactions.item_size({"a": {"N": "0.001234"}}) == 1 + 2 + 1
    assert transactions.item_size({"a": {"N": "1" * 12 + "." + "1" * 26}}) == 1 + 19 + 1


def test_they_agree_on_times() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        seconds = f"{chance.randint(2000, 2099)}-{chance.randint(1, 12):02d}"
        seconds += f"-{chance.randint(1, 28):02d}T{chance.randint(0, 23):02d}"
        seconds += f":{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
        written = seconds + chance.choice(("", ".000", ".999", ".999999")) + "Z"
        at = parse_timestamp(written)
        event_time = transactions.cut_to_seconds(written)
        assert timestamp(at) == event_time == f"{seconds}Z"
        assert f"processed/{jst_date(at)}/a/b" == processed_key("uploads/a/b", event_time)
        assert int(at.timestamp()) == transactions.expiry(event_time, 0)

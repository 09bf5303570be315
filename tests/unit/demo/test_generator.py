"""The demo's input is what it claims to be, and its expectation adds up."""

import json
from datetime import UTC, datetime

import pytest

from demo.batch import Batch
from demo.expectation import Expectation
from demo.generator import (
    account_recipe,
    guest_recipe,
    make_batch,
    make_demo,
    rejects_by_reason,
)
from functions.domain.receipts.reject import RejectReason

NOW = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def account() -> Batch:
    return make_batch(account_recipe("run1", records=60), run="run1", now=NOW, seed=1)


@pytest.fixture(scope="module")
def guest() -> Batch:
    return make_batch(guest_recipe("run1", records=30), run="run1", now=NOW, seed=1)


def test_the_demo_is_large_enough_to_mean_something() -> None:
    batches = make_demo(run="run1", now=NOW)
    records = sum(batch.records for batch in batches)
    assert records >= 600
    assert sum(len(batch.body) for batch in batches) >= 40_000_000
    assert 0.02 <= sum(len(batch.flawed) for batch in batches) / records <= 0.08
    assert all(batch.duplicates for batch in batches)
    assert len({*rejects_by_reason(batches[0]), *rejects_by_reason(batches[1])}) >= 5


def test_counts_add_up_to_the_lines_of_the_object(account: Batch, guest: Batch) -> None:
    for batch in (account, guest):
        lines = [line for line in batch.body.split(b"\n") if line.strip()]
        counts = Expectation(batch, NOW).counts()
        assert counts["totalCount"] == len(lines) == batch.job.pending_image_count
        assert len(lines) == (
            counts["successCount"] + counts["failureCount"] + counts["duplicateCount"]
        )
        assert counts["failureCount"] == sum(counts["rejectsByReason"].values())
        assert counts["successCount"] == counts["imagesMigrated"] + counts["imagesLeft"]
        assert batch.manifest()["totalRecordCount"] == len(lines)


def test_answers_come_as_models_give_them(account: Batch) -> None:
    for sign in (b'"toolUse":', b"```json", b"<thinking>The total"):
        assert account.body.count(sign) > 2, sign


def test_flawed_records_lie_where_they_are_said_to(account: Batch, guest: Batch) -> None:
    for batch in (account, guest):
        for each in batch.flawed:
            line = batch.body[each.offset : each.offset + each.length]
            assert not line.endswith((b"\r", b"\n"))
            before = batch.body[: each.offset]
            assert before.endswith((b"\n", b"\xef\xbb\xbf")) or not before
            assert _is_json(line) is (each.flaw.reason is not RejectReason.INVALID_JSON)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def test_the_account_users_lines_echo_whole_images(account: Batch) -> None:
    first = json.loads(account.body.split(b"\n", 1)[0])
    source = first["modelInput"]["messages"][0]["content"][0]["image"]["source"]["bytes"]
    assert source.startswith("/9j/")
    assert len(source) > 30_000


def test_the_guests_file_is_as_an_editor_on_windows_saves_it(guest: Batch) -> None:
    assert guest.body.startswith(b"\xef\xbb\xbf{")
    assert guest.body.count(b"\r\n") == guest.records - 1
    assert not guest.body.endswith(b"\n")


def test_the_same_seed_makes_the_same_receipts_under_other_ids() -> None:
    one, other = (
        make_batch(guest_recipe(run, records=30), run=run, now=NOW, seed=5) for run in ("a", "b")
    )
    assert list(one.receipts.values()) == list(other.receipts.values())
    assert not {*one.receipts} & {*other.receipts}


def test_dates_and_times_follow_the_event_time(account: Batch, guest: Batch) -> None:
    moved = next(iter(Expectation(account, NOW).objects()))
    assert moved.startswith("processed/2026-04-01/")  # 05:00 of the next day in Japan
    kept = {
        batch.job.user_id: next(iter(Expectation(batch, NOW).transactions().values()))["ttl"]
        for batch in (account, guest)
    }
    event = int(NOW.timestamp())
    assert kept == {"user-run1": event + 365 * 86400, "device-run1": event + 60 * 86400}

"""LoadSegment's handler on moto: who may replace, whose work stays, whose claim it is."""

import json
import time
from typing import Any

import pytest

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.writing import attempts
from functions.aws.writing.attempts import AttemptRow
from functions.aws.writing.write_permit import ClaimLost, WritePermit
from functions.domain.attribute_values import from_item, to_item
from functions.domain.budget_leases import Lease
from functions.domain.events import Event, Metric
from functions.domain.ledger_rows import lease_key, object_partition
from functions.load_segment.handler import handler
from functions.load_segment.loader import SegmentLoader
from functions.load_segment.settings import LoadSettings
from tests.workflow.aws_tables import BUCKET
from tests.workflow.claimed_object import DATA, KEY, Context, segment_work
from tests.workflow.rows import put_claim, put_job


class Loading:
    """A job with one object, and what is done with it."""

    def __init__(self, s3: Any, dynamodb: Any) -> None:
        self.s3, self.dynamodb = s3, dynamodb
        put_job(self.dynamodb)
        self.etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=DATA)["ETag"].strip('"')
        self.claim("execution-1")

    def claim(self, owner: str) -> None:
        put_claim(self.dynamodb, "job-1", KEY, etag=self.etag, owner=owner)

    def run(self, *, request: str = "request-1", **changes: Any) -> dict[str, Any]:
        return handler(segment_work(self.etag) | changes, Context(request))

    def items(self) -> dict[str, dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName="transactions")
        items = [from_item(item) for page in pages for item in page["Items"]]
        return {item["imageId"]: item for item in items}

    def leases(self) -> list[str]:
        rows = self.dynamodb.scan(TableName="ledger")["Items"]
        return [row["sk"]["S"] for row in rows if row["pk"]["S"].startswith("budget#")]


@pytest.fixture
def loading(aws: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Loading:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return Loading(*aws)


@pytest.fixture
def requests(loading: Loading) -> list[str]:
    """Names of the writes of transactions, in the order in which they are sent."""
    sent: list[str] = []

    def note(model: Any, **_: Any) -> None:
        sent.append(model.name)

    clients.transaction_writes().meta.events.register("before-call.dynamodb", note)
    return sent


def test_a_range_is_loaded_and_stated(loading: Loading, requests: list[str]) -> None:
    done = loading.run()
    assert done["finished"]
    assert set(loading.items()) == {f"image-{number}" for number in range(60)}
    assert requests == ["BatchWriteItem"] * 3
    (row,) = wiring.ledger(LoadSettings.read()).segments(object_partition("job-1", KEY, 1))
    assert (row.span.start, row.span.end) == (0, len(DATA))
    assert (row.counts.success, dict(row.counts.rejects)) == (60, {"InvalidJson": 1})
    letters = loading.s3.get_object(Bucket=BUCKET, Key=row.dead_letters)["Body"].read()
    assert [json.loads(line)["reason"] for line in letters.splitlines()] == ["InvalidJson"]


def test_the_output_has_the_counts_of_the_range_so_far_and_a_rate(loading: Loading) -> None:
    done = loading.run(counts={"successCount": 40, "rejectsByReason": {"ModelError": 2}})
    assert done["counts"] == {
        "totalCount": 103,
        "successCount": 100,
        "failureCount": 3,
        "duplicateCount": 0,
        "paddingCount": 0,
        "rejectsByReason": {"InvalidJson": 1, "ModelError": 2},
    }
    assert done["recordsPerSecond"] > 0


def test_the_rate_in_force_is_a_metric_and_is_printed(
    loading: Loading, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    loading.run(writeUnitsPerSecond=123.5)
    (printed,) = (each for each in caplog.records if each.msg == Event.SEGMENT_LOADED)
    assert vars(printed)["writeUnitsPerSecond"] == 123.5
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (counted,) = (line for line in written if "_aws" in line)
    assert counted[Metric.WRITE_UNITS_PER_SECOND] == [123.5]


def test_a_retry_s_first_pass_inserts_without_looking_for_items(
    loading: Loading, requests: list[str]
) -> None:
    job = {"jobId": "job-1", "intentId": "i", "submitTime": "s", "root": "job-0"}
    assert loading.run(job=job)["finished"]
    assert requests == ["BatchExecuteStatement"] * 3
    assert {item["jobId"] for item in loading.items().values()} == {"job-0"}
    assert len(loading.items()) == 60


def test_the_call_that_continues_a_disturbed_one_is_disturbed_too(loading: Loading) -> None:
    loading.run()
    assert loading.run(request="request-2")["undisturbed"] is False


def test_who_lost_the_claim_writes_nothing(loading: Loading, requests: list[str]) -> None:
    loading.claim("execution-2")
    assert loading.run()["finished"]
    assert requests == []


def _row(caller: str) -> AttemptRow:
    partition = object_partition("job-1", KEY, 1)
    return AttemptRow(clients.dynamodb(), "ledger", partition, 0, caller=caller, expires=1)


def test_the_row_of_an_attempt_says_which_was_first_and_which_must_wait(loading: Loading) -> None:
    first, second = _row("a"), _row("b")
    assert first.begin(now=100, ends_by=400).first
    assert first.begin(now=100, ends_by=400).first  # the SDK repeated it
    assert first.is_still_mine()
    came = second.begin(now=101, ends_by=401)
    assert (came.first, came.seconds) == (False, attempts.SUCCESSION_SECONDS)
    assert not first.is_still_mine()
    first.end()  # too late: the row is another's
    assert _row("c").begin(now=102, ends_by=402).seconds > 0
    _row("c").end()
    assert _row("d").begin(now=103, ends_by=403).seconds == 0
    assert _row("e").begin(now=500, ends_by=800).seconds == 0  # d was stopped long ago


def test_the_row_is_read_again_after_a_second_and_a_no_is_final() -> None:
    now, answers = [0.0], iter([True, False, True])
    place = WritePermit(
        True, lambda: next(answers), lambda: True, lambda: True, clock=lambda: now[0]
    )
    assert place.may_replace()
    now[0] = 0.9
    assert place.may_replace()
    now[0] = 1.0
    assert not place.may_replace()
    now[0] = 9.0
    assert not place.may_replace()


def test_a_late_answer_of_the_row_is_asked_for_again_and_relied_on_only_when_prompt() -> None:
    now, waits = [0.0], iter([1.0, 0.5, 1.0, 1.0, 1.0])

    def look() -> bool:
        now[0] += next(waits)
        return True

    place = WritePermit(True, look, lambda: True, lambda: True, clock=lambda: now[0])
    assert place.may_replace()
    assert now[0] == 1.5
    now[0] = 9.0
    assert not place.may_replace()
    assert list(waits) == []


def test_a_lost_claim_is_found_out_within_a_second_and_stops_everything() -> None:
    now, owned = [0.0], [True]
    place = WritePermit(False, lambda: True, lambda: owned[0], lambda: True, clock=lambda: now[0])
    assert not place.may_replace()
    owned[0] = False
    now[0] = 0.9
    assert not place.may_replace()
    now[0] = 1.0
    for _ in range(2):
        with pytest.raises(ClaimLost):
            place.may_replace()
        owned[0] = True  # it is never its again


def test_a_worker_has_half_of_the_budget_next_to_another_and_leaves_that_lease_alone(
    loading: Loading, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    other = Lease("execution-2", "another", rate=250, budget=500, until=time.time() + 600)
    key = lease_key("user-1", other.execution, other.caller).as_dict()
    row = to_item({**key, **other.as_row()})
    loading.dynamodb.put_item(TableName="ledger", Item=row)
    loading.run(writeUnitsPerSecond=500)
    (printed,) = (each for each in caplog.records if each.msg == Event.SEGMENT_LOADED)
    assert vars(printed)["writeUnitsPerSecond"] == 250
    assert loading.leases() == ["lease#execution-2#another"]


def test_a_worker_that_fails_gives_the_budget_back(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SegmentLoader, "load", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loading.run()
    assert loading.leases() == []

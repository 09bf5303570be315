"""A job's rejects, read one at a time from what its workers left."""

import json
from pathlib import Path

import pytest

from functions.aws.resubmission.export import Export
from functions.aws.resubmission.rejects import Reject, read_rejects
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.object_keys import ResultsKey, dead_letters_key
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.commands.rejects import nothing_rejected, show_export
from ops.model.reject_kinds import (
    MAX_KINDS,
    OTHER_DETAILS,
    Kind,
    OfKind,
    kind_of,
    own_details,
    sort_out,
)
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.s3 import OLD, MemoryS3

JOB = "job-1"
KEY = "batch-output/job-1/a.jsonl.out"
OTHER = "batch-output/job-1/b.jsonl.out"


class _Job:
    """A job whose segments are put on record by hand."""

    def __init__(self) -> None:
        self.s3 = MemoryS3()
        self.deployed = deployment_on((self.s3, MemoryDynamoDB(ledger=("pk", "sk"))))
        self.notes: list[str] = []

    def segment(
        self, key: str, start: int, end: int, *offsets: int, is_on_record: bool = True
    ) -> None:
        span, results = Range(start, end), ResultsKey.of(JOB, key.rpartition("/")[2])
        letters = dead_letters_key(results, etag="e", segment=span) if offsets else None
        if letters is not None:
            said = [{"offset": at, "length": 1, "reason": "InvalidJson"} for at in offsets]
            body = b"".join(json.dumps(each).encode() + b"\n" for each in said)
            self.s3.put_object(Bucket=BUCKET, Key=letters, Body=body)
        if is_on_record:
            counts = LoadCounts(rejects={"InvalidJson": len(offsets)} if offsets else {})
            segment = Segment(span, counts, dead_letters=letters)
            self.deployed.ledger.put_segment(object_partition(JOB, key, 1), segment, expires=1)

    def read(self, *keys: str) -> list[tuple[str, int]]:
        claims = [Claim(key, "e", "owner", 1, ClaimState.DONE, OLD) for key in keys]
        found = read_rejects(self.deployed, JOB, claims)
        return [(letter.key, letter.offset) for letter in found]


@pytest.fixture
def job() -> _Job:
    return _Job()


def test_they_come_by_object_and_place(job: _Job) -> None:
    job.segment(OTHER, 0, 50, 7)
    job.segment(KEY, 100, 200, 100, 150)
    job.segment(KEY, 0, 100, 3, 99)

    assert job.read(OTHER, KEY) == [(KEY, 3), (KEY, 99), (KEY, 100), (KEY, 150), (OTHER, 7)]


def test_a_record_that_several_workers_processed_comes_once(job: _Job) -> None:
    """Of workers at one range each states what it did: up to where it came, or from there on."""
    job.segment(KEY, 0, 40, 10, 30)
    job.segment(KEY, 0, 100, 10, 30, 60, 90)
    job.segment(KEY, 40, 100, 60, 90)
    job.segment(KEY, 50, 120, 60, 90, 110)
    job.segment(KEY, 60, 70, 60)

    assert [at for _, at in job.read(KEY)] == [10, 30, 60, 90, 110]


def test_segments_without_rejects_are_passed_over(job: _Job) -> None:
    job.segment(KEY, 0, 100)
    job.segment(KEY, 100, 200, 150)

    assert [at for _, at in job.read(KEY)] == [150]


def _expiring(*rows: int) -> _Job:
    """A job of one object with four rejects in two segments, of which these are on record."""
    job = _Job()
    for start, offsets in ((0, (10, 30)), (100, (150, 160))):
        job.segment(KEY, start, start + 100, *offsets, is_on_record=start in rows)
    return job


def _found(job: _Job) -> list[int]:
    stats = LoadCounts(success=5, rejects={"InvalidJson": 4}).as_dict()
    claim = Claim(KEY, "e", "owner", 1, ClaimState.DONE, OLD, stats=stats)
    rejects = read_rejects(job.deployed, JOB, [claim], note=job.notes.append)
    return [each.offset for each in rejects]


@pytest.mark.parametrize("rows", [(), (0,), (100,)])
def test_where_rows_of_the_ledger_have_expired_the_objects_are_read(rows: tuple[int, ...]) -> None:
    job = _expiring(*rows)
    assert _found(job) == [10, 30, 150, 160]
    prefix = "dead-letters/job-1/a.jsonl.out/e/"
    assert job.notes == [
        f"Rows of {KEY} have left the ledger: its rejects are those under {prefix}."
    ]


def test_nothing_is_said_where_the_ledger_is_whole() -> None:
    job = _expiring(0, 100)
    assert _found(job) == [10, 30, 150, 160]
    assert job.notes == []


@pytest.mark.parametrize(("rows", "left"), [((0, 100), [10, 30]), ((), [10, 30])])
def test_dead_letters_that_have_expired_are_counted(rows: tuple[int, ...], left: list[int]) -> None:
    job = _expiring(*rows)
    (_, second) = job.s3.objects
    job.s3.delete_object(Bucket=BUCKET, Key=second)
    assert _found(job) == left
    assert job.notes[-1] == (
        f"{KEY} had 4 rejects, of which 2 can still be read: the others have expired."
    )


@pytest.mark.parametrize(
    ("state", "rejects", "sentence"),
    [
        (ClaimState.DONE, {}, "No record was rejected."),
        (ClaimState.DONE, {"InvalidJson": 2}, "No reject is on record."),
        (ClaimState.FAILED, {}, "No reject is on record."),
    ],
)
def test_no_record_was_rejected_only_where_the_count_says_so(
    state: ClaimState, rejects: dict[str, int], sentence: str
) -> None:
    stats = LoadCounts(success=5, rejects=rejects).as_dict()
    assert nothing_rejected([Claim(KEY, "e", "owner", 1, state, OLD, stats=stats)]) == sentence


def _reject(at: int, reason: str, *details: str) -> Reject:
    return Reject(KEY, "e", "", at, 1, reason, details, None, "")


def test_of_each_kind_so_many_are_kept_and_all_are_counted() -> None:
    letters = [
        _reject(at, reason) for at, reason in enumerate(["ModelError", *["InvalidJson"] * 5])
    ]

    assert sort_out(iter(letters), most=2) == {
        ("InvalidJson", ""): OfKind(5, letters[1:3]),
        ("ModelError", ""): OfKind(1, letters[:1]),
    }
    assert sort_out(iter(letters), most=None)[Kind("InvalidJson", "")].kept == letters[1:]


def test_rejects_of_one_reason_are_told_apart_by_their_details_but_not_by_places() -> None:
    letters = [
        _reject(0, "NoJsonInText", "character 7 of the text: trailing comma"),
        _reject(1, "NoJsonInText", "the text is empty", "stop reason: end_turn"),
        _reject(2, "NoJsonInText", "character 123 of the text: trailing comma"),
        _reject(3, "ModelError", "429", "Too many requests"),
        _reject(4, "ModelError", "500", "Too many requests"),
    ]

    assert {kind: of_kind.count for kind, of_kind in sort_out(letters, most=1).items()} == {
        ("NoJsonInText", "trailing comma"): 2,
        ("NoJsonInText", "the text is empty"): 1,
        ("ModelError", "429; Too many requests"): 1,
        ("ModelError", "500; Too many requests"): 1,
    }


@pytest.mark.parametrize(
    ("details", "detail"),
    [
        (["byte 78 of the line: expected value"], "expected value"),
        (["byte 3 of the tool call's arguments: no"], "the tool call's arguments: no"),
        (
            ["another { behind the object, at character 9 of the text"],
            "another { behind the object, in the text",
        ),
        (
            ["it looks like binary data (byte 1 of this line is not UTF-8)"],
            "it looks like binary data",
        ),
        (["the item would have 400000 bytes"], "the item would have N bytes"),
    ],
)
def test_a_kind_names_no_place(details: list[str], detail: str) -> None:
    assert kind_of("r", details).detail == detail
    assert own_details(details) == details[0]


def test_kinds_without_end_are_counted_together() -> None:
    letters = [_reject(at, "ModelError", f"request {at}") for at in range(MAX_KINDS + 5)]

    found = sort_out(letters, most=1)
    assert len(found) == MAX_KINDS + 1
    assert found[Kind("ModelError", OTHER_DETAILS)].count == 5


@pytest.mark.parametrize(("padding", "warns"), [(0, True), (96, True), (97, False)])
def test_an_export_below_bedrock_s_minimum_is_warned_of(
    capsys: pytest.CaptureFixture[str], padding: int, *, warns: bool
) -> None:
    show_export(Export(written=3, padding=padding), Path("again.jsonl"), minimum=100)
    said = " ".join(capsys.readouterr().out.split())
    assert ("Bedrock wants at least 100 records" in said) is warns

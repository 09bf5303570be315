"""Jobs that answer the rejects of another job, and what that makes of both records."""

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.resubmission.open_rejects import answering_claims, read_open_rejects
from functions.domain.attribute_values import from_item, to_item
from functions.domain.counts import LoadCounts
from functions.domain.errors import JobInvalid
from functions.domain.events import Event
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.deployment import Deployment
from tests.workflow.machine import BUCKET, JOB, JOB_KEY, Machine
from tests.workflow.memory.interruptions import Interruptions, WorkerDied, calls_of

Record = tuple[str | None, str | None]
"""The image that a record names, and why it was rejected."""


def good(*images: str) -> list[Record]:
    return [(image, None) for image in images]


def bad(*images: str | None, reason: str = "ModelError") -> list[Record]:
    return [(image, reason) for image in images]


@dataclass
class Jobs:
    """A root job and its retries on one machine."""

    machine: Machine = field(default_factory=Machine)

    def expect(self, records: int) -> None:
        """The root's images, by its record."""
        self.machine.write_record(pendingImageCount=records)

    def retry(self, job_id: str, *, of: str = JOB, **more: Any) -> None:
        record = {
            "intentId": JOB_KEY.intent_id,
            "submitTime": job_id,
            "jobId": job_id,
            "userId": "user-1",
            "retryOf": of,
            **more,
        }
        self.machine.dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))

    def ingest(
        self, records: list[Record], *, job: str = JOB, name: str = "a", padding: int = 0
    ) -> str:
        """A results object of a job, claimed, loaded, verified and settled; its execution."""
        execution = self.load(records, job=job, name=name, padding=padding)
        self.machine.finish(execution, **_counts(records, padding).as_dict())
        return execution

    def load(
        self, records: list[Record], *, job: str = JOB, name: str = "a", padding: int = 0
    ) -> str:
        machine = self.machine
        machine.pass_time(timedelta(minutes=1))
        key = f"batch-output/{job}/{name}.jsonl.out"
        execution, state = machine.start(machine.upload(key, repr(records).encode()))
        assert state == "PlanRanges"
        claim = machine.ledger.claim(job, key)
        assert claim is not None
        assert machine.ledger.note_ranges(execution, job, claim, ranges=1)
        if (root := machine.arrived[execution]["job"].get("root")) is not None:
            machine.ledger.note_retry(root, job)
        machine.settler.settle(job, self._key(job))
        counts = _counts(records, padding)
        files = f"{job}/{name}/{claim.generation}"
        self._write(f"work/{files}", dict.fromkeys(i for i, reason in records if reason is None))
        letters = [
            {
                "offset": offset,
                "length": 1,
                "reason": reason,
                **({} if image is None else {"recordId": image}),
            }
            for offset, (image, reason) in enumerate(records)
            if reason is not None
        ]
        self._write(f"dead-letters/{files}", letters)
        machine.ledger.put_segment(
            object_partition(job, key, claim.generation),
            Segment(Range(0, 9), counts, f"dead-letters/{files}", f"work/{files}"),
            expires=1,
        )
        assert machine.ledger.note_load(execution, job, key, stats=counts.as_dict())
        return execution

    def stats(self, job: str = JOB) -> dict[str, Any]:
        record: dict[str, Any] = self.record(job)["resultStats"]
        return record

    def open_rejects(self, job: str = JOB) -> list[tuple[str | None, str]]:
        clients: dict[str, Any] = {"s3": self.machine.s3, "dynamodb": self.machine.dynamodb}
        outputs = {"BucketName": BUCKET, "LedgerTableName": "ledger"}
        deployed = Deployment("S", "here", "r", outputs, clients.__getitem__)
        found = read_open_rejects(deployed, answering_claims(deployed, job))
        return [(reject.record_id, reject.reason) for reject in found]

    def record(self, job: str = JOB) -> dict[str, Any]:
        table = self.machine.dynamodb.tables["batch-jobs"]
        return next(r for r in map(from_item, table.values()) if r["jobId"] == job)

    def _key(self, job: str) -> Any:
        return self.machine.settler.jobs.find(job).key

    def _write(self, key: str, values: Any) -> None:
        body = b"".join(json.dumps(value).encode() + b"\n" for value in values)
        self.machine.s3.put_object(Bucket=BUCKET, Key=key, Body=body)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def _counts(records: list[Record], padding: int) -> LoadCounts:
    images = [image for image, reason in records if reason is None]
    return LoadCounts(
        success=len(set(images)),
        duplicate=len(images) - len(set(images)),
        rejects=Counter(reason for _, reason in records if reason is not None),
        padding=padding,
    )


def _unpadded(stats: dict[str, Any]) -> tuple[int, int, int]:
    return stats["totalCount"], stats["successCount"], stats["failureCount"]


def test_a_retry_that_cures_completes_its_root_and_nothing_is_unexpected(jobs: Jobs) -> None:
    jobs.expect(10)
    jobs.ingest([*good(*"abcdefg"), *bad("x", "y", "z")])
    assert _unpadded(jobs.stats()) == (10, 7, 3)
    assert jobs.record()["status"] == "COMPLETED"
    jobs.retry("retry-1", pendingImageCount=100)
    jobs.ingest([*good("x", "y"), *bad("z", reason="Truncated")], job="retry-1", padding=97)
    assert _unpadded(jobs.stats()) == (10, 9, 1)
    assert jobs.stats()["rejectsByReason"] == {"Truncated": 1}
    assert (jobs.stats()["missingCount"], jobs.stats()["unexpectedCount"]) == (0, 0)
    assert jobs.stats()["paddingCount"] == 0
    assert jobs.record()["status"] == "COMPLETED"
    own = jobs.stats("retry-1")
    assert (own["totalCount"], own["successCount"], own["paddingCount"]) == (100, 2, 97)
    assert own["unexpectedCount"] == 0
    assert jobs.record("retry-1")["status"] == "COMPLETED"


def test_a_retry_that_comes_before_its_root_counts_the_same(jobs: Jobs) -> None:
    jobs.expect(3)
    jobs.retry("retry-1", pendingImageCount=3)
    jobs.ingest(good("y", "z", "stray"), job="retry-1")
    jobs.ingest([*good("x"), *bad("y", "z")])
    assert _unpadded(jobs.stats()) == (4, 4, 0)
    assert jobs.stats("retry-1")["unexpectedCount"] == 1
    assert jobs.record("retry-1")["status"] == "COMPLETED"


def test_a_retry_whose_record_was_removed_does_not_disturb_its_root(jobs: Jobs) -> None:
    jobs.retry("retry-1")
    jobs.ingest(good("x"), job="retry-1")
    key = {"intentId": JOB_KEY.intent_id, "submitTime": "retry-1"}
    jobs.machine.dynamodb.delete_item(TableName="batch-jobs", Key=to_item(key))
    jobs.ingest(bad("x"))
    assert _unpadded(jobs.stats()) == (1, 1, 0)


def test_the_log_names_the_job_that_was_settled(jobs: Jobs) -> None:
    jobs.machine.write_record(pendingImageCount=1, traceId="trace-1")
    jobs.ingest(bad("x"))
    jobs.retry("retry-1")
    jobs.ingest(good("x"), job="retry-1")
    retry, root = jobs.machine.told.all(Event.JOB_SETTLED)[-2:]
    assert retry["jobId"] == "retry-1"
    ids = (root["jobId"], root["intentId"], root["traceId"])
    assert ids == (JOB, JOB_KEY.intent_id, "trace-1")


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_a_settlement_that_dies_at_any_call_and_is_repeated_counts_for_both(moment: str) -> None:
    answers = [*good("x", "y"), *bad("z")]

    def loaded() -> tuple[Jobs, str]:
        jobs = Jobs()
        jobs.expect(3)
        jobs.ingest(bad("x", "y", "z"))
        jobs.retry("retry-1", pendingImageCount=3)
        return jobs, jobs.load(answers, job="retry-1")

    def finish(machine: Machine, execution: str) -> None:
        machine.finish(execution, **_counts(answers, 0).as_dict())

    jobs, execution = loaded()
    calls = calls_of(lambda through: finish(jobs.machine.seen_through(through), execution))
    assert calls.count("put_events") == 2
    for number in range(len(calls)):
        jobs, execution = loaded()
        death: Any = {moment: number}
        with pytest.raises(WorkerDied):
            finish(jobs.machine.seen_through(Interruptions(**death)), execution)
        finish(jobs.machine, execution)
        assert _unpadded(jobs.stats()) == _unpadded(jobs.stats("retry-1")) == (3, 2, 1), number
        announced = {(each["jobId"], each["status"]) for each in jobs.machine.bus.details}
        assert announced == {(JOB, "FAILED"), (JOB, "COMPLETED"), ("retry-1", "COMPLETED")}, number
        for job_id in (JOB, "retry-1"):
            assert jobs.record(job_id)["status"] == "COMPLETED"
            assert "unannounced" not in jobs.record(job_id)["ingestState"], number


def test_a_retry_of_a_retry_counts_for_the_root(jobs: Jobs) -> None:
    jobs.expect(3)
    jobs.ingest([*good("a"), *bad("x", "y")])
    jobs.retry("retry-1")
    jobs.ingest([*good("x"), *bad("y")], job="retry-1")
    jobs.retry("retry-2", of="retry-1")
    jobs.ingest(good("y"), job="retry-2")
    assert _unpadded(jobs.stats()) == (3, 3, 0)
    assert _unpadded(jobs.stats("retry-1")) == (2, 1, 1)


def test_a_root_of_rejects_alone_is_completed_by_its_retry(jobs: Jobs) -> None:
    jobs.expect(2)
    jobs.ingest(bad("x", "y"))
    assert jobs.record()["status"] == "FAILED"
    jobs.retry("retry-1")
    jobs.ingest(good("x", "y"), job="retry-1")
    assert jobs.record()["status"] == "COMPLETED"
    told = [event["status"] for event in jobs.machine.bus.details if event["jobId"] == JOB]
    assert told[-2:] == ["FAILED", "COMPLETED"]


def test_a_retry_under_way_or_failed_leaves_the_root_as_it_is(jobs: Jobs) -> None:
    jobs.expect(2)
    jobs.ingest([*good("a"), *bad("x")])
    before = jobs.record()["status"]
    jobs.retry("retry-1")
    execution = jobs.load(good("x"), job="retry-1")
    jobs.machine.settler.settle(JOB, JOB_KEY)
    assert jobs.record()["status"] == before == "COMPLETED"
    assert jobs.record("retry-1")["status"] == "INGESTING"
    key = jobs.machine.arrived[execution]["object"]["key"]
    now = jobs.machine.now
    jobs.machine.ledger.fail(
        execution, "retry-1", key, failure={"state": "s"}, now=now, redrivable_until=now
    )
    jobs.machine.settler.settle_with_related("retry-1", jobs._key("retry-1"))
    assert jobs.record("retry-1")["status"] == "FAILED"
    assert jobs.record()["status"] == "COMPLETED"
    # Its load was verified, so what it wrote counts.
    assert _unpadded(jobs.stats()) == (2, 2, 0)


def test_a_correction_by_hand_in_the_roots_own_folder_counts_in_the_same_way(jobs: Jobs) -> None:
    jobs.expect(3)
    jobs.ingest([*good("a", "b"), *bad("x")])
    jobs.ingest(good("x"), name="corrected")
    assert _unpadded(jobs.stats()) == (3, 3, 0)
    assert jobs.record()["status"] == "COMPLETED"


def test_several_objects_without_an_image_in_common_add_up(jobs: Jobs) -> None:
    jobs.expect(5)
    jobs.ingest([*good("a", "b"), *bad(None, reason="InvalidJson")])
    jobs.ingest([*good("c"), *bad("x")], name="b")
    assert _unpadded(jobs.stats()) == (5, 3, 2)
    assert jobs.record()["status"] == "COMPLETED"


def test_rejects_that_a_retry_answered_well_are_not_listed(jobs: Jobs) -> None:
    jobs.ingest([*good("a"), *bad("x", "y", None), *bad("y", reason="Refused")])
    assert jobs.open_rejects() == [
        ("x", "ModelError"),
        ("y", "ModelError"),
        (None, "ModelError"),
        ("y", "Refused"),
    ]
    jobs.retry("retry-1")
    jobs.ingest([*good("x"), *bad("z", reason="Truncated")], job="retry-1")
    assert jobs.open_rejects() == [(None, "ModelError"), ("y", "Refused"), ("z", "Truncated")]
    assert (
        dict(Counter(reason for _, reason in jobs.open_rejects()))
        == (jobs.stats()["rejectsByReason"])
    )
    jobs.retry("retry-2")
    jobs.ingest([*good("y"), *bad("x", "z")], job="retry-2")
    assert jobs.open_rejects() == [(None, "ModelError"), ("z", "ModelError")]
    assert jobs.open_rejects("retry-2") == [("x", "ModelError"), ("z", "ModelError")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_root_and_retries_does_not_matter(order: tuple[int, ...]) -> None:
    contents: list[tuple[str, list[Record]]] = [
        (JOB, [*good("a"), *bad("x", "y", "z")]),
        ("retry-1", [*good("x"), *bad("y", reason="Truncated")]),
        ("retry-2", [*good("y"), *bad("z", "x", reason="Refused")]),
    ]
    jobs = Jobs()
    jobs.expect(4)
    jobs.retry("retry-1")
    jobs.retry("retry-2")
    for number in order:
        job, records = contents[number]
        jobs.ingest(records, job=job)
    assert _unpadded(jobs.stats()) == (4, 3, 1)
    assert jobs.record()["status"] == "COMPLETED"
    assert jobs.open_rejects() == [
        ("z", "Refused" if order.index(2) > order.index(0) else "ModelError")
    ]


@pytest.mark.parametrize("said", ["NoSuchKey", "AccessDenied"])
def test_files_that_have_expired_leave_the_sum_of_the_roots_own(jobs: Jobs, said: str) -> None:
    """S3 may say 403 of a key that is not there."""
    jobs.expect(2)
    jobs.ingest([*good("a"), *bad("x")])
    for key in [key for key in jobs.machine.s3.objects if key.startswith("work/")]:
        del jobs.machine.s3.objects[key]
        jobs.machine.s3.refuse("GetObject", key, said)
    jobs.retry("retry-1")
    jobs.ingest(good("x"), job="retry-1")
    assert _unpadded(jobs.stats()) == (2, 1, 1)
    assert jobs.stats()["unexpectedCount"] == 0
    assert "unexpectedCount" not in jobs.stats("retry-1")


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"retryOf": "nowhere"}, "retryOf names 'nowhere', not on record"),
        ({"retryOf": "retry-1"}, "retryOf leads in a circle: retry-1"),
        ({"userId": "user-2"}, "the job of another user"),
    ],
)
def test_a_retry_without_a_root_of_its_own_touches_nothing(
    jobs: Jobs, record: dict[str, Any], problem: str
) -> None:
    jobs.retry("retry-1", **record)
    event = jobs.machine.upload("batch-output/retry-1/a.jsonl.out", b"{}")
    with pytest.raises(JobInvalid, match=problem) as raised:
        jobs.machine.start(event)
    assert "userId" not in str(raised.value)
    assert not jobs.machine.dynamodb.tables["ledger"]


def test_a_root_is_reached_within_ten_steps(jobs: Jobs) -> None:
    for number in range(1, 12):
        jobs.retry(f"retry-{number}", of=f"retry-{number - 1}" if number > 1 else JOB)
    event = jobs.machine.upload("batch-output/retry-10/a.jsonl.out", b"{}")
    execution, _ = jobs.machine.start(event)
    assert jobs.machine.arrived[execution]["job"]["root"] == JOB
    event = jobs.machine.upload("batch-output/retry-11/a.jsonl.out", b"{}")
    with pytest.raises(JobInvalid, match="no root within 10 steps"):
        jobs.machine.start(event)

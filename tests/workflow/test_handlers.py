"""The handlers on moto: settings from the environment, payloads in and out, real clients."""

import json
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.aws.ledger import Ledger
from functions.aws.runtime import clients
from functions.domain.attribute_values import from_item, to_item
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import claim_key, object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.domain.transactions import transaction_id
from functions.find_stuck_jobs import handler as find_stuck_jobs
from functions.migrate_images import handler as migrate_images
from functions.migrate_images.migrator import ImagesThrottled
from functions.plan_ranges import handler as plan_ranges
from functions.resolve_job import handler as resolve_job
from functions.settle_job import handler as settle_job
from functions.verify_load import handler as verify_load
from functions.verify_migration import handler as verify_migration
from tests.workflow.aws_tables import BUCKET
from tests.workflow.rows import job_record, put_claim, put_job

Aws = tuple[Any, Any]
KEY = "batch-output/job-1/in put+%2B.jsonl.out"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:ingest:first"
BODY = b'{"a":1}\n' * 400
CONTEXT: Any = SimpleNamespace(
    aws_request_id="request",
    invoked_function_arn="arn:f",
    get_remaining_time_in_millis=lambda: 300_000,
    function_name="f",
)


@pytest.fixture
def job(aws: Aws) -> dict[str, Any]:
    """A job with a results object; S3's event of it."""
    s3, dynamodb = aws
    put_job(dynamodb, pendingImageCount=2)
    etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=BODY)["ETag"].strip('"')
    return _event(KEY, etag)


def _event(key: str, etag: str = "") -> dict[str, Any]:
    return {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": "2026-11-23T16:30:00Z",
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {"key": key, "size": len(BODY), "etag": etag, "sequencer": "00A1"},
            "reason": "PutObject",
        },
    }


def _resolve(event: dict[str, Any]) -> dict[str, Any]:
    return resolve_job.handler({"execution": EXECUTION, "event": event}, CONTEXT)


def _claimed(aws: Aws, arrived: dict[str, Any]) -> dict[str, Any]:
    """What the state ClaimObject makes of it."""
    etag, at = arrived["object"]["etag"], arrived["eventTime"]
    put_claim(aws[1], "job-1", KEY, etag=etag, owner=EXECUTION, eventTime=at)
    claim = {"owner": EXECUTION, "state": "claimed", "generation": "1"}
    return {**arrived, "claim": {**claim, "eventTime": at}}


@pytest.fixture
def claimed(aws: Aws, job: dict[str, Any]) -> dict[str, Any]:
    """What PlanRanges is given."""
    return _claimed(aws, _resolve(job))


@pytest.fixture
def planned(claimed: dict[str, Any]) -> dict[str, Any]:
    """What PlanRanges makes of it."""
    return plan_ranges.handler(claimed, CONTEXT)


def test_an_event_is_resolved_to_its_job_and_pinned_object(job: dict[str, Any]) -> None:
    arrived = _resolve(job)
    now = arrived.pop("now")
    assert now.endswith("Z")
    assert arrived == {
        "schema": 1,
        "arrival": "RESULTS",
        "execution": EXECUTION,
        "job": {"jobId": "job-1", "intentId": "i", "submitTime": "s"},
        "object": {
            "bucket": BUCKET,
            "key": KEY,
            "name": "in put+%2B.jsonl.out",
            "etag": job["detail"]["object"]["etag"],
            "versionId": "",
            "size": len(BODY),
        },
        "eventTime": "2026-11-23T16:30:00Z",
        "blockingEtag": job["detail"]["object"]["etag"],
        "sequencer": "00A1",
        "displacesUpTo": "00A1",
    }


def test_a_manifest_is_resolved_to_its_job_alone(job: dict[str, Any]) -> None:
    arrived = _resolve(_event("batch-output/job-1/manifest.json.out"))
    assert (arrived["arrival"], arrived["job"]["jobId"]) == ("MANIFEST", "job-1")
    assert "object" not in arrived


def test_an_event_without_a_sequencer_and_a_replay_are_blocked_by_no_order(
    job: dict[str, Any],
) -> None:
    assert _resolve({**job, "replay": {"reason": "r"}})["displacesUpTo"] == "~"
    del job["detail"]["object"]["sequencer"]
    arrived = _resolve(job)
    assert (arrived["sequencer"], arrived["displacesUpTo"]) == ("", "~")


def test_an_object_is_planned_and_its_job_is_being_ingested(
    aws: Aws, planned: dict[str, Any]
) -> None:
    plan = planned["plan"]
    items = json.loads(aws[0].get_object(Bucket=BUCKET, Key=plan["key"])["Body"].read())
    assert len(items) == plan["items"] == 4
    assert (items[0]["from"], items[-1]["to"]) == (0, len(BODY))
    assert not any("again" in each for each in items)
    record = job_record(aws[1])
    assert record["status"] == "INGESTING"
    assert "completedAt" not in record
    state = record["ingestState"]
    assert (state["objects"], state["objectsDone"], state["ranges"], state["rangesDone"]) == (
        1,
        0,
        4,
        0,
    )
    assert state["executions"] == [EXECUTION]


@pytest.mark.parametrize(("generation", "workers"), [(1, 9), (2, 21)])
def test_the_object_s_first_lines_and_the_way_of_writing_decide_how_many_workers(
    aws: Aws,
    job: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    generation: int,
    workers: int,
) -> None:
    monkeypatch.setenv("WRITE_UNITS_PER_SECOND", "40000")
    monkeypatch.setenv("LOAD_CONCURRENCY", "100")
    body = BODY * 375  # 1.2 MB: more than the sample
    etag = aws[0].put_object(Bucket=BUCKET, Key=KEY, Body=body)["ETag"].strip('"')
    claimed = _claimed(aws, _resolve(_event(KEY, etag)))
    key = claim_key("job-1", KEY).as_dict()
    row = aws[1].get_item(TableName="ledger", Key=to_item(key))["Item"]
    aws[1].put_item(TableName="ledger", Item={**row, "generation": {"N": str(generation)}})
    claimed["claim"]["generation"] = str(generation)
    plan = plan_ranges.handler(claimed, CONTEXT)["plan"]
    assert plan["lineBytes"] == 8
    assert plan["maxConcurrency"] == workers


def test_an_object_that_is_gone_is_left_to_the_workers_to_report(
    aws: Aws, claimed: dict[str, Any]
) -> None:
    aws[0].delete_object(Bucket=BUCKET, Key=KEY)
    assert plan_ranges.handler(claimed, CONTEXT)["plan"]["items"] == 4


def test_what_is_missing_is_planned_again_and_known_as_such_by_its_workers(
    aws: Aws, planned: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for round_ in range(1, 4):
        planned = verify_load.handler(planned, CONTEXT)
        assert (planned["load"]["verdict"], planned["load"]["round"]) == ("MISSING", round_)
        items = json.loads(
            aws[0].get_object(Bucket=BUCKET, Key=planned["plan"]["key"])["Body"].read()
        )
        assert {each["again"] for each in items} == {True}
        assert (items[0]["from"], items[-1]["to"]) == (0, len(BODY))
    given_up = verify_load.handler(planned, CONTEXT)
    assert given_up["load"]["verdict"] == "INCOMPLETE"
    assert caplog.messages[-4:] == ["load_incomplete"] * 4


@pytest.mark.parametrize(("success", "too_many"), [(19, True), (20, False)])
def test_the_share_of_rejects_is_taken_of_the_records_that_are_not_padding(
    aws: Aws, planned: dict[str, Any], success: int, too_many: bool
) -> None:
    counts = LoadCounts(success=success, rejects={"InvalidReceipt": 20}, padding=1000)
    Ledger(aws[1], "ledger").put_segment(
        object_partition("job-1", KEY, 1),
        Segment(Range(0, len(BODY)), counts, dead_letters=None, images=None),
        expires=2**31,
    )
    load = verify_load.handler(planned, CONTEXT)["load"]
    assert load["tooManyRejects"] is too_many
    assert (load["counts"]["totalCount"], load["counts"]["paddingCount"]) == (success + 1020, 1000)


@pytest.mark.parametrize(("replay", "too_many"), [({}, True), ({"acceptRejects": True}, False)])
def test_rejects_that_a_person_accepts_are_never_too_many(
    aws: Aws, job: dict[str, Any], replay: dict[str, Any], too_many: bool
) -> None:
    arrived = _resolve({**job, "replay": {"reason": "r", **replay}})
    planned = plan_ranges.handler(_claimed(aws, arrived), CONTEXT)
    Ledger(aws[1], "ledger").put_segment(
        object_partition("job-1", KEY, 1),
        Segment(Range(0, len(BODY)), LoadCounts(rejects={"Refused": 20}), None, None),
        expires=2**31,
    )
    assert verify_load.handler(planned, CONTEXT)["load"]["tooManyRejects"] is too_many


def test_an_execution_without_the_claim_plans_nothing(aws: Aws, claimed: dict[str, Any]) -> None:
    before = job_record(aws[1])
    planned = plan_ranges.handler({**claimed, "execution": "another execution"}, CONTEXT)
    assert planned["superseded"] is True
    assert job_record(aws[1]) == before
    settled = settle_job.handler({**claimed, "execution": "another execution"}, CONTEXT)
    assert settled["superseded"] is True
    assert job_record(aws[1]) == before


def _add_images(aws: Aws, *ids: str) -> None:
    for each in ids:
        key = f"uploads/user-1/{each} +%2B?領収書.jpg"
        aws[0].put_object(
            Bucket=BUCKET,
            Key=key,
            Body=each.encode(),
            ContentType="image/jpeg",
            Metadata={"camera": each},
            Tagging="kind=receipt",
        )
        pending = {"imageId": each, "userId": "user-1", "s3Key": key, "status": "pending"}
        aws[1].put_item(TableName="pending-images", Item=to_item(pending))
        transaction = {"userId": "user-1", "transactionId": transaction_id("job-1", each)}
        aws[1].put_item(TableName="transactions", Item=to_item(transaction))


def _migration(aws: Aws, work: dict[str, Any], *ids: str) -> dict[str, Any]:
    """A work with a planned migration of these images."""
    folder = "work/job-1/x/1"
    lines = "".join(json.dumps(each) + "\n" for each in ids)
    aws[0].put_object(Bucket=BUCKET, Key=f"{folder}/images/0.jsonl", Body=lines.encode())
    return {
        **work,
        "chunk": {
            "number": 0,
            "slices": [{"images": f"{folder}/images/0.jsonl", "first": 0, "count": len(ids)}],
        },
    }


def test_images_are_moved_through_the_real_client_with_all_that_belongs_to_them(
    aws: Aws, claimed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_STORAGE_CLASS", "STANDARD_IA")
    _add_images(aws, "one", "two")
    work = _migration(aws, claimed, "one", "two")
    done = migrate_images.handler(work, CONTEXT)
    assert (done["finished"], done["position"], done["counts"]["imagesMigrated"]) == (True, 2, 2)
    key = "processed/2026-11-24/user-1/one +%2B?領収書.jpg"
    moved = aws[0].get_object(Bucket=BUCKET, Key=key)
    assert moved["Body"].read() == b"one"
    assert (moved["ContentType"], moved["Metadata"]) == ("image/jpeg", {"camera": "one"})
    assert moved["StorageClass"] == "STANDARD_IA"
    assert aws[0].get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == [
        {"Key": "kind", "Value": "receipt"}
    ]
    assert "Contents" not in aws[0].list_objects_v2(Bucket=BUCKET, Prefix="uploads/")
    tables = {
        name: [from_item(item) for item in aws[1].scan(TableName=name)["Items"]]
        for name in ("transactions", "pending-images")
    }
    assert {each["s3Key"] for each in tables["transactions"]} == {
        each["processedKey"] for each in tables["pending-images"]
    }


def test_a_migration_is_proven_settled_and_found_not_stuck(
    aws: Aws,
    planned: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    _add_images(aws, "one")
    migrating = _migration(aws, planned, "one", "nobody's")
    prefix = planned["plan"]["key"].rpartition("/")[0]
    chunks = json.dumps([migrating["chunk"]]).encode()
    aws[0].put_object(Bucket=BUCKET, Key=f"{prefix}/chunks-0.json", Body=chunks)

    missing = verify_migration.handler(planned, CONTEXT)
    assert missing["migration"]["verdict"] == "MISSING"
    assert missing["migrationPlan"]["items"] == 1
    assert caplog.messages[-1] == "migration_incomplete"
    migrate_images.handler(migrating, CONTEXT)
    proven = verify_migration.handler(missing, CONTEXT)
    assert proven["migration"]["verdict"] == "COMPLETE"

    load = {"verdict": "COMPLETE", "counts": {"successCount": 2, "totalCount": 2}}
    settled = settle_job.handler({**proven, "load": load}, CONTEXT)
    assert settled["status"] == "COMPLETED"
    record = job_record(aws[1])
    assert record["status"] == "COMPLETED"
    stats = record["resultStats"]
    assert stats["imagesLeftByReason"] == {"ImageUnknown": 1}
    assert (stats["imagesMigrated"], stats["totalCount"], stats["missingCount"]) == (1, 2, 0)
    capsys.readouterr()
    assert find_stuck_jobs.handler({}, CONTEXT) == {"stuckJobs": 0}
    (metric,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert metric["StuckJobs"] == [0.0]


def _without_retries(monkeypatch: pytest.MonkeyPatch) -> Any:
    s3 = boto3.client("s3", config=Config(retries={"mode": "standard", "total_max_attempts": 1}))
    monkeypatch.setattr(clients, "s3", lambda: s3)
    return s3


@pytest.mark.parametrize(
    ("status", "code", "raises"),
    [
        (200, "InternalError", ClientError),
        (200, "SlowDown", ImagesThrottled),
        (503, "SlowDown", ImagesThrottled),
    ],
)
def test_a_copy_that_says_it_failed_even_inside_an_answer_of_200_is_an_error_and_is_repeated(
    aws: Aws,
    claimed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    raises: type[Exception],
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, "Response".

    moto makes the copy all the same, as S3 may have when it answers so.
    """
    _add_images(aws, "one")
    work = _migration(aws, claimed, "one")
    s3 = _without_retries(monkeypatch)
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()

    def refuse(request: Any, **_: Any) -> AWSResponse:
        raw = SimpleNamespace(stream=lambda: iter([body]))
        return AWSResponse(request.url, status, HTTPHeaders(), raw)

    s3.meta.events.register_first("before-send.s3.CopyObject", refuse)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(raises):
        migrate_images.handler(work, CONTEXT)
    (upload,) = aws[0].list_objects_v2(Bucket=BUCKET, Prefix="uploads/")["Contents"]
    assert "s3Key" not in aws[1].scan(TableName="transactions")["Items"][0]

    s3.meta.events.unregister("before-send.s3.CopyObject", refuse)
    done = migrate_images.handler(work, CONTEXT)
    assert done["counts"]["imagesMigrated"] == 1
    assert "Contents" not in aws[0].list_objects_v2(Bucket=BUCKET, Prefix=upload["Key"])

"""Inputs of executions that no S3 ever sent: lies, dirt, and names of what belongs to others."""

import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.domain.attribute_values import to_item
from functions.domain.errors import EventInvalid, IngestError
from functions.domain.inputs import read_event
from functions.domain.ledger_rows import claim_key, object_partition
from functions.domain.object_keys import (
    ManifestKey,
    ResultsKey,
    dead_letters_key,
    image_list_key,
    parse_key,
    work_prefix,
)
from functions.domain.ranges import Range
from functions.resolve_job import handler as resolve_job
from tests.hostile.others import VICTIM_KEY, Aws, everything, plant
from tests.workflow.aws_tables import BUCKET
from tests.workflow.rows import put_job

KEY = "batch-output/job-1/answers.jsonl.out"
BODY = b'{"a":1}\n'
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:ingest:first"
CONTEXT: Any = SimpleNamespace(
    aws_request_id="r", invoked_function_arn="arn:f", get_remaining_time_in_millis=lambda: 300_000
)


@pytest.fixture
def event(aws: Aws) -> dict[str, Any]:
    """S3's event of a good object, beside what is others'."""
    s3, dynamodb = aws
    plant(aws)
    put_job(dynamodb)
    etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=BODY)["ETag"].strip('"')
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": "000000000000",
        "region": "us-east-1",
        "time": "2026-11-23T16:30:00Z",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": KEY, "size": len(BODY), "etag": etag, "sequencer": "00A1"},
        },
    }


def _resolve(event: Any) -> dict[str, Any]:
    return resolve_job.handler({"execution": EXECUTION, "event": event}, CONTEXT)


def _changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(event)
    *folders, name = path.split("/")
    at: Any = made
    for folder in folders:
        at = at[folder]
    if value is ...:
        del at[name]
    else:
        at[name] = value
    return made


_KEY = "detail/object/key"
_HUGE = "x" * 200_000
_LONG = "batch-output/job-1/" + "x" * 1_000 + ".jsonl"
VERDICTS: dict[str, tuple[str, Any, str]] = {
    # Keys that lead elsewhere, or nowhere.
    "a key with a leading slash": (_KEY, f"/{KEY}", "IGNORED"),
    "a key of another folder": (_KEY, "uploads/user-2/secret.jpg", "IGNORED"),
    "a key that leaves its folder": (_KEY, "../batch-output/job-1/a.jsonl", "IGNORED"),
    "a key with backslashes": (_KEY, "batch-output\\job-1\\a.jsonl", "IGNORED"),
    "a key in escapes": (_KEY, "batch-output%2Fjob-1%2Fa.jsonl", "IGNORED"),
    "a key of lookalikes": (_KEY, "batch\u2010output/job-1/a.jsonl", "IGNORED"),
    "a key with a full-width slash": (_KEY, "batch-output\uff0fjob-1\uff0fa.jsonl", "IGNORED"),
    "a key without a job": (_KEY, "batch-output//a.jsonl", "IGNORED"),
    "a key without a name": (_KEY, "batch-output/job-1/.jsonl", "IGNORED"),
    "a key that ends behind a line end": (_KEY, KEY + "\n", "IGNORED"),
    "a key that ends behind a NUL": (_KEY, KEY + "\x00", "IGNORED"),
    "this system's own dead letters": (_KEY, f"dead-letters/job-1/{KEY}/e/0-1.jsonl", "IGNORED"),
    "this system's own plan": (_KEY, "work/job-1/x/1/images/0-1.jsonl", "IGNORED"),
    "a parent folder as the job": (_KEY, "batch-output/../a.jsonl", "JobNotFound"),
    "a parent folder behind the job": (
        _KEY, "batch-output/job-1/../job-2/answers.jsonl.out", "ResultsObjectMissing",
    ),
    "an encoded parent folder": (
        _KEY, "batch-output/job-1/%2e%2e/job-2/answers.jsonl.out", "ResultsObjectMissing",
    ),
    "a version in the key": (_KEY, f"{KEY}?versionId=null&x=.jsonl", "ResultsObjectMissing"),
    "a job of lookalikes": (_KEY, "batch-output/j\u043eb-1/answers.jsonl.out", "JobNotFound"),
    "a job with a NUL": (_KEY, "batch-output/job-1\x00/answers.jsonl.out", "JobNotFound"),
    "a job of an expression": (_KEY, "batch-output/:jobId OR 1=1/a.jsonl", "JobNotFound"),
    "a job of a path": (_KEY, "batch-output/$.detail/a.jsonl", "JobNotFound"),
    "a job with another's ledger row in it": (
        _KEY, f"batch-output/x#claim#{KEY}", "ResultsObjectMissing",
    ),
    "a job whose transactions could be another's": (
        _KEY, "batch-output/job#1/a.jsonl", "EventInvalid",
    ),
    "another's object, with this one's ETag": (_KEY, VICTIM_KEY, "ResultsObjectChanged"),
    "a key that leaves no room": (_KEY, _LONG, "EventInvalid"),
    "a key that each dead letter would have to escape": (
        _KEY, "batch-output/job-1/" + "\x01" * 150 + ".jsonl", "EventInvalid",
    ),
    "a key as long as the input": (_KEY, f"batch-output/j/{_HUGE}.jsonl", "EventInvalid"),
    "a job as long as the input": (_KEY, f"batch-output/{_HUGE}/a.jsonl", "EventInvalid"),
    "a manifest of such a job": (
        _KEY, f"batch-output/{_HUGE}/manifest.json.out", "EventInvalid",
    ),
    "half a letter": (_KEY, "batch-output/job-1/\ud800.jsonl", "EventInvalid"),
    "no key": (_KEY, ..., "EventInvalid"),
    "an empty key": (_KEY, "", "EventInvalid"),
    "a key that is a list": (_KEY, [KEY], "EventInvalid"),
    "a key that is a number": (_KEY, 7, "EventInvalid"),
    # Lies about the object.
    "an ETag that is another's": ("detail/object/etag", "0" * 32, "ResultsObjectChanged"),
    "no ETag": ("detail/object/etag", ..., "EventInvalid"),
    "any ETag": ("detail/object/etag", "*", "EventInvalid"),
    "a list of ETags": ("detail/object/etag", 'x", "y', "EventInvalid"),
    "an ETag that begins a header": ("detail/object/etag", 'x"\r\nx-amz-acl: y', "EventInvalid"),
    "an ETag that is a folder": ("detail/object/etag", "../../uploads", "EventInvalid"),
    "an ETag of another script": ("detail/object/etag", "領収書", "EventInvalid"),
    "an ETag of a megabyte": ("detail/object/etag", "a" * 200_000, "EventInvalid"),
    "a version that is a query": ("detail/object/version-id", "x&uploads", "EventInvalid"),
    "a version of a megabyte": ("detail/object/version-id", "v" * 200_000, "EventInvalid"),
    "a sequencer beyond all others": ("detail/object/sequencer", "~", "EventInvalid"),
    "a sequencer of a megabyte": ("detail/object/sequencer", "F" * 200_000, "EventInvalid"),
    "a size that lies": ("detail/object/size", 10**30, "RESULTS"),
    "a size that is text": ("detail/object/size", "many", "RESULTS"),
    # Lies about where it comes from.
    "another's bucket": ("detail/bucket/name", "somebody-elses-bucket", "IGNORED"),
    "the bucket in capitals": ("detail/bucket/name", BUCKET.upper(), "IGNORED"),
    "the bucket with a path": ("detail/bucket/name", f"{BUCKET}/uploads", "IGNORED"),
    "the bucket as an access point": (
        "detail/bucket/name", f"arn:aws:s3:us-east-1:1:accesspoint/{BUCKET}", "IGNORED",
    ),
    "no bucket": ("detail/bucket", ..., "EventInvalid"),
    "another account": ("account", "999999999999", "RESULTS"),
    "another region": ("region", "mars-north-1", "RESULTS"),
    "another source": ("source", "aws.ec2", "RESULTS"),
    "an object that was deleted": ("detail-type", "Object Deleted", "IGNORED"),
    "an object that was restored": ("detail-type", "Object Restore Completed", "IGNORED"),
    "a type that is none": ("detail-type", {"a": 1}, "EventInvalid"),
    # Times that would be kept with the claim for ever.
    "the year 9999": ("time", "9999-12-31T23:59:59Z", "EventInvalid"),
    "the year 1": ("time", "0001-01-01T00:00:00+14:00", "EventInvalid"),
    "a time without a zone": ("time", "2026-11-23T16:30:00", "EventInvalid"),
    "a time that is a number": ("time", 1e400, "EventInvalid"),
    "a time that is a list": ("time", ["2026-11-23T16:30:00Z"], "EventInvalid"),
    "a time in other digits": ("time", "\uff12\uff10\uff12\uff16-11-23T16:30:00Z", "EventInvalid"),
    "a time of a megabyte": ("time", "2" * 200_000, "EventInvalid"),
    "no time": ("time", ..., "EventInvalid"),
    # Wishes to replay.
    "a reason of commands": ("replay", {"reason": "\x1b]0;x\x07`rm -rf ~`\n{}"}, "RESULTS"),
    "a reason of 200 KB": ("replay", {"reason": "r" * 200_000}, "RESULTS"),
    "a reason that is an object": ("replay", {"reason": {"$": 1}}, "EventInvalid"),
    "a wish that is true": ("replay", True, "EventInvalid"),
}  # fmt: skip


@pytest.mark.parametrize("case", VERDICTS)
def test_an_event_that_lies_has_a_verdict_and_touches_nothing(
    aws: Aws, event: dict[str, Any], case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, value, verdict = VERDICTS[case]
    before = everything(aws)
    found, said = _verdict(_changed(event, path, value))
    assert found == verdict
    assert len(said) < 2_000
    assert everything(aws) == before
    logged = capsys.readouterr().out
    assert len(logged) < 4_000
    for line in logged.splitlines():
        assert json.loads(line)["execution"] == EXECUTION


def _verdict(event: dict[str, Any]) -> tuple[str, str]:
    """What an event is taken for, and all that is said of it."""
    try:
        arrived = _resolve(event)
    except IngestError as error:
        return type(error).__name__, str(error)
    if arrived["arrival"] == "RESULTS":
        assert arrived["object"]["size"] == len(BODY)
        assert arrived["object"]["bucket"] == BUCKET
    return str(arrived["arrival"]), json.dumps(arrived)


def test_a_jobs_own_words_of_any_length_leave_the_payload_small(
    aws: Aws, event: dict[str, Any]
) -> None:
    words = {"traceId": "t" * 300_000, "modelId": "m" * 10_000, "note": "n" * 10_000}
    job = {"intentId": "i" * 2048, "submitTime": "s" * 1024, "jobId": "job-3", "userId": "u" * 2048}
    aws[1].put_item(TableName="batch-jobs", Item=to_item(job | words))
    key = "batch-output/job-3/answers.jsonl.out"
    aws[0].put_object(Bucket=BUCKET, Key=key, Body=BODY)
    arrived = _resolve(_changed(event, _KEY, key))
    assert arrived["job"]["traceId"] == "t" * 256
    assert len(json.dumps(arrived)) < 8 * 1024


@pytest.mark.parametrize(
    "text",
    ["[]", "null", '"x"', "{}", '{"detail": []}', '{"detail": {"bucket": [], "object": []}}'],
)
def test_what_is_no_event_has_a_verdict(aws: Aws, event: dict[str, Any], text: str) -> None:
    with pytest.raises(EventInvalid):
        _resolve(json.loads(text))


def test_the_verdict_quotes_nothing_of_the_event(aws: Aws, event: dict[str, Any]) -> None:
    with pytest.raises(EventInvalid) as raised:
        _resolve(_changed(event, "detail/object/etag", "secret value"))
    assert "detail.object.etag" in str(raised.value)
    assert "secret" not in str(raised.value)


_NAMES = st.text(
    st.sampled_from("a1#/.%\\ \n\x1b\u202e\U0001f600領") | st.characters(exclude_categories=["Cs"]),
    max_size=40,
)


def _results(job: str, name: str) -> ResultsKey | None:
    """The key, taken for one of the job that its first folder names; None if it is not."""
    parsed = parse_key(f"batch-output/{job}/{name}.jsonl")
    if parsed is None or not parsed.folders:
        return None
    found = parsed.of_job(parsed.folders[0])
    assert not isinstance(found, ManifestKey)
    return found


@settings(deadline=None)
@given(_NAMES, _NAMES)
@example("#/0", "")
def test_keys_of_one_job_stay_in_its_own_folders_and_fit(job: str, name: str) -> None:
    """Whatever a key is made of: nothing in it is a folder to S3 but what is before it."""
    parsed = _results(job, name)
    if parsed is None:
        return
    assert "/" not in parsed.job_id
    span = Range(10**14, 10**15 - 1)
    prefix = work_prefix(parsed, generation=1)
    letters = dead_letters_key(parsed, etag="e" * 32 + "-10000", segment=span)
    assert letters.startswith(f"dead-letters/{parsed.job_id}/")
    assert image_list_key(prefix, span).startswith(f"work/{parsed.job_id}/")
    assert claim_key(parsed.job_id, parsed.key).pk == f"job#{parsed.job_id}"


_PARTS = st.tuples(_NAMES, _NAMES, st.integers(1, 99))


@settings(deadline=None)
@given(_PARTS, _PARTS)
def test_no_two_objects_or_generations_share_a_row(
    one: tuple[str, str, int], other: tuple[str, str, int]
) -> None:
    """However many `#` and `claim#` they are made of."""
    rows = []
    for job, name, generation in (one, other):
        parsed = _results(job, name)
        if parsed is None:
            return
        rows.append((object_partition(parsed.job_id, parsed.key, generation), parsed, generation))
    (first, key, number), (second, key2, number2) = rows
    assert (first == second) == ((key, number) == (key2, number2))


@pytest.mark.parametrize(
    ("job", "name"), [("j" * 879, "a.jsonl"), ("j", "n" * 879 + ".jsonl"), ("領" * 293, "a.jsonl")]
)
def test_the_longest_keys_that_are_taken_leave_room_for_all_that_is_made_of_them(
    job: str, name: str
) -> None:
    def event_of(key: str) -> Any:
        event = {"bucket": {"name": BUCKET}, "object": {"key": key, "etag": "e"}}
        return {"time": "2026-11-23T16:30:00Z", "detail": event}

    key = f"batch-output/{job}/{name}"
    assert 890 <= len(key.encode()) <= 900
    read_event(event_of(key))
    results = ResultsKey.of(job, name)
    span = Range(10**14, 10**15 - 1)
    prefix = work_prefix(results, generation=99_999)
    made = [
        dead_letters_key(results, etag="e" * 64, segment=span),
        image_list_key(prefix, span),
        f"{prefix}/ranges-3-results/{'u' * 36}/PENDING_99.json",
        claim_key(job, key).sk,
    ]
    assert max(len(each.encode()) for each in made) <= 1024
    assert len(object_partition(job, key, 99_999).encode()) <= 2048
    with pytest.raises(EventInvalid):
        read_event(event_of(key[:-6] + "x" * 12 + ".jsonl"))

"""Manifests that Bedrock never wrote, and jobs' records that nobody should have written."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.aws.manifests import read_manifest
from functions.domain.attribute_values import to_item
from functions.domain.claims import Claim, ClaimState
from functions.domain.errors import JobInvalid
from functions.domain.events import Event, Metric
from functions.domain.jobs import Job
from functions.domain.manifests import ManifestUnreadable
from functions.domain.object_keys import manifest_key, results_folder
from functions.domain.settlements import Evidence, settle
from tests.workflow.machine import BUCKET, JOB, Machine

DIGITS = 38
"""Of DynamoDB's numbers."""
MIB = 1024 * 1024

UNREADABLE: dict[str, bytes] = {
    "a count of 4,000 digits": b'{"totalRecordCount": 1' + b"0" * 4_000 + b"}",
    "a count of a million digits": b'{"totalRecordCount": 1' + b"0" * 1_000_000 + b"}",
    "a count that DynamoDB cannot hold": b'{"totalRecordCount": ' + b"9" * 39 + b"}",
    "a count beyond what readers of JSON agree on": b'{"totalRecordCount": 9007199254740992}',
    "a negative count": b'{"totalRecordCount": -1}',
    "a count with an exponent": b'{"totalRecordCount": 1e999999999}',
    "a count that is no number": b'{"totalRecordCount": NaN}',
    "an endless count": b'{"totalRecordCount": Infinity}',
    "a count that is true": b'{"totalRecordCount": true}',
    "a count in a string": b'{"totalRecordCount": "1"}',
    "a count in a list": b'{"totalRecordCount": [1]}',
    "a count that is repeated, and then no count": (
        b'{"totalRecordCount": 1, "totalRecordCount": null}'
    ),
    "another key": b'{"TotalRecordCount": 1}',
    "a list": b"[1]",
    "a string": b'"totalRecordCount"',
    "a number": b"7",
    "nothing": b"",
    "nested lists": b"[" * MIB,
    "nested objects": b'{"a":' * 200_000,
    "no JSON": b"not JSON",
    "null": b"null",
    "no count": b"{}",
    "a fraction": b'{"totalRecordCount": 3.5}',
    "many MB": b'{"totalRecordCount": 1, "x": "' + b"x" * 8 * MIB + b'"}',
    "bytes that are no text": b'{"totalRecordCount": 1, "x": "\xff secret"}',
    "UTF-32 that is none": b"\xff\xfe\x00\x00secret",
    "a gzip file": b"\x1f\x8b\x08\x00secret",
    "a page of HTML": b"<html>secret</html>",
}


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_manifest_that_counts_nothing_is_absent_and_is_not_quoted(
    machine: Machine, case: str
) -> None:
    machine.manifest(UNREADABLE[case])
    began = time.process_time()
    machine.settle()
    assert time.process_time() - began < 20
    (said,) = machine.told.all(Event.MANIFEST_UNREADABLE)
    assert machine.told.sums[Metric.MANIFEST_UNREADABLE] == 1
    assert len(said["problem"]) < 200
    assert "secret" not in said["problem"]
    assert manifest_key(results_folder(JOB)) in said["problem"]
    assert "missingCount" not in machine.record["resultStats"]
    with pytest.raises(ManifestUnreadable):
        read_manifest(machine.settler.s3, bucket=BUCKET, key=manifest_key(results_folder(JOB)))


@pytest.mark.parametrize("total", [0, 1, 2**53 - 1])
def test_a_forged_count_changes_its_own_job_alone(machine: Machine, total: int) -> None:
    other = {"intentId": "x", "submitTime": "y", "jobId": f"{JOB}/../x", "userId": "u"}
    machine.dynamodb.put_item(TableName="batch-jobs", Item=to_item(other))
    before = machine.dynamodb.tables["batch-jobs"]["x", "y"]
    machine.manifest(total)
    machine.settle()
    assert machine.record["resultStats"]["missingCount"] == total
    assert machine.dynamodb.tables["batch-jobs"]["x", "y"] == before


RECORDS: dict[str, dict[str, Any]] = {
    "a count of 126 digits": {"pendingImageCount": 10**125},
    "a negative count": {"pendingImageCount": -5},
    "a count that is text": {"pendingImageCount": "9" * 5_000},
    "a count that is true": {"pendingImageCount": True},
    "a count that is a map": {"pendingImageCount": {"N": "1"}},
    "a model that is a map": {"modelId": {"S": "x"}},
    "a trace that is a number": {"traceId": 7},
    "a state that is text": {"ingestState": "INGESTING"},
}


@pytest.mark.parametrize("case", RECORDS)
def test_what_is_no_count_or_text_in_a_jobs_record_is_not_there(case: str) -> None:
    record = {"intentId": "i", "submitTime": "s", "userId": "u", **RECORDS[case]}
    job = Job.from_record(JOB, record)
    assert (job.pending_image_count, job.model_id, job.trace_id) == (None, None, None)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    claim = Claim("k", "e", "o", 1, ClaimState.CLAIMED, now)
    settled = settle(job, Evidence([claim]), now=now, grace=timedelta())
    numbers = [value for value in settled.stats.values() if isinstance(value, int)]
    assert all(len(str(number)) <= DIGITS for number in numbers)
    assert len(json.dumps(settled.stats)) < 2_000


@pytest.mark.parametrize(
    "user", ["", "u" * 2049, "領" * 683, 7, None, ["u"], {"S": "u"}, True], ids=range(8)
)
def test_a_user_that_cannot_be_a_key_is_refused_by_name_and_not_quoted(user: Any) -> None:
    with pytest.raises(JobInvalid) as raised:
        Job.from_record(JOB, {"intentId": "i", "submitTime": "s", "userId": user})
    assert "uuu" not in str(raised.value)
    assert "領" not in str(raised.value)

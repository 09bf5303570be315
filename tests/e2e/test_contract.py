"""Every kind of object and job ends as the contract says, through the S3 event alone.

Each test ends with the deployment as it was: the next object is processed as if nothing had
happened, since the next test is that object.
"""

import json
import random

import pytest

from ops.model.deployment import Deployment
from ops.model.failures import read_failed
from tests.e2e.held import JobRecord, assert_held, deliver, last_state
from tests.lines import RECEIPT, answered
from tests.reference import mutate
from tests.reference.records import Good, Padding, Reason, read


@pytest.fixture
def job(deployed: Deployment) -> JobRecord:
    record = JobRecord()
    record.write(deployed)
    return record


@pytest.mark.parametrize("seed", [11, 12])
def test_an_object_with_everything_in_it(deployed: Deployment, job: JobRecord, seed: int) -> None:
    """Damaged lines, and enough good ones that the rejects are not too many."""
    found = [mutate.case(seed, number).line for number in range(1000)]
    good = [line for line in found if isinstance(read(line), Good | Padding)]
    rejected = [line for line in found if line not in good]
    too_large = answered("large", json.dumps({**RECEIPT, "description": "領" * 140_000}))[:-1]
    chosen = [too_large, *good, *rejected[: len(good) * 4 // 5]]
    chance = random.Random(seed)
    body = mutate.joined(chance.sample(chosen, len(chosen)), chance)
    history = deliver(deployed, job.key("in 1/übung+%41.jsonl.out"), body)
    rejects = assert_held(deployed, job, history, body).rejects()
    assert set(rejects) == {*Reason} - {Reason.LINE_TOO_LONG}


def test_an_object_without_records_is_complete(deployed: Deployment, job: JobRecord) -> None:
    body = b"\xef\xbb\xbf\n \r\n\t\n\r\n"
    history = deliver(deployed, job.key(), body)
    assert assert_held(deployed, job, history, body).total == 0
    assert job.read(deployed)["status"] == "COMPLETED"


def test_binary_garbage_is_too_many_rejects_and_nothing_worse(
    deployed: Deployment, job: JobRecord
) -> None:
    body = random.Random(5).randbytes(300_000)
    history = deliver(deployed, job.key(), body)
    failed = read_failed(deployed, history.arn)
    assert failed.error == "TooManyRejects"
    assert "replay" in failed.cause
    assert job.transactions(deployed) == {}


def test_a_line_of_30_megabytes_is_a_reject_between_its_good_neighbours(
    deployed: Deployment, job: JobRecord
) -> None:
    body = answered("before") + answered("huge", modelInput="A" * 30_000_000) + answered("after")
    expected = assert_held(deployed, job, deliver(deployed, job.key(), body), body)
    assert {item["imageId"] for item in expected.transactions.values()} == {"before", "after"}
    assert expected.rejects() == {"LineTooLong": 1}


def test_a_key_that_is_no_results_object_is_ignored(deployed: Deployment, job: JobRecord) -> None:
    """The rule's wildcard lets it through; the execution decides."""
    key = f"batch-output/{job.job_id}/.jsonl"
    history = deliver(deployed, key, answered("image-1"))
    assert (history.status, last_state(history)) == ("SUCCEEDED", "Ignored")
    assert job.transactions(deployed) == {}

"""An estimate is held against the requests that the embedded AWS counts."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from functions.domain.attribute_values import to_item
from local.decisions import Decisions
from ops.model.deployment import Deployment
from ops.model.estimating import settings, sources
from ops.model.estimating.ingest_requests import IngestLimits, ingest_of
from ops.model.estimating.workload import Workload, read_workload
from tests.e2e.conftest import RANGE_BYTES
from tests.e2e.counted import counted
from tests.e2e.held import JobRecord, deliver
from tests.e2e.waiting import executions
from tests.lines import answered

WITHIN = 0.05
SMALL = [(3, 0, 0), (60, 40, 2_000)]
"""Records, images, bytes of each record's input."""
LARGE = [
    *((n, 0, 100) for n in (1, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)),
    *((n, n, 100) for n in (1, 10, 30, 100, 300, 1_000)),
    *((n, 0, 20_000) for n in (1, 30, 100, 300, 1_000, 3_000)),
    *((n, n // 2, 400_000) for n in (2, 10, 50, 200, 400)),
    *((n, 0, 1_000_000) for n in (10, 100, 500, 1_000)),
]


@pytest.fixture(scope="module")
def limits(deployed: Deployment) -> IngestLimits:
    found = settings.of_deployment(deployed)
    assert found.origin == f"stack {deployed.stack} on {deployed.place}"
    assert found.load.range_bytes == RANGE_BYTES
    return found


def _with_images(deployed: Deployment, job: JobRecord, images: list[str]) -> None:
    def make(image: str) -> None:
        key = f"uploads/{image}.jpg"
        deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=b"an image")
        record = {"imageId": image, "userId": job.user_id, "s3Key": key, "status": "pending"}
        table = deployed.outputs["PendingImagesTableName"]
        deployed.dynamodb.put_item(TableName=table, Item=to_item(record))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, images))


@pytest.mark.parametrize(
    ("records", "images", "input_bytes"),
    [*SMALL, *(pytest.param(*each, marks=pytest.mark.slow) for each in LARGE)],
)
def test_it_is_within_5_percent_of_what_is_counted(
    deployed: Deployment,
    data: Path,
    limits: IngestLimits,
    records: int,
    images: int,
    input_bytes: int,
) -> None:
    assert data
    assert deployed.embedded is not None
    job, ids = JobRecord(), [uuid.uuid4().hex for _ in range(records)]
    job.write(deployed)
    _with_images(deployed, job, ids[:images])
    body = b"".join(answered(each, modelInput={"image": "A" * input_bytes}) for each in ids)
    workload = sources.with_known_images(
        deployed, read_workload(len(body), lambda start, length: body[start : start + length])
    )
    workload = _exactly(workload, records, images)
    estimated = ingest_of(workload, limits).requests

    endpoint, case = deployed.embedded.endpoint, f"estimate {uuid.uuid4().hex}"
    Decisions(endpoint).begin(case)
    run = deliver(deployed, job.key(), body)
    assert run.status == "SUCCEEDED"
    assert run.arn in executions(deployed)
    found = counted(deployed, endpoint, case, run, workload)

    known = replace(estimated, gigabyte_seconds=0, log_bytes=0, events=0)
    assert known.cost == pytest.approx(found.cost, rel=WITHIN), found
    assert known.transitions == found.transitions
    assert known.calls == found.calls
    assert known.s3_writes == pytest.approx(found.s3_writes, rel=WITHIN)


def _exactly(workload: Workload, records: int, images: int) -> Workload:
    """The sample is close to what is known here; what it missed is not the requests' fault."""
    assert workload.records == pytest.approx(records, rel=WITHIN)
    assert workload.transactions == pytest.approx(records, rel=WITHIN)
    if records <= 100:
        assert workload.images == pytest.approx(images, rel=WITHIN)
    return replace(workload, records=records, transactions=records, images=images)

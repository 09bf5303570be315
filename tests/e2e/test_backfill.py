"""`ingest backfill` is killed again and again: every object is ingested once."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.model import history
from ops.model.deployment import Deployment
from tests.e2e.held import JobRecord
from tests.e2e.own_aws import data, deployed
from tests.e2e.waiting import eventually, executions
from tests.lines import answered

OBJECTS_OF_A_JOB = 2

__all__ = ["data", "deployed"]  # these commands look at all that is on it


def _unannounced(deployed: Deployment, objects: int) -> dict[str, JobRecord]:
    """Jobs with objects, a record each, that were there before the bucket told of any."""
    jobs = [JobRecord() for _ in range(-(-objects // OBJECTS_OF_A_JOB))]
    for job in jobs:
        job.write(deployed)
    by_key = {}
    for n in range(objects):
        job = jobs[n // OBJECTS_OF_A_JOB]
        by_key[job.key(f"{n:04d}.jsonl.out")] = job
    _announce(deployed, is_on=False)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda key: _put(deployed, key), by_key))
    finally:
        _announce(deployed, is_on=True)
    return by_key


def _announce(deployed: Deployment, *, is_on: bool) -> None:
    deployed.s3.put_bucket_notification_configuration(
        Bucket=deployed.bucket,
        NotificationConfiguration={"EventBridgeConfiguration": {}} if is_on else {},
    )


def _put(deployed: Deployment, key: str) -> None:
    deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=answered(key))


def _command(data: Path) -> list[str]:
    """`ingest backfill`, as fast as it goes."""
    program = [sys.executable, "-c", "from ops.cli import main; main()", "backfill"]
    return [*program, "--yes", "--rate", "100", "--at-a-time", "40", "--data", str(data)]


@pytest.mark.slow
@pytest.mark.parametrize(("objects", "kills"), [(500, 5)])
def test_killed_at_any_point_it_ingests_each_object_once(
    deployed: Deployment, data: Path, objects: int, kills: int
) -> None:
    by_key = _unannounced(deployed, objects)
    known = executions(deployed)
    for kill in range(kills):
        process = subprocess.Popen(_command(data), stderr=subprocess.DEVNULL)
        _until_started(deployed, known, (kill + 1) * objects // (kills + 2))
        process.kill()
        process.wait()
    subprocess.run(_command(data), check=True)
    _wait_for_all(deployed)

    started = [history.read(deployed.step_functions, arn) for arn in executions(deployed) - known]
    assert {each.key for each in started} == by_key.keys()
    assert len(started) == objects
    assert all(each.states[-1].name == "Settled" for each in started)
    for job in set(by_key.values()):
        images = {item["imageId"] for item in job.transactions(deployed).values()}
        assert images == {key for key, owner in by_key.items() if owner is job}
        claims = deployed.ledger.claims(job.job_id)
        assert {claim.generation for claim in claims} == {1}


def _until_started(deployed: Deployment, known: set[str], number: int) -> None:
    eventually(lambda: len(executions(deployed) - known) >= number, f"{number} were started")


def _wait_for_all(deployed: Deployment) -> None:
    end = time.monotonic() + 600

    def nothing_runs() -> bool:
        page = deployed.step_functions.list_executions(
            stateMachineArn=deployed.state_machine, statusFilter="RUNNING"
        )
        return not page["executions"]

    while not nothing_runs():
        assert time.monotonic() < end
        time.sleep(0.5)

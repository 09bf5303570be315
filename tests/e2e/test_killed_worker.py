"""A worker is killed in the middle of a migration, as by `kill -9`, until its execution fails."""

import os
import signal
import uuid
from datetime import UTC, datetime
from pathlib import Path

from demo import seeding
from demo.batch import Batch
from demo.comparison import compare
from demo.generator import account_recipe, make_batch
from demo.observation import observe
from ops.model.deployment import Deployment
from tests.e2e.waiting import eventually

SECONDS = 240.0
"""Step Functions tries a killed worker's call five times again, with up to 32 s in between."""
MOVED_FIRST = 3


def test_a_migration_whose_worker_is_killed_ends_after_a_redrive_like_an_undisturbed_one(
    deployed: Deployment, data: Path
) -> None:
    run, now = uuid.uuid4().hex[:10], datetime.now(UTC)
    batch = make_batch(account_recipe(run, records=150), run=run, now=now, seed=11)
    seeding.seed(deployed, batch)
    before = _processed(deployed, batch)
    began = datetime.now(UTC)
    etag = seeding.deliver(deployed, batch).etag
    delivered = datetime.now(UTC)
    execution = _claimed(deployed, batch)

    eventually(
        lambda: len(_processed(deployed, batch) - before) >= MOVED_FIRST, "some images are moved"
    )
    killed = _kill_until_failed(deployed, execution, data)
    assert killed, "no worker was there to be killed"
    halfway = observe(deployed, batch)
    _no_transaction_points_at_nothing(deployed, batch)

    deployed.step_functions.redrive_execution(executionArn=execution)
    eventually(lambda: _status(deployed, execution) == "SUCCEEDED", "the redrive succeeds")
    ended = observe(deployed, batch)
    assert ended.objects != halfway.objects, "it was over before it was stopped"
    assert compare(batch, ended, etag=etag, not_before=began, not_after=delivered) == [], (
        "not what an undisturbed run makes of it"
    )


def _claimed(deployed: Deployment, batch: Batch) -> str:
    def owner() -> str | None:
        claim = deployed.ledger.claim(batch.job.job_id, batch.key)
        return claim.owner if claim else None

    return str(eventually(owner, "the object is claimed"))


def _kill_until_failed(deployed: Deployment, execution: str, data: Path) -> list[int]:
    """Kill every process that runs the migration, until the execution gives up."""
    killed: list[int] = []

    def failed() -> bool:
        for pid in _workers(data):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        status = _status(deployed, execution)
        assert status in {"RUNNING", "FAILED"}, "it was over before it was stopped"
        return status == "FAILED"

    eventually(failed, "the execution fails", seconds=SECONDS)
    return killed


def _workers(data: Path) -> list[int]:
    """The processes of this embedded AWS that run the function MigrateImages."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            if str(data) in line and "MigrateImages" in line:
                found.append(int(entry.name))
    return found


def _status(deployed: Deployment, execution: str) -> str:
    described = deployed.step_functions.describe_execution(executionArn=execution)
    return described["status"]


def _processed(deployed: Deployment, batch: Batch) -> set[str]:
    """Keys of the user's images in processed/; listed alone, for it has to be quick."""
    pages = deployed.s3.get_paginator("list_objects_v2").paginate(
        Bucket=deployed.bucket, Prefix="processed/"
    )
    folder = f"/{batch.job.user_id}/"
    keys = (each["Key"] for page in pages for each in page.get("Contents", []))
    return {key for key in keys if folder in key}


def _no_transaction_points_at_nothing(deployed: Deployment, batch: Batch) -> None:
    seen = observe(deployed, batch)
    pointers = {item["s3Key"] for item in seen.transactions.values() if "s3Key" in item}
    mine = {key for key in pointers if key.startswith(("uploads/", "processed/"))}
    assert mine <= seen.objects.keys()

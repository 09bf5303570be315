"""Makes the pictures of docs/console.md and README.md: `python -m tests.e2e.faults.pictures`.

They show the page of `ingest console` with jobs that really failed, ran and were settled on an
embedded AWS.
"""

import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from demo import flaws
from demo.batch import Batch
from functions.domain.timestamps import timestamp
from tests.e2e.faults import browsing
from tests.e2e.faults.world import FaultyDeployment, world_in
from tests.e2e.held import JobRecord
from tests.e2e.waiting import eventually

PICTURES: Final = Path(__file__).parents[3] / "docs" / "pictures"
_WIDTH: Final = 1280
_MANY_FLAWS: Final = {
    flaws.MODEL_ERROR: 4,
    flaws.CUT_OFF: 1,
    flaws.REFUSAL: 2,
    flaws.NO_SUCH_DAY: 3,
    flaws.NO_SUCH_CATEGORY: 2,
    flaws.AMOUNT_AS_TEXT: 1,
}


def make(folder: Path) -> None:
    """Make the scene, and take the pictures."""
    with world_in(folder) as world:
        settled = [_settled(world, records=110, flawed=_MANY_FLAWS)]
        settled += [_settled(world, records=40, flawed={flaws.CUT_OFF: 1}) for _ in range(2)]
        _rejected(world)
        _waiting(world)
        failed = _failed(world)
        with browsing.served(world.deployed, acts=True) as keys, browsing.browser() as browser:
            page = browser.new_page(viewport={"width": _WIDTH, "height": 860})
            page.goto(keys.address)
            page.wait_for_selector("h1")
            for name, path, height in (
                ("jobs", "/", 860),
                ("failed", f"/job/{failed.job.job_id}", 1180),
                ("settled", f"/job/{settled[0].job.job_id}", 860),
            ):
                page.set_viewport_size({"width": _WIDTH, "height": height})
                page.goto(f"http://127.0.0.1:{keys.port}{path}")
                page.wait_for_selector("#live[data-s=done]")
                page.screenshot(path=PICTURES / f"console-{name}.png")
                _shrink(PICTURES / f"console-{name}.png")


def _shrink(picture: Path) -> None:
    """A palette of 128 colours, where the machine has the tool for it."""
    if pngquant := shutil.which("pngquant"):
        subprocess.run([pngquant, "128", "--force", "--ext", ".png", str(picture)], check=True)


def _settled(world: FaultyDeployment, *, records: int, flawed: dict[flaws.Flaw, int]) -> Batch:
    batch = world.new_batch(records=records, flawed=flawed)
    world.deliver(batch)
    assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    return batch


def _failed(world: FaultyDeployment) -> Batch:
    """S3 refuses all ranges but the first of an object, after a redrive still."""
    batch = world.new_batch(records=90, flawed={flaws.MODEL_ERROR: 2, flaws.NO_SUCH_DAY: 2})
    refused = {
        "caller": "*WorkersLoadSegment*",
        "action": "s3:GetObject",
        "skip": 5,
        "kind": "error",
        "code": "SlowDown",
        "status": 503,
        "message": "Please reduce your request rate.",
    }
    with world.fault(**refused):
        world.deliver(batch)
        arn = world.execution_of(batch)
        assert world.until_ended(arn) == "FAILED"
        world.deployed.step_functions.redrive_execution(executionArn=arn)
        eventually(
            lambda: world.describe(arn)["redriveCount"] and world.until_ended(arn) == "FAILED",
            "it fails again",
        )
        eventually(lambda: world.job_status(batch) == "FAILED", "the job's record says so")
    return batch


def _rejected(world: FaultyDeployment) -> None:
    batch = world.new_batch(records=40, flawed={flaws.REFUSAL: 22})
    world.deliver(batch)
    assert world.until_ended(world.execution_of(batch)) == "FAILED"


def _waiting(world: FaultyDeployment) -> None:
    submitted = timestamp(datetime.now(UTC))
    JobRecord().write(
        world.deployed, status="SUBMITTED", submitTime=submitted, pendingImageCount=400
    )


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        make(Path(scratch))

"""Stacks of other settings than the suite's own: stood up, run, and taken down."""

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo import seeding
from demo.batch import Batch
from demo.comparison import compare
from demo.generator import account_recipe, make_batch
from demo.observation import observe
from local import deploy, server
from local.endpoint import Endpoint
from ops.model import deployment
from ops.model.deployment import Deployment
from stacks.node import use_locked_node
from tests.e2e.waiting import eventually, until_ended

use_locked_node()

RECORDS = 60


@dataclass(frozen=True)
class Ran:
    """A job, and how what became of it differs from what must."""

    batch: Batch
    differences: list[str]
    status: str | None


def endpoint_of(data: Path) -> Endpoint:
    running = server.find(data)
    assert running is not None
    return running.endpoint


def stand(data: Path, name: str, **settings: Any) -> Deployment:
    # Imported late, for it starts Node; and not by `local.synthesis`, whose cache of a few
    # syntheses is for those that come again.
    from stacks.application import synthesize  # noqa: PLC0415

    running = server.find(data)
    assert running is not None
    overrides = {**settings, "stackName": name, "aws:cdk:bundling-stacks": []}
    assembly = data.with_name(f"{name}.out")
    synthesize(overrides=overrides, outdir=str(assembly))
    deploy.deploy(assembly, endpoint=running.endpoint)
    return deployment.on_embedded(running, stack=name)


def run_job(deployed: Deployment) -> Ran:
    """Seed a job, let its results come, follow it to its end, compare all that came of it."""
    run = uuid.uuid4().hex[:10]
    recipe = dataclasses.replace(account_recipe(run, records=RECORDS), image_bytes=(2_000, 4_000))
    batch = make_batch(recipe, run=run, now=datetime.now(UTC), seed=11)
    seeding.seed(deployed, batch)
    upload = seeding.deliver(deployed, batch)
    not_after = datetime.now(UTC)
    (outcome,) = until_ended(deployed, batch.job.job_id)
    differences = compare(
        batch,
        observe(deployed, batch),
        etag=upload.etag,
        not_before=upload.since,
        not_after=not_after,
    )
    return Ran(batch, differences, outcome.status)


def take_down(deployed: Deployment) -> str:
    """Delete a stack; the status that it ends in."""
    assert deployed.embedded is not None
    cloudformation = deployed.embedded.endpoint.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=deployed.stack)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack)

    def gone() -> str | None:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        return None if status.endswith("_IN_PROGRESS") else status

    return str(eventually(gone, "the stack goes"))

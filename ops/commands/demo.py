"""`ingest demo`: two made-up jobs, followed from start to end and checked."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from demo import inference, seeding
from demo.comparison import compare
from demo.generator import make_demo
from demo.observation import Observation, observe
from functions.domain.plain_text import counted
from local import deploy, server, synthesis
from ops.commands import options  # noqa: TC001 - typer reads annotations when it runs
from ops.errors import ResultDiffers
from ops.model import deployment
from ops.view import job as job_view
from ops.view.durations import exact
from ops.view.follower import Follower, ended
from ops.view.steps import Steps
from ops.view.terminal import err, out, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.batch import Batch
    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport
    from ops.model.uploads import Upload

_SHOWN_DIFFERENCES = 25


@dataclass(frozen=True)
class Run:
    """What a demo did, and the differences it found.

    Attributes:
        seconds: From the command to the last check.
        ingest_seconds: From the first upload of results to the end of the last execution.
    """

    deployed: Deployment
    batches: Sequence[Batch]
    outcomes: Sequence[JobReport]
    observations: Sequence[Observation]
    differences: Sequence[str]
    seconds: float
    ingest_seconds: float


def demo(
    data: options.Data = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the receipts: the same seed makes the same receipts.")
    ] = 2026,
    as_json: options.AsJson = False,
) -> None:
    """Run two made-up jobs on the embedded AWS, and check them.

    Starts the embedded AWS, uploads the images of two jobs, submits one to its Bedrock, and uploads
    results made by hand for the other. S3's events start the executions. Then every count, item,
    image and dead letter is compared with what it must be. Names all differences, and exits with
    5, if there are any.
    """
    run = perform(data or server.DEFAULT_DATA, seed=seed)
    if as_json:
        print_json(_as_json(run))
    else:
        _show(run)
    if run.differences:
        raise ResultDiffers(run.differences)


def perform(data: Any, *, seed: int) -> Run:
    """Run the demo and show progress. A Ctrl-C stops the embedded AWS that it started."""
    steps = Steps()
    steps.begin("Synthesize the template")
    assembly = synthesis.synthesize(server.PROJECT)
    steps.begin("Start the embedded AWS")
    started = server.start(data)
    if started.lost:
        err.print(started.lost, style="yellow")
    with server.stopped_if_interrupted(started):
        steps.begin("Deploy the stack")
        deploy.deploy(assembly, endpoint=started.server.endpoint)
        return _ingest(deployment.on_embedded(started.server), seed=seed, steps=steps)


def _ingest(deployed: Deployment, *, seed: int, steps: Steps) -> Run:
    made = make_demo(run=uuid.uuid4().hex[:10], seed=seed)
    _announce(made, steps)
    batches = [inference.submit(deployed, each) if each.questions else each for each in made]
    for batch in batches:
        seeding.seed(deployed, batch)
    first = steps.seconds
    with ThreadPoolExecutor(len(batches)) as pool:
        uploads = list(pool.map(lambda batch: _deliver(deployed, batch), batches))
    uploaded = datetime.now(UTC)
    steps.begin("Follow the ingest, which S3's events have started")
    follower = Follower(
        read=lambda: [upload.read() for upload in uploads],
        is_over=ended,
        look_again=deployed.command("watch"),
    )
    outcomes = follower.follow()
    ingested = steps.seconds - first
    steps.begin("Compare with what must be")
    observations = [observe(deployed, batch) for batch in batches]
    differences = [
        difference
        for batch, seen, upload in zip(batches, observations, uploads, strict=True)
        for difference in compare(
            batch, seen, etag=upload.etag, not_before=upload.since, not_after=uploaded
        )
    ]
    return Run(
        deployed, batches, outcomes, observations, differences,
        seconds=steps.seconds, ingest_seconds=ingested,
    )  # fmt: skip


def _deliver(deployed: Deployment, batch: Batch) -> Upload:
    """The results object of a batch, from Bedrock where it was asked."""
    return (inference.complete if batch.questions else seeding.deliver)(deployed, batch)


def _announce(batches: Sequence[Batch], steps: Steps) -> None:
    records = sum(batch.records for batch in batches)
    size = sum(len(batch.body) for batch in batches) / 1e6
    images = sum(len(batch.images) for batch in batches)
    steps.begin(
        f"Upload {counted(images, 'image')} of {counted(len(batches), 'job')}, and submit them: "
        f"{counted(records, 'record')}, "
        f"{size:.1f} MB of results"
    )


def _show(run: Run) -> None:
    """Twelve lines at most: what came of the jobs, and what to type next."""
    for outcome in run.outcomes:
        history = outcome.history
        took = f" in {exact(history.duration(now=datetime.now(UTC)))}" if history else ""
        out.print(f"Job {visible(outcome.job_id)}: {visible(outcome.status)}{took}", style="bold")
        out.print(job_view.counts_text(outcome))
    if run.differences:
        for difference in run.differences[:_SHOWN_DIFFERENCES]:
            out.print(f"  differs: {visible(difference)}", style="red")
        if (more := len(run.differences) - _SHOWN_DIFFERENCES) > 0:
            out.print(f"  and {more} more", style="red")
        return
    records = sum(batch.records for batch in run.batches)
    out.print(
        f"All {counted(records, 'record')}, {_items(run)} items, images and dead letters are what "
        f"they must be. Ingested in {run.ingest_seconds:.1f} s, all of it in {run.seconds:.1f} s.",
        style="bold green",
    )
    for purpose, command in what_next(run.deployed, run.batches[0].job.job_id).items():
        out.print(f"  {purpose:<14}{command}")
    out.print(f"  {'Stop it':<14}{run.deployed.local_command('local down')}")


def what_next(deployed: Deployment, job_id: str) -> dict[str, str]:
    """Commands to type after the demo, by what they are for."""
    return {
        "Transactions": deployed.command("transactions", job_id),
        "Rejects": deployed.command("rejects", job_id),
        "Look": deployed.command("console"),
    }


def _items(run: Run) -> int:
    return sum(
        len(seen.transactions) + len(seen.image_records) + len(seen.objects)
        + len(seen.dead_letters)
        for seen in run.observations
    )  # fmt: skip


def _as_json(run: Run) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "seconds": round(run.seconds, 3),
        "ingestSeconds": round(run.ingest_seconds, 3),
        "jobs": [job_view.as_json(outcome, now=now) for outcome in run.outcomes],
        "compared": _items(run),
        "differences": list(run.differences),
    }

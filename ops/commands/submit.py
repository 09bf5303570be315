"""`ingest submit`: the user's own results file, uploaded for a job and followed to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.claims import Content, Precedence, precedence
from functions.domain.object_keys import ResultsKey, key_problem, parse_key
from functions.domain.plain_text import counted
from functions.domain.timestamps import timestamp
from ops.commands import options
from ops.commands.estimate import say
from ops.commands.inspect import show
from ops.errors import NothingFound, Refused
from ops.model.estimating import settings, sources
from ops.model.estimating.estimate import estimate
from ops.model.job_records import create_job_record, read_job_record
from ops.model.uploads import Upload
from ops.view.follower import Follower, ended
from ops.view.terminal import err, out, print_json, prose, visible

if TYPE_CHECKING:
    from functions.domain.claims import Claim
    from ops.model.deployment import Deployment


def submit(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="JSON Lines, named *.jsonl.out or *.jsonl.",
            show_default=False,
        ),
    ],
    job: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="The job whose results it holds.",
            show_default=False,
            autocompletion=options.complete_job,
        ),
    ],
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    create_job: Annotated[
        bool,
        typer.Option(
            "--create-job",
            help="Write a record for the job first (embedded AWS only). It has no images and no "
            "number of records to expect, so images are counted as ImageUnknown.",
        ),
    ] = False,
    user: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="The created job's user; device-* and ephemeral-* are guests.",
        ),
    ] = "user-local",
    max_cost: options.MaxCost = None,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Upload a results file for a job, and follow its ingest.

    The file becomes batch-output/JOB/FILENAME, and S3's event starts the execution. The job's
    record must exist; on the embedded AWS, --create-job writes one.
    """
    key = results_key(file.name, job)
    deployed = options.chosen(local=local, data=data, stack=stack)
    if not create_job:
        _require_job(deployed, job)
    workload = sources.with_known_images(deployed, sources.of_file(file))
    say(estimate([workload], settings.of_deployment(deployed)), max_cost)
    if create_job:
        write_record(deployed, job, user)
    earlier = deployed.ledger.claim(job, key)
    upload = _upload(deployed, file, job, key)
    if earlier is not None and changes_nothing(upload, earlier, now=datetime.now(UTC)):
        err.print(
            prose(
                f"The same content was ingested before (its claim is {earlier.state}), so this "
                "upload changes nothing. What follows is the result of that ingest."
            ),
            style="yellow",
        )
    if watch:
        follower = Follower(
            read=lambda: [upload.read()],
            is_over=ended,
            look_again=deployed.command("watch", job),
        )
        (report,) = follower.follow()
        show(deployed, report, as_json=as_json)
    elif as_json:
        print_json({"jobId": job, "bucket": deployed.bucket, "key": key, "etag": upload.etag})
    else:
        out.print(f"Look at it with: {deployed.command('inspect', job)}")


def changes_nothing(upload: Upload, earlier: Claim, *, now: datetime) -> bool:
    """Whether a key's claim is of the uploaded content, and keeps the right to it."""
    content = Content(upload.etag, created=upload.since)
    return earlier.etag == upload.etag and (
        precedence(earlier, content, now=now) is Precedence.CLAIM
    )


def results_key(name: str, job_id: str) -> str:
    """The key under which a file becomes a job's results object; Refused if it would not."""
    wanted = ResultsKey.of(job_id, name)
    parsed = parse_key(wanted.key)
    if parsed is not None and "/" not in job_id and (problem := key_problem(wanted.key)):
        raise Refused(f"{visible(wanted.key)} cannot be ingested: {problem}.")
    if parsed is not None and parsed.folders[:1] == (job_id,) and parsed.of_job(job_id) == wanted:
        return wanted.key
    if "/" in job_id or not job_id:
        raise Refused(f"{visible(job_id)!r} is not a job id: it is empty or has a '/'.")
    raise Refused(
        f"{visible(name)} would not be taken for results, which are JSON Lines: they are named "
        "*.jsonl or *.jsonl.out."
    )


def write_record(deployed: Deployment, job_id: str, user: str) -> None:
    """Write the record of a new job.

    Raises:
        Refused: it is there already; or on AWS, where job records are the application's.
    """
    if deployed.embedded is None:
        raise Refused(
            "Job records on AWS belong to the application: --create-job is for the embedded AWS "
            "alone. Name an existing job with --job."
        )
    if read_job_record(deployed, job_id) is not None:
        raise Refused(f"Job {visible(job_id)} is there already; leave out --create-job.")
    record = {"intentId": f"intent-{job_id}", "submitTime": timestamp(datetime.now(UTC))}
    create_job_record(deployed, {**record, "jobId": job_id, "userId": user, "status": "SUBMITTED"})


def _require_job(deployed: Deployment, job_id: str) -> None:
    if read_job_record(deployed, job_id) is not None:
        return
    cure = (
        "--create-job writes a record for it."
        if deployed.embedded is not None
        else "Its record must be in the batch-jobs table, once, before results can be ingested."
    )
    raise NothingFound(f"On {deployed.place} there is no job {visible(job_id)}. {cure}")


def _upload(deployed: Deployment, file: Path, job_id: str, key: str) -> Upload:
    deployed.s3.upload_file(
        str(file), deployed.bucket, key, ExtraArgs={"ContentType": "application/x-ndjson"}
    )
    head = deployed.s3.head_object(Bucket=deployed.bucket, Key=key)
    err.print(
        f"Uploaded {counted(head['ContentLength'], 'byte')} to s3://{deployed.bucket}/{visible(key)}.",
        style="dim",
    )
    return Upload(deployed, job_id, key, head["ETag"].strip('"'), head["LastModified"])

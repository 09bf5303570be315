"""`ingest replay`: ingest a job's results objects once more, on purpose."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from functions.aws.job_notes import JobNotes
from functions.domain.claims import ClaimState
from functions.domain.object_keys import RESULTS_PREFIX, ResultsKey, parse_key
from functions.domain.timestamps import timestamp
from ops.commands import options
from ops.commands.asking import confirm, counted
from ops.errors import NothingFound
from ops.model.job_records import read_job_record
from ops.view.terminal import out, outside, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from functions.domain.claims import Claim
    from ops.model.deployment import Deployment

_EFFECT = (
    "Each is claimed by a new execution, which reads it from its first byte. Transactions are "
    "written again; one that a person edited or confirmed stays as it is, a deleted one comes "
    "back. Images that were moved stay where they are. The job counts what this run finds."
)


def replay(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="A job's id or ARN.", show_default=False)
    ],
    key: Annotated[
        str | None,
        typer.Option(
            "--object", metavar="KEY", help="Only this results object.", show_default=False
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; it is kept in the execution's input.")
    ] = "replayed by hand",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Ingest a job's results objects again, in new executions.

    For work that a redrive cannot cure: too many rejects, an execution too old to be redriven, an
    event that was lost. Shows what it will do, and asks.
    """
    job_id = job.rpartition("/")[2]
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = find(deployed, job_id, key=key)
    if not as_json:
        show(found)
    question = f"Replay {counted(len(found), 'object')} on {deployed.place}?"
    confirm(question, yes=yes, as_json=as_json)
    started = [start(deployed, each, reason=reason) for each in found]
    if as_json:
        print_json(
            [
                {"object": each.key, "execution": arn}
                for each, arn in zip(found, started, strict=True)
            ]
        )
        return
    for arn in started:
        out.print(f"Started {arn}")
    out.print(f"Look at the job with: {deployed.command('inspect', job_id)}")


@dataclass(frozen=True)
class Replayable:
    """A results object as it is in the bucket, and who has it.

    Attributes:
        version_id: Empty in a bucket without versions.
        size: Bytes.
        claim: None if nobody ever claimed it.
    """

    key: str
    etag: str
    version_id: str
    size: int
    created: datetime
    claim: Claim | None

    @property
    def progress(self) -> str:
        """How the work on it stands, and what a replay means for that."""
        if self.claim is None:
            return "never claimed"
        content = "" if self.claim.etag == self.etag else ", of other content"
        now = {
            ClaimState.CLAIMED: "being ingested: that execution will end as Superseded",
            ClaimState.DONE: "ingested",
            ClaimState.FAILED: "failed: a redrive of that execution will end as Superseded",
        }[self.claim.state]
        return f"generation {self.claim.generation}{content}, {now}"

    def event(self, bucket: str, reason: str) -> dict[str, Any]:
        """S3's event of it, with the wish to replay.

        The event's time counts only if nobody has claimed the object before: it is then when
        S3's own event would have come.
        """
        described: dict[str, Any] = {"key": self.key, "size": self.size, "etag": self.etag}
        if self.version_id:
            described["version-id"] = self.version_id
        if self.claim is not None and self.claim.etag == self.etag and self.claim.sequencer:
            # It stays what it is among the events of its key: older ones shall not displace it.
            described["sequencer"] = self.claim.sequencer
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Object Created",
            "source": "ingest.replay",
            "time": timestamp(self.created),
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": described},
            "replay": {"reason": reason},
        }


def find(deployed: Deployment, job_id: str, *, key: str | None = None) -> Sequence[Replayable]:
    """The results objects of a job that are in the bucket.

    Raises:
        NothingFound: there is no such job, or it has no such object.
    """
    if read_job_record(deployed, job_id) is None:
        raise NothingFound(
            f"On {deployed.place} there is no one record of job {visible(job_id)}: an execution "
            "would fail. The application writes it."
        )
    claims = {claim.key: claim for claim in deployed.ledger.claims(job_id)}
    found = [each for each in _objects(deployed, job_id, claims) if key in (None, each.key)]
    if not found:
        what = f"results object {visible(key)}" if key else "results objects"
        raise NothingFound(
            f"Job {visible(job_id)} has no {what} under {RESULTS_PREFIX} in {deployed.bucket}: "
            "what is to be ingested must be there."
        )
    return found


def start(deployed: Deployment, chosen: Replayable, *, reason: str) -> str:
    """Start the execution of one object; its ARN."""
    event = chosen.event(deployed.bucket, reason)
    return deployed.step_functions.start_execution(
        stateMachineArn=deployed.state_machine,
        name=f"replay-{event['id']}",
        input=json.dumps(event),
    )["executionArn"]


def show(found: Sequence[Replayable]) -> None:
    """Say what would be replayed, and what that does."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("results object", "bytes", "now"):
        table.add_column(title, overflow="fold")
    for each in found:
        table.add_row(outside(each.key), f"{each.size:,}", outside(each.progress))
    out.print(table)
    out.print(_EFFECT, style="dim")


def _objects(deployed: Deployment, job_id: str, claims: dict[str, Claim]) -> Iterator[Replayable]:
    folders = JobNotes(deployed.ledger).folders(job_id, claims.values())
    lister = deployed.s3.get_paginator("list_objects_v2")
    for page in chain.from_iterable(
        lister.paginate(Bucket=deployed.bucket, Prefix=folder) for folder in folders
    ):
        for listed in page.get("Contents", []):
            key = listed["Key"]
            parsed = parse_key(key)
            if parsed is None or not isinstance(parsed.of_job(job_id), ResultsKey):
                continue
            head = deployed.s3.head_object(Bucket=deployed.bucket, Key=key)
            yield Replayable(
                key=key,
                etag=head["ETag"].strip('"'),
                version_id=head.get("VersionId", ""),
                size=head["ContentLength"],
                created=head["LastModified"],
                claim=claims.get(key),
            )

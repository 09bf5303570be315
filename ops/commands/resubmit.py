"""`ingest resubmit`: submit the open rejects of a job to Bedrock again."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Annotated

import typer

from functions.aws.resubmission.bedrock_retries import BedrockRetries, root_job
from functions.aws.resubmission.submission import BY_CHANCE, BY_THE_MODEL
from functions.domain.receipts.reject import RejectReason
from ops.commands import options
from ops.commands.watch import follow_jobs
from ops.errors import ExitCode, Refused
from ops.model.resubmission import prepare, refuse_above, request_of, submit
from ops.view import resubmission as view
from ops.view.terminal import out, print_json, prose, visible

if TYPE_CHECKING:
    from ops.model.deployment import Deployment

_RETRYABLE = sorted(BY_CHANCE | BY_THE_MODEL)


def resubmit(  # noqa: PLR0913, PLR0917 - one parameter an option
    job: options.Job,
    reason: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REASON",
            help="Only rejects of this reason; may be given several times.",
            show_default=", ".join(sorted(BY_CHANCE)),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Another model, that takes the same input.", show_default=False
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ARN",
            help="The job's service role.",
            show_default="bedrockJobRoleArn of cdk.json, else that of JOB at Bedrock",
        ),
    ] = None,
    input_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="PREFIX",
            help="Where the records are uploaded to.",
            show_default="bedrockInputPrefix of cdk.json",
        ),
    ] = None,
    minimum: options.MinimumRecords = None,
    max_cost: options.MaxCost = None,
    dry_run: options.DryRun = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the retry to its end.")] = False,
    yes: options.Yes = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Submit open rejects to Bedrock again, as a retry of the job.

    The retry's answers become transactions of JOB. If it was interrupted, run it again: it
    continues, and no record is submitted twice.
    """
    request = request_of(
        reasons=_reasons(reason or []),
        model=model,
        role=role,
        minimum=minimum,
        input_prefix=input_prefix,
    )
    deployed = options.chosen(local=local, data=data, stack=stack)
    if not deployed.jobs.is_on_record(job):
        raise deployed.no_such_job(job)
    root = root_job(deployed, job)
    if not dry_run and (found := BedrockRetries(deployed, root).write_missing_records()):
        view.report(deployed, root, found[-1], as_json=as_json, more={"recovered": found})
        _follow(deployed, found[-1], watch=watch)
        return
    with tempfile.TemporaryFile() as file:
        prepared = prepare(deployed, root, request, file)
        if prepared is None:
            if as_json:
                print_json({"job": root.job_id, "submitted": None, "records": 0})
            else:
                out.print(prose(view.nothing(root, request)))
            return
        if not as_json:
            view.show(deployed, prepared)
        refuse_above(deployed, prepared, max_cost)
        if dry_run:
            if as_json:
                print_json(view.as_json(prepared, None))
            return
        options.confirm(view.question(deployed, prepared), yes=yes, as_json=as_json)
        retry = submit(deployed, prepared)
    view.report(deployed, root, retry, as_json=as_json, more=view.as_json(prepared, retry))
    _follow(deployed, retry, watch=watch)


def _follow(deployed: Deployment, retry: str, *, watch: bool) -> None:
    """Wait for the retry's end if asked to, and fail if it failed."""
    if watch and follow_jobs(deployed, [retry])[0].has_failed:
        raise typer.Exit(ExitCode.JOB_FAILED)


def _reasons(named: list[str]) -> frozenset[RejectReason]:
    if unknown := sorted(set(named) - set(_RETRYABLE)):
        raise Refused(
            f"Records rejected as {visible(unknown[0])} cannot be submitted again. "
            f"Name one of {', '.join(_RETRYABLE)}."
        )
    return frozenset(map(RejectReason, named))

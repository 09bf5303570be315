"""`ingest resubmit`: submit the open rejects of a job to Bedrock again."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from functions.aws.resubmission.bedrock_retries import BedrockRetries, root_job
from functions.aws.resubmission.submission import BY_CHANCE, BY_THE_MODEL, Request
from functions.domain.plain_text import counted
from functions.domain.receipts.reject import RejectReason
from ops.commands import options
from ops.commands.asking import confirm
from ops.commands.watch import follow_jobs
from ops.errors import ExitCode, NothingFound, Refused
from ops.model import project
from ops.model.estimating.prices import REGION
from ops.model.job_records import read_job_record
from ops.model.resubmission import expected_cost, expected_tokens, prepare, submit
from ops.view.terminal import out, outside, print_json, prose, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.aws.resubmission.submission import Prepared
    from functions.domain.jobs import Job
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the retry to its end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
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
    job_id = job.rpartition("/")[2]
    if not deployed.jobs.is_on_record(job_id):
        raise NothingFound(f"On {deployed.place} there is no job {visible(job_id)}.")
    root = root_job(deployed, job_id)
    if not dry_run and (found := BedrockRetries(deployed, root).write_missing_records()):
        _end(deployed, root, found[-1], as_json=as_json, more={"recovered": found})
        _follow(deployed, found[-1], watch=watch)
        return
    with tempfile.TemporaryFile() as file:
        prepared = prepare(deployed, root, request, file)
        if prepared is None:
            if as_json:
                print_json({"job": root.job_id, "submitted": None, "records": 0})
            else:
                out.print(prose(nothing(root, request)))
            return
        if not as_json:
            _show(deployed, prepared)
        refuse_above(deployed, prepared, max_cost)
        if dry_run:
            if as_json:
                print_json(_as_json(prepared, None))
            return
        confirm(question(deployed, prepared), yes=yes, as_json=as_json)
        retry = submit(deployed, prepared)
    _end(deployed, root, retry, as_json=as_json, more=_as_json(prepared, retry))
    _follow(deployed, retry, watch=watch)


def _follow(deployed: Deployment, retry: str, *, watch: bool) -> None:
    """Wait for the retry's end if asked to, and fail if it failed."""
    if watch and follow_jobs(deployed, [retry])[0].has_failed:
        raise typer.Exit(ExitCode.JOB_FAILED)


def request_of(
    *,
    reasons: frozenset[RejectReason] = frozenset(),
    model: str | None = None,
    role: str | None = None,
    minimum: int | None = None,
    input_prefix: str | None = None,
) -> Request:
    """The request, completed by the project's settings.

    Raises:
        Refused: the input would be taken for results.
    """
    prefix = (input_prefix or project.input_prefix()).rstrip("/") + "/"
    if prefix.startswith("batch-output/"):
        raise Refused("Input under batch-output/ would be taken for results: name another prefix.")
    return Request(
        reasons=reasons,
        model=model,
        role=role or project.job_role_arn(),
        minimum=minimum or project.minimum_records(),
        input_prefix=prefix,
        padding_prefix=project.padding_prefix(),
    )


def question(deployed: Deployment, prepared: Prepared) -> str:
    """The question before it is done."""
    return f"Submit {counted(prepared.name.records, 'record')} on {deployed.place}?"


def _reasons(named: list[str]) -> frozenset[RejectReason]:
    if unknown := sorted(set(named) - set(_RETRYABLE)):
        raise Refused(
            f"Records rejected as {visible(unknown[0])} cannot be submitted again. "
            f"Name one of {', '.join(_RETRYABLE)}."
        )
    return frozenset(map(RejectReason, named))


def summary(prepared: Prepared) -> str:
    """What would be submitted, in a sentence."""
    export = prepared.export
    padding = f", and {export.padding} of padding to reach the minimum" if export.padding else ""
    return (
        f"{counted(export.written, 'rejected record')} of job {visible(prepared.root.job_id)}"
        f"{padding}, for {visible(prepared.model)}."
    )


def refuse_above(deployed: Deployment, prepared: Prepared, max_cost: float | None) -> None:
    """Refuse what would cost more than is allowed.

    Raises:
        Refused: it would, or its cost is not known.
    """
    if max_cost is None:
        return
    cost = expected_cost(_stats(deployed, prepared.root), prepared)
    if cost is None:
        raise Refused(
            "--max-cost needs Bedrock's counts of the job and the list price of "
            f"{visible(prepared.model)}, and one of them is not known. Nothing was submitted."
        )
    if cost > max_cost:
        raise Refused(
            f"Bedrock would bill about ${cost:,.2f}, more than --max-cost ${max_cost:,.2f}. "
            "Nothing was submitted."
        )


def _stats(deployed: Deployment, root: Job) -> Mapping[str, Any]:
    """What the job's record counts."""
    return (read_job_record(deployed, root.job_id) or {}).get("resultStats") or {}


def _show(deployed: Deployment, prepared: Prepared) -> None:
    export = prepared.export
    out.print(prose(summary(prepared)))
    if repeated := not_repeated(prepared):
        out.print(prose(repeated), style="yellow")
    for each in export.left:
        out.print(outside(f"Not submitted: {each.where}: {each.why}", "yellow"))
    if prepared.is_cut:
        out.print(prose("One job takes no more: run this again when it has ended."))
    if cost := cost_of(deployed, prepared):
        out.print(prose(cost))


def not_repeated(prepared: Prepared) -> str:
    """Warn of rejects that the same model would most likely answer in the same way."""
    same = {reason: n for reason, n in prepared.left.items() if reason in BY_THE_MODEL}
    if not same:
        return ""
    counts = ", ".join(f"{reason} ({n})" for reason, n in sorted(same.items()))
    return (
        f"Not submitted: {counts}. The same model would most likely answer them in the same way: "
        "name another with --model, or the reason with --reason."
    )


def cost_of(deployed: Deployment, prepared: Prepared) -> str:
    """The size of the retry against the job's own; tokens and dollars where Bedrock counted."""
    stats = _stats(deployed, prepared.root)
    total = int((stats.get("bedrock") or {}).get("totalRecordCount") or stats.get("totalCount", 0))
    if not total:
        return ""
    records = prepared.name.records
    said = f"Bedrock bills {counted(records, 'record')}, {records / total:.1%} of the job's {total}"
    if (tokens := expected_tokens(stats, prepared.export)) is not None:
        cost = tokens.cost(prepared.model)
        dollars = "" if cost is None else f"${cost:,.2f} by the list price in {REGION}, "
        said += (
            f": about {dollars}{tokens.given:,} tokens of input and {tokens.answered:,} of output "
            "at the batch price of the model (https://aws.amazon.com/bedrock/pricing/)"
        )
    return f"{said}. Padding is answered with as few tokens as its model allows."


def nothing(root: Job, request: Request) -> str:
    """The sentence if nothing can be submitted."""
    chosen = ", ".join(sorted(request.chosen(root)))
    return f"Nothing to submit: no open reject of {chosen} can be exported."


def _as_json(prepared: Prepared, retry: str | None) -> dict[str, Any]:
    export = prepared.export
    return {
        "job": prepared.root.job_id,
        "submitted": retry,
        "records": export.written,
        "padding": export.padding,
        "model": prepared.model,
        "leftByReason": prepared.left,
        "notExported": [vars(each) for each in export.left],
        "isCut": prepared.is_cut,
    }


def _end(
    deployed: Deployment, root: Job, retry: str, *, as_json: bool, more: dict[str, Any]
) -> None:
    if as_json:
        print_json({"job": root.job_id, "submitted": retry, **more})
        return
    if "recovered" in more:
        out.print(prose("An earlier run submitted a job and was interrupted; it is on record now."))
        out.print(
            prose(
                "If its results arrived before that, their execution failed as JobNotFound. "
                f"Continue it with: {deployed.command('redrive --job', retry)}"
            )
        )
    out.print(f"Retry {visible(retry)} of job {visible(root.job_id)} is submitted.")
    out.print(
        prose(
            "When Bedrock has answered, its results are ingested by themselves. Follow it with: "
            f"{deployed.command('watch', retry)}"
        )
    )
    out.print(prose(f"What is then still open: {deployed.command('rejects', root.job_id)}"))

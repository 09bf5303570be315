"""Views of a resubmission: what would be submitted, what it costs, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.aws.resubmission.submission import BY_THE_MODEL
from functions.domain.plain_text import counted
from ops.model.estimating.prices import REGION
from ops.model.resubmission import expected_tokens, stats_of
from ops.view.terminal import out, outside, print_json, prose, visible

if TYPE_CHECKING:
    from functions.aws.resubmission.submission import Prepared, Request
    from functions.domain.jobs import Job
    from ops.model.deployment import Deployment


def question(deployed: Deployment, prepared: Prepared) -> str:
    """The question that a person confirms."""
    return f"Submit {counted(prepared.name.records, 'record')} on {deployed.place}?"


def summary(prepared: Prepared) -> str:
    """What would be submitted, in a sentence."""
    export = prepared.export
    padding = f", and {export.padding} of padding to reach the minimum" if export.padding else ""
    return (
        f"{counted(export.written, 'rejected record')} of job {visible(prepared.root.job_id)}"
        f"{padding}, for {visible(prepared.model)}."
    )


def show(deployed: Deployment, prepared: Prepared) -> None:
    """Show what would be submitted, what would not, and the cost."""
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
    stats = stats_of(deployed, prepared.root)
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


def as_json(prepared: Prepared, retry: str | None) -> dict[str, Any]:
    """The output of `--json`."""
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


def report(
    deployed: Deployment, root: Job, retry: str, *, as_json: bool, more: dict[str, Any]
) -> None:
    """Say what was submitted, and what comes next."""
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

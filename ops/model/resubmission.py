"""A resubmission as a person asks for it: what refuses it is said with the command that helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from functions.aws.resubmission import submission
from functions.aws.resubmission.refusals import (
    CannotSubmit,
    NothingClaimed,
    NotIngested,
    NotSpecified,
    RetryUnderWay,
    SubmittedMeanwhile,
)
from functions.aws.resubmission.submission import Request
from functions.domain.plain_text import visible
from ops.errors import NothingFound, OpsError, Refused
from ops.model import project
from ops.model.estimating.prices import batch_token_prices
from ops.model.job_records import read_job_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.aws.resubmission.export import Export
    from functions.aws.resubmission.submission import Prepared
    from functions.domain.jobs import Job
    from functions.domain.receipts.reject import RejectReason
    from ops.model.deployment import Deployment


def request_of(
    *,
    reasons: frozenset[RejectReason] = frozenset(),
    model: str | None = None,
    role: str | None = None,
    minimum: int | None = None,
    input_prefix: str | None = None,
) -> Request:
    """The request, completed by the project's settings; Refused if it puts input among results."""
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


def prepare(deployed: Deployment, root: Job, request: Request, file: IO[bytes]) -> Prepared | None:
    """Write the input of the next retry into a file; None where nothing is to be submitted."""
    try:
        return submission.prepare(deployed, root, request, file)
    except CannotSubmit as refusal:
        raise _said(deployed, refusal) from refusal


def submit(deployed: Deployment, prepared: Prepared) -> str:
    """Submit the retry; its job id. Refused if another run has submitted it otherwise."""
    try:
        return submission.submit(deployed, prepared)
    except CannotSubmit as refusal:
        raise _said(deployed, refusal) from refusal


@dataclass(frozen=True)
class Tokens:
    """What Bedrock is likely to bill of a retry: tokens of its input and of its answers."""

    given: int
    answered: int

    def cost(self, model_id: str) -> float | None:
        """US dollars by the list; None for a model whose price is not in it."""
        prices = batch_token_prices(model_id)
        return prices and self.given * prices[0] + self.answered * prices[1]


def expected_tokens(stats: Mapping[str, Any], export: Export) -> Tokens | None:
    """Estimate the tokens of a retry by the mean of its root's records.

    None where Bedrock's manifest of the root is not known. Padding repeats the shortest input, and
    its answer is limited to one token: it counts as a mean record of input.
    """
    said = stats.get("bedrock") or {}
    counts = [said.get(f"{name}Count") for name in ("totalRecord", "inputToken", "outputToken")]
    if None in counts or not counts[0]:
        return None
    records, given, answered = (int(each) for each in counts if each is not None)
    return Tokens(
        round(given / records * (export.written + export.padding)),
        round(answered / records * export.written) + export.padding,
    )


def _said(deployed: Deployment, refusal: CannotSubmit) -> OpsError:
    match refusal:
        case NothingClaimed(job_id=job_id):
            return NothingFound(f"Nothing of job {visible(job_id)} was ever claimed.")
        case NotIngested(job_id=job_id, key=key):
            return Refused(
                f"{visible(key)} is not ingested to its end, so what it answers is not known: "
                f"`{deployed.command('inspect', job_id)}` shows why."
            )
        case RetryUnderWay(retry_id=retry_id):
            return Refused(
                f"Retry {visible(retry_id)} of this job has not ended, and may cure what is open: "
                f"`{deployed.command('inspect', retry_id)}`."
            )
        case SubmittedMeanwhile(retry_id=retry_id):
            return Refused(
                f"Another run has submitted retry {visible(retry_id)} of this job meanwhile. "
                "This one submitted nothing. Follow it with: "
                f"`{deployed.command('watch', retry_id)}`."
            )
        case NotSpecified(job_id=job_id, what=what):
            return Refused(
                f"Neither the record of job {visible(job_id)} nor Bedrock says its {what}: "
                f"name one with --{what}."
            )
        case _:
            return Refused(str(refusal))


def refuse_above(deployed: Deployment, prepared: Prepared, max_cost: float | None) -> None:
    """Raise Refused for what would cost more than is allowed, or cost what is not known."""
    if max_cost is None:
        return
    tokens = expected_tokens(stats_of(deployed, prepared.root), prepared.export)
    if tokens is None or (cost := tokens.cost(prepared.model)) is None:
        raise Refused(
            "--max-cost needs Bedrock's counts of the job and the list price of "
            f"{visible(prepared.model)}, and one of them is not known. Nothing was submitted."
        )
    if cost > max_cost:
        raise Refused(
            f"Bedrock would bill about ${cost:,.2f}, more than --max-cost ${max_cost:,.2f}. "
            "Nothing was submitted."
        )


def stats_of(deployed: Deployment, root: Job) -> Mapping[str, Any]:
    """What the job's record counts."""
    return (read_job_record(deployed, root.job_id) or {}).get("resultStats") or {}

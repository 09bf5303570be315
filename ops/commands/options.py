"""Options that commands have in common, and what they make of them."""

from __future__ import annotations

import contextlib
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ops.errors import Refused
from ops.model import deployment
from ops.model.job_list import job_ids
from ops.view.terminal import err, visible

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def complete_job(ctx: typer.Context, incomplete: str) -> list[str]:
    """Job ids that begin with a text; none if no stack answers, since a shell shows no errors."""
    given = ctx.params
    with contextlib.suppress(Exception):
        deployed = deployment.find(
            local=bool(given.get("local")), data=given.get("data"), stack=given.get("stack")
        )
        return job_ids(deployed, beginning=incomplete)
    return []


def job_id(job: str | None) -> str | None:
    """The id of a job that is named by its id or its ARN; None if none is named."""
    return job.rpartition("/")[2] if job is not None and job.startswith("arn:") else job


Job = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        help="A job's id or ARN.",
        callback=job_id,
        show_default=False,
        autocompletion=complete_job,
    ),
]
Local = Annotated[
    bool,
    typer.Option(
        "--local",
        help="On the embedded AWS. Without --local and --stack: on the "
        "embedded AWS if one is running, else on AWS.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(help="The embedded AWS of this folder (means --local).", show_default=False),
]
Stack = Annotated[
    str | None,
    typer.Option(
        help="Name of the stack (means AWS unless --local is given).",
        show_default=deployment.DEFAULT_STACK,
    ),
]
MinimumRecords = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Bedrock's least number of records of a job for the model.",
        show_default="bedrockMinimumRecords of cdk.json",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Rate = Annotated[
    float, typer.Option(min=0.01, max=100, help="Start at most this many executions a second.")
]
DEFAULT_RATE = 5.0
AtATime = Annotated[
    int,
    typer.Option(
        min=1, max=1000, help="Start none while this many executions of the state machine run."
    ),
]
DEFAULT_AT_A_TIME = 25
MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0, metavar="USD", help="Refuse if the estimate is higher.", show_default=False
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON value on standard output, nothing else.")
]


def example(command: str) -> str:
    """The last lines of a command's help, which are not wrapped."""
    return f"\b\nExample:\n  {command}"


def chosen(*, local: bool, data: Path | None, stack: str | None) -> deployment.Deployment:
    """The deployment that the options mean; the place is shown unless they name it whole."""
    found = deployment.find(local=local, data=data, stack=stack)
    if not local and data is None:
        err.print(f"On {found.place}.", style="dim")
    return found


def moment(since: str) -> datetime:
    """The moment so long ago (UTC), of `90m`, `12h` or `2d`; Refused for anything else."""
    match = re.fullmatch(r"(\d{1,4})([mhd])", since)
    if match is None:
        raise Refused(f"--since {visible(since)} is not a period of time: write 90m, 12h or 2d.")
    return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]


def pace(rate: float, at_a_time: int) -> tuple[str, ...]:
    """`--rate` and `--at-a-time`, for the command that goes on."""
    return "--rate", f"{rate:g}", "--at-a-time", str(at_a_time)


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask a person, unless `--yes` was given.

    Raises:
        Refused: the answer is no, or there is no terminal to ask on.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise Refused(f"{question} There is no terminal to ask on: say --yes. Nothing was done.")
    if not typer.confirm(question, err=True):
        raise Refused("Nothing was done.")

"""`ingest rejects`: the records of a job that became no transactions, and their way back."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path  # noqa: TC003 - typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from functions.aws.resubmission.export import export_records
from functions.aws.resubmission.export import pad as fill_up
from functions.aws.resubmission.open_rejects import answering_claims, read_open_rejects
from functions.aws.resubmission.rejects import rejected
from functions.domain.claims import ClaimState
from functions.domain.plain_text import counted
from ops.commands import options
from ops.errors import NothingFound, Refused
from ops.model import project
from ops.model.reject_kinds import sort_out
from ops.view.file_check import rejects_table
from ops.view.terminal import out, outside, print_json, prose, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions.aws.resubmission.export import Export
    from functions.aws.resubmission.rejects import Reject
    from functions.domain.claims import Claim
    from ops.model.reject_kinds import Kind, OfKind

EXAMPLES = 3
"""Rejects shown of each kind, unless --all is given."""


def rejects(  # noqa: PLR0913, PLR0917 - one parameter an option
    job: options.Job,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the original records as Bedrock batch input, ready for a new job. The "
            "file holds what users uploaded; only you may read it.",
            show_default=False,
        ),
    ] = None,
    pad: Annotated[
        bool,
        typer.Option(
            "--pad", help="With --export: fill the file up to the minimum with cheap records."
        ),
    ] = False,
    minimum: options.MinimumRecords = None,
    every: Annotated[bool, typer.Option("--all", help="List every reject.")] = False,
    excerpts: Annotated[
        bool, typer.Option("--excerpts", help="Show what the model wrote: receipts' text.")
    ] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Show why records of a job became no transactions.

    Rejects are shown by kind, with examples. If a job has retries or corrected results, only open
    rejects are shown. --export writes their records as the input of a new job.
    """
    if pad and export is None:
        raise Refused("--pad fills an exported file up: name one with --export.")
    if export is not None and os.path.lexists(export):
        raise Refused(f"{visible(export)} exists already: name a file that does not.")
    deployed = options.chosen(local=local, data=data, stack=stack)
    answering = answering_claims(deployed, job)
    claims = [claim for _, claim in answering]
    if not claims:
        raise NothingFound(f"On {deployed.place} nothing of a job {visible(job)} was ever claimed.")
    exported, least = None, minimum or project.minimum_records()
    if export is not None:
        letters = read_open_rejects(deployed, answering)
        with os.fdopen(os.open(export, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            exported = export_records(deployed, letters, file)
            if pad:
                fill_up(exported, file, minimum=least, prefix=project.padding_prefix())
    notes: list[str] = []
    found = sort_out(
        read_open_rejects(deployed, answering, note=notes.append),
        most=None if every or as_json else EXAMPLES,
    )
    if as_json:
        print_json({**_as_json(job, found, exported, excerpts=excerpts), "notes": notes})
    else:
        if found:
            out.print(rejects_table(found, excerpts=excerpts))
        else:
            out.print(nothing_rejected(claims))
        for each in notes:
            out.print(outside(prose(each), "yellow"))
        if exported is not None and export is not None:
            show_export(exported, export, minimum=least)


def _as_json(
    job: str, found: Mapping[Kind, OfKind[Reject]], exported: Export | None, *, excerpts: bool
) -> dict[str, Any]:
    letters = [each for of_kind in found.values() for each in of_kind.kept]
    letters.sort(key=lambda each: (each.key, each.offset))
    by_reason: Counter[str] = Counter()
    for kind, of_kind in found.items():
        by_reason[kind.reason] += of_kind.count
    return {
        "job": job,
        "rejectsByReason": dict(by_reason.most_common()),
        "kinds": [{**kind._asdict(), "count": of_kind.count} for kind, of_kind in found.items()],
        "rejects": [each.as_json(excerpts=excerpts) for each in letters],
        "exported": exported and exported.written,
        "padding": exported and exported.padding,
        "notExported": exported and [vars(each) for each in exported.left],
    }


def nothing_rejected(claims: Sequence[Claim]) -> str:
    """The sentence if no reject was found."""
    if all(claim.state is ClaimState.DONE and not rejected(claim) for claim in claims):
        return "No record was rejected."
    if len(claims) > 1 and any(map(rejected, claims)):
        return "No reject is open: other answers cured those that there were."
    return "No reject is on record."


def show_export(exported: Export, file: Path, *, minimum: int) -> None:
    """Show what was written; warn of a file that Bedrock would refuse."""
    padded = f" and {exported.padding} of padding" if exported.padding else ""
    out.print(f"Wrote {counted(exported.written, 'record')}{padded} to {visible(file)}.")
    if 0 < exported.written + exported.padding < minimum:
        least = f"Bedrock wants at least {counted(minimum, 'record')} a job for most models"
        out.print(prose(f"{least}: add records before you submit it, or export with --pad."))
    for each in exported.left:
        out.print(outside(f"Not written: {each.where}: {each.why}", "yellow"))

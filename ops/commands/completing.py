"""Completion of job ids in the shell, for `ingest --install-completion`."""

from __future__ import annotations

import contextlib

import typer  # noqa: TC002 - typer reads annotations when it runs

from ops.model import deployment
from ops.model.job_list import job_ids


def complete_job(ctx: typer.Context, incomplete: str) -> list[str]:
    """Job ids that begin with a text; none if no stack answers, since a shell shows no errors."""
    given = ctx.params
    with contextlib.suppress(Exception):
        deployed = deployment.find(
            local=bool(given.get("local")), data=given.get("data"), stack=given.get("stack")
        )
        return job_ids(deployed, beginning=incomplete)
    return []

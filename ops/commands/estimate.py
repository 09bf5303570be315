"""`ingest estimate`: time and cost of an ingest before it runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from functions.domain.object_keys import RESULTS_PREFIX
from ops.commands import options
from ops.errors import NothingFound, Refused
from ops.model import deployment, replays
from ops.model.estimating import settings, sources
from ops.model.estimating.estimate import estimate as estimate_all
from ops.view.estimate import costs_table, dollars, summary
from ops.view.terminal import err, out, print_json, prose, visible

if TYPE_CHECKING:
    from ops.model.deployment import Deployment
    from ops.model.estimating.estimate import Estimate
    from ops.model.estimating.ingest_requests import IngestLimits
    from ops.model.estimating.workload import Workload


def estimate(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|JOB|KEY",
            help="A file of results, a job's id, or a results object's key.",
            show_default=False,
        ),
    ],
    images: Annotated[
        bool | None,
        typer.Option(
            "--images/--no-images",
            help="Assume that every transaction has an image to move, or that none has.",
            show_default="as pending-images says; of a file: every",
        ),
    ] = None,
    max_cost: options.MaxCost = None,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Estimate time and cost of an ingest before it runs.

    Large objects are sampled. The plan uses the settings of the deployed stack, or those of
    cdk.json if no stack can be reached. Costs are list prices by service.
    """
    is_file = os.path.isfile(what)  # noqa: PTH113 - of a name that no file can have, too
    if is_file:
        workloads = [sources.of_file(Path(what))]
        limits = _limits(local, data, stack)
    else:
        deployed = options.chosen(local=local, data=data, stack=stack)
        workloads = _in_bucket(deployed, what)
        limits = settings.of_deployment(deployed)
    if images is not None:
        workloads = [replace(each, images=images * each.transactions) for each in workloads]
    found = estimate_all(workloads, limits)
    if as_json:
        print_json(found.as_json())
    else:
        out.print(prose(summary(found)))
        if found.records:
            out.print(costs_table(found))
        if found.records and is_file and images is None:
            out.print(
                prose("It is assumed that each transaction has an image to move: or --no-images."),
                style="dim",
            )
    refuse_above(found, max_cost)


def refuse_above(found: Estimate, max_cost: float | None) -> None:
    """Raise Refused for what would cost more than is allowed."""
    if max_cost is not None and (cost := found.requests.cost) > max_cost:
        raise Refused(
            f"The ingest would cost {dollars(cost)}, more than --max-cost "
            f"{dollars(max_cost)}. Nothing was done."
        )


def say(found: Estimate, max_cost: float | None) -> None:
    """Show an estimate before something is done; raise Refused if it is too high."""
    err.print(prose(summary(found)), style="dim")
    refuse_above(found, max_cost)


def _limits(local: bool, data: Path | None, stack: str | None) -> IngestLimits:
    """The settings of the stack that the options name, or of one that answers soon."""
    if local or data is not None or stack is not None:
        return settings.of_deployment(options.chosen(local=local, data=data, stack=stack))
    try:
        return settings.of_deployment(deployment.find(config=deployment.SOON))
    except (NothingFound, ClientError, BotoCoreError):
        return settings.of_project()


def _in_bucket(deployed: Deployment, what: str) -> list[Workload]:
    if what.startswith(RESULTS_PREFIX):
        first = next(deployed.objects(what), None)  # a key comes before those that it begins
        objects = [(what, first["Size"])] if first and first["Key"] == what else []
    else:
        job_id = what.rpartition("/")[2]
        objects = [(each.key, each.size) for each in replays.in_bucket(deployed, job_id)]
    if not objects:
        raise NothingFound(
            f"{visible(what)} is not a file, and on {deployed.place} not a results object or a job "
            "that has results in the bucket."
        )
    return sources.of_objects(deployed, objects)

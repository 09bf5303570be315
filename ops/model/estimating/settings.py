"""The settings that an estimate plans with: the deployed stack's, or those of cdk.json."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.plan_settings import PlanSettings
from functions.domain.load_plan import LoadLimits
from functions.domain.model import PositiveInt, ValuesInvalid
from ops.model import project
from ops.model.estimating.ingest_requests import IngestLimits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.model.deployment import Deployment

_STATE: Final = "VerifyLoad"
"""Its function plans ranges and images, so its environment has every setting of a plan."""


class _Settings(PlanSettings):
    """What is read of its environment."""

    migrate_concurrency: PositiveInt
    images_per_chunk: PositiveInt


def of_project() -> IngestLimits:
    """The settings of cdk.json."""
    return IngestLimits(
        load=LoadLimits(
            range_bytes=project.number("rangeBytes"),
            max_ranges=project.number("maxRanges"),
            load_concurrency=project.number("loadConcurrency"),
            write_units_per_second=project.number("writeUnitsPerSecond"),
            memory_megabytes=project.number("functionMemoryMegabytes"),
        ),
        migrate_concurrency=project.number("migrateConcurrency"),
        images_per_chunk=project.number("imagesPerChunk"),
        origin="cdk.json",
    )


def of_deployment(deployed: Deployment) -> IngestLimits:
    """The settings that a stack was deployed with; those of cdk.json if they cannot be read."""
    where = f"stack {deployed.stack} on {deployed.place}"
    try:
        found = _Settings.read(_environment(deployed))
    except (ClientError, BotoCoreError, LookupError, ValuesInvalid) as error:
        why = f"those of {where} could not be read: {_name(error)}"
        return replace(of_project(), origin=f"cdk.json ({why})")
    return IngestLimits(
        load=found.limits,
        migrate_concurrency=found.migrate_concurrency,
        images_per_chunk=found.images_per_chunk,
        origin=where,
    )


def _environment(deployed: Deployment) -> Mapping[str, str]:
    machine = deployed.step_functions.describe_state_machine(stateMachineArn=deployed.state_machine)
    state = json.loads(machine["definition"])["States"][_STATE]
    function = state["Parameters"]["FunctionName"]
    found = deployed.functions.get_function_configuration(FunctionName=function)
    return found["Environment"]["Variables"]


def _name(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Code"])
    return type(error).__name__

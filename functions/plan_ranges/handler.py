"""The Lambda function behind the state PlanRanges."""

import time
from typing import Any

from functions.aws import wiring
from functions.aws.plans import RangePlanner
from functions.aws.runtime.telemetry import telemetry
from functions.aws.settlement_wiring import job_settler
from functions.domain.events import Event
from functions.domain.payloads.ingest import Ingest
from functions.plan_ranges.planning import Planning
from functions.plan_ranges.settings import PlanRangesSettings


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Plan the ranges of a claimed object; `Ingest` in, `Ingest` with `plan` out."""
    settings = PlanRangesSettings.read()
    ingest = Ingest.read(event)
    with telemetry().invocation(execution=ingest.execution, job=ingest.job) as log:
        planning = Planning(
            wiring.results_object(ingest),
            wiring.ledger(settings),
            RangePlanner(wiring.work_files(settings), settings),
            job_settler(settings, announces=False),
            now=time.time,
            sleep=time.sleep,
        )
        planned = planning.plan(ingest)
        if planned.plan is None:
            log.warn(Event.CLAIM_LOST)
        else:
            log.info(
                Event.RANGES_PLANNED, ranges=planned.plan.items, objectBytes=planned.object.size
            )
        return planned.as_json()

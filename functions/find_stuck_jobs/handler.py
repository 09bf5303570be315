"""The Lambda function that runs on a schedule."""

import time
from datetime import timedelta
from typing import Any, Final

from functions.aws import wiring
from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.job_folders import JobFolders
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline, LambdaContext
from functions.aws.runtime.telemetry import Telemetry, telemetry
from functions.aws.search_cursors import SearchCursors
from functions.aws.settlement_wiring import job_settler
from functions.domain.hints import stack_options
from functions.find_stuck_jobs.listing import ObjectListing
from functions.find_stuck_jobs.open_jobs import OpenJobs
from functions.find_stuck_jobs.problems import JobProblems
from functions.find_stuck_jobs.search import StuckJobSearch
from functions.find_stuck_jobs.settings import StuckJobsSettings

MARGIN_SECONDS: Final = 60.0
"""Kept for the job that is looked at last: each of its calls may be slow."""


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Look for jobs that are stuck.

    Returns:
        `{"stuckJobs": how many}`.
    """
    settings = StuckJobsSettings.read()
    deadline = Deadline.of(context, margin=MARGIN_SECONDS, clock=time.monotonic)
    options = stack_options(settings.stack_name, arn=context.invoked_function_arn)
    with telemetry().invocation(execution=context.aws_request_id) as log:
        return {"stuckJobs": _search(settings, deadline, log, options).run()}


def _search(
    settings: StuckJobsSettings, deadline: Deadline, log: Telemetry, options: str
) -> StuckJobSearch:
    now, jobs, ledger = wiring.now(), wiring.batch_jobs(settings), wiring.ledger(settings)
    settler = job_settler(settings)
    objects = ObjectListing(
        clients.s3(),
        settings.bucket_name,
        JobFolders(jobs, ledger),
        since=now - timedelta(days=settings.stuck_lookback_days),
    )
    return StuckJobSearch(
        objects=objects,
        open_jobs=OpenJobs(jobs, settler, BedrockJobs(clients.bedrock, settings.bucket_name), now),
        cursors=SearchCursors(clients.dynamodb(), settings.ledger_table),
        problems=JobProblems(objects, settler, settings.written, log, now, options),
        log=log,
        now=now,
        deadline=deadline,
    )

"""The Lambda function that runs on a schedule."""

from datetime import timedelta
from typing import Any

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import telemetry
from functions.find_stuck_jobs.search import StuckJobSearch
from functions.find_stuck_jobs.settings import StuckJobsSettings


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Look for jobs that are stuck.

    Returns:
        `{"stuckJobs": how many}`.
    """
    settings = StuckJobsSettings.read()
    with telemetry().invocation(execution=context.aws_request_id) as say:
        search = StuckJobSearch(
            s3=clients.s3(),
            bucket=settings.bucket_name,
            settler=wiring.job_settler(settings),
            lookback=timedelta(days=settings.stuck_lookback_days),
            written=settings.written,
            say=say,
            now=wiring.now(),
        )
        return {"stuckJobs": search.run()}

"""The scheduled search, on a machine's memory."""

from datetime import timedelta
from typing import Any

from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.job_folders import JobFolders
from functions.aws.runtime.settings import LedgerRetention
from functions.aws.search_cursors import SearchCursors
from functions.find_stuck_jobs.listing import ObjectListing
from functions.find_stuck_jobs.open_jobs import OpenJobs
from functions.find_stuck_jobs.problems import JobProblems
from functions.find_stuck_jobs.search import StuckJobSearch
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.machine import BUCKET, Machine

RETENTION = LedgerRetention(ledger_retention_days=90)
LOOKBACK = timedelta(days=7)


def search_of(machine: Machine, told: FakeTelemetry, *, pages: int = 10**6) -> StuckJobSearch:
    """A run that has time for so many pages of a listing or a table, and jobs."""
    s3: Any = machine.s3
    bedrock: Any = machine.bedrock
    dynamodb: Any = machine.dynamodb
    left = iter(range(pages - 1))

    def is_time() -> bool:
        return next(left, None) is not None

    settler = machine.settler
    objects = ObjectListing(
        s3, BUCKET, JobFolders(settler.jobs, settler.ledger), machine.now - LOOKBACK, is_time
    )
    return StuckJobSearch(
        objects=objects,
        open_jobs=OpenJobs(
            settler.jobs, settler, BedrockJobs(lambda: bedrock, BUCKET), machine.now, is_time
        ),
        cursors=SearchCursors(dynamodb, "ledger"),
        problems=JobProblems(objects, settler, RETENTION.written, told, machine.now),
        log=told,
        now=machine.now,
    )

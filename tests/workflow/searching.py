"""The scheduled search, on a machine's memory."""

import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.job_folders import JobFolders
from functions.aws.runtime.deadline import Deadline
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


@dataclass
class _Clock:
    """A clock that only calls move."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class _Slow:
    """A client some of whose calls take time."""

    def __init__(self, client: object, clock: _Clock, **seconds: float) -> None:
        self._client, self._clock, self._seconds = client, clock, seconds

    def __getattr__(self, name: str) -> Any:
        self._clock.now += self._seconds.get(name, 0.0)
        return getattr(self._client, name)


def search_of(
    machine: Machine,
    told: FakeTelemetry,
    *,
    pages: int = 10**6,
    query_seconds: float = 0.0,
    options: str = "",
) -> StuckJobSearch:
    """A run that has time for so many pages of the bucket, each of which takes a second."""
    clock, slow = _Clock(), copy.copy(machine)
    s3: Any = _Slow(machine.s3, clock, list_objects_v2=1)
    dynamodb: Any = _Slow(machine.dynamodb, clock, scan=1, query=query_seconds)
    bedrock: Any = machine.bedrock
    slow.s3, slow.dynamodb = s3, dynamodb
    settler = slow.settler
    objects = ObjectListing(
        s3, BUCKET, JobFolders(settler.jobs, settler.ledger), machine.now - LOOKBACK
    )
    return StuckJobSearch(
        objects=objects,
        open_jobs=OpenJobs(
            settler.jobs, settler, BedrockJobs(lambda: bedrock, BUCKET), machine.now
        ),
        cursors=SearchCursors(dynamodb, "ledger"),
        problems=JobProblems(objects, settler, RETENTION.written, told, machine.now, options),
        log=told,
        now=machine.now,
        deadline=Deadline(4.0 * pages, clock),
    )

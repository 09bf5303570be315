"""Tables in memory, Step Functions and SNS by Stubber: what the recorder calls, in which order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from functions.aws.batch_jobs import BatchJobs
from functions.aws.ledger import Ledger
from functions.aws.runtime.telemetry import telemetry
from functions.aws.settlement import JobSettler
from functions.aws.status_events import StatusEvents
from functions.domain.attribute_values import from_item, to_item
from functions.domain.executions import Outcome, StatusChange
from functions.record_outcome.announcements import Announcements
from functions.record_outcome.marking import OutcomeMarker
from functions.record_outcome.recorder import WAITS, OutcomeRecorder
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT, TABLES
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.events import MemoryEvents
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim

REGION = "us-east-1"
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:BatchIngest"
EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:BatchIngest:one"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:alarms"
JOB = "job1"
KEY = f"batch-output/{JOB}/records.jsonl.out"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def event(*, key: str = KEY, etag: str = "e", sequencer: str = "02") -> dict[str, Any]:
    """What S3 said of the object that the execution works on."""
    described = {"key": key, "etag": etag, "sequencer": sequencer}
    return {
        "time": "2026-03-01T00:00:00Z",
        "detail": {"bucket": {"name": BUCKET}, "object": described},
    }


RUN = f"{EXECUTION.replace(':execution:', ':mapRun:').rpartition(':')[0]}/LoadRanges:r"


def map_run() -> dict[str, Any]:
    """The map run of LoadRanges, as it is listed."""
    return {
        "executionArn": EXECUTION,
        "mapRunArn": RUN,
        "stateMachineArn": f"{EXECUTION}/LoadRanges",
        "startDate": NOW,
    }


def described_map_run(**counts: int) -> dict[str, Any]:
    """It, as it is described, with counts of items that are not zero."""
    names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total")
    whole = dict.fromkeys((*names, "resultsWritten"), 0) | counts
    return {
        "mapRunArn": RUN,
        "executionArn": EXECUTION,
        "status": "FAILED",
        "startDate": NOW,
        "maxConcurrency": 4,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 0,
        "itemCounts": whole,
        "executionCounts": whole,
    }


def listed_child(arn: str) -> dict[str, Any]:
    """A failed child of it, as it is listed."""
    named = {"executionArn": arn, "stateMachineArn": EXECUTION, "name": "child"}
    return {**named, "status": "FAILED", "startDate": NOW}


@dataclass
class RecorderSetup:
    dynamodb: Any
    states: Stubber
    sns: Stubber
    recorder: OutcomeRecorder
    clock: list[datetime]
    slept: list[float]
    bus: MemoryEvents
    published: list[dict[str, Any]] = field(default_factory=list)

    def job(self, **more: object) -> None:
        record = {"intentId": "i", "submitTime": "t", "jobId": JOB, "status": "SUBMITTED", **more}
        self.dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))

    def claim(
        self, *, key: str = KEY, owner: str = EXECUTION, state: str = "claimed", **more: object
    ) -> None:
        put_claim(self.dynamodb, JOB, key, **{"owner": owner, "state": state, **more})

    def record_of_job(self) -> dict[str, Any]:
        return self._get("batch-jobs", {"intentId": "i", "submitTime": "t"})

    def row_of_unclaimed(self) -> dict[str, Any]:
        return self._get("ledger", {"pk": f"unclaimed#{JOB}", "sk": f"claim#{KEY}"})

    def row_of_claim(self) -> dict[str, Any]:
        return self._get("ledger", {"pk": f"job#{JOB}", "sk": f"claim#{KEY}"})

    def _get(self, table: str, key: dict[str, object]) -> dict[str, Any]:
        answer = self.dynamodb.get_item(TableName=table, Key=to_item(key))
        return from_item(answer["Item"]) if "Item" in answer else {}

    def describes(self, **more: Any) -> None:
        """The next DescribeExecution."""
        described = {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "status": "FAILED",
            "startDate": NOW - timedelta(minutes=5),
            "stopDate": NOW,
            "input": json.dumps(event()),
            "error": "ClientError",
            "cause": "it was refused",
            "redriveCount": 0,
            "redriveStatus": "REDRIVABLE",
            **more,
        }
        self.states.add_response(
            "describe_execution",
            {name: value for name, value in described.items() if value is not None},
            {"executionArn": more.get("executionArn", EXECUTION)},
        )

    def keeps_describing(self, **more: Any) -> None:
        """Every DescribeExecution of one invocation, which asks again while that is too old."""
        for _ in range(len(WAITS) + 1):
            self.describes(**more)

    def failed_in(self, state: str, *, map_runs: list[dict[str, Any]] | None = None) -> None:
        self.history_ends_in(state)
        self.states.add_response(
            "list_map_runs", {"mapRuns": map_runs or []}, {"executionArn": EXECUTION}
        )

    def history_ends_in(self, state: str) -> None:
        events = [
            {"timestamp": NOW, "type": "ExecutionFailed", "id": 3},
            {
                "timestamp": NOW,
                "type": "TaskStateEntered",
                "id": 2,
                "stateEnteredEventDetails": {"name": state},
            },
        ]
        self.states.add_response(
            "get_execution_history",
            {"events": events},
            {"executionArn": EXECUTION, "reverseOrder": True, "includeExecutionData": False},
        )

    def expect_message(self) -> None:
        self.sns.add_response(
            "publish", {"MessageId": "m"}, {"TopicArn": TOPIC, "Subject": ANY, "Message": ANY}
        )

    def hears(self, status: str, *, redrive_count: int = 0) -> Outcome:
        return self.recorder.record(
            StatusChange.model_validate(
                {
                    "executionArn": EXECUTION,
                    "stateMachineArn": MACHINE,
                    "status": status,
                    "redriveCount": redrive_count,
                }
            )
        )

    def describes_redrive(self, times: int) -> None:
        """The next answers of DescribeExecution: it runs again, after its first redrive."""
        for _ in range(times):
            self.describes(status="RUNNING", redriveCount=1, stopDate=None)

    def describes_failure(self, state: str = "PlanRanges", **described: Any) -> None:
        """What is asked about a failure: the execution, where it failed, and once more itself."""
        self.describes(**described)
        self.failed_in(state)
        self.describes(**described)

    def hears_of_failure(self, state: str = "PlanRanges", **described: Any) -> dict[str, Any]:
        """A failure told for the first time; the message."""
        self.describes_failure(state, **described)
        self.expect_message()
        told = described.get("status", "FAILED")
        assert self.hears(told, redrive_count=described.get("redriveCount", 0)) is Outcome.FAILED
        return self.published[-1]


@pytest.fixture
def claimed(setup: RecorderSetup) -> RecorderSetup:
    """With a job whose object is claimed."""
    setup.job(userId="u")
    setup.claim()
    return setup


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecorderSetup]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    s3: Any = MemoryS3()
    dynamodb: Any = MemoryDynamoDB(**TABLES)
    clock = [NOW]

    def now() -> datetime:
        return clock[0]

    bus: Any = MemoryEvents()
    settler = JobSettler(
        jobs=BatchJobs(dynamodb, "batch-jobs"),
        ledger=Ledger(dynamodb, "ledger"),
        s3=s3,
        bucket=BUCKET,
        grace=timedelta(hours=24),
        telemetry=telemetry(),
        events=StatusEvents(lambda: bus),
        now=now,
        sleep=lambda _: None,
    )
    states, sns = boto3.client("stepfunctions"), boto3.client("sns")
    published: list[dict[str, Any]] = []
    slept: list[float] = []
    sns.meta.events.register(
        "provide-client-params.sns.Publish", lambda params, **_: published.append(params)
    )
    with Stubber(states) as stubbed_states, Stubber(sns) as stubbed_sns:
        recorder = OutcomeRecorder(
            step_functions=states,
            sns=sns,
            topic=TOPIC,
            stack="BatchIngest",
            marker=OutcomeMarker(settler, now),
            announcements=Announcements(dynamodb, "ledger", caller="request-1", now=now),
            log=telemetry(),
            sleep=slept.append,
        )
        yield RecorderSetup(
            dynamodb, stubbed_states, stubbed_sns, recorder, clock, slept, bus, published
        )
        stubbed_states.assert_no_pending_responses()
        stubbed_sns.assert_no_pending_responses()

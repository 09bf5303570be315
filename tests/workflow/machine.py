"""The states of the definition that decide who works on what, run on the memory's DynamoDB.

What they ask of DynamoDB is taken from the definition itself; only the order of the states
is told here once more.
"""

import copy
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from botocore.exceptions import ClientError

from functions.aws.batch_jobs import BatchJobs
from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.ledger import Ledger
from functions.aws.settlement import JobSettler
from functions.aws.status_events import StatusEvents
from functions.aws.unclaimed import UnclaimedFailures
from functions.domain.attribute_values import from_item, to_item
from functions.domain.bedrock_event import JOB_STATE_CHANGE
from functions.domain.claims import REDRIVE_PERIOD, Claim, ClaimState
from functions.domain.inputs import read_event
from functions.domain.jobs import JobKey
from functions.domain.object_keys import manifest_key, results_folder
from functions.domain.payloads.settle_work import Settled, SettleWork
from functions.resolve_job.arrivals import Resolver
from functions.settle_job.settling import Settling
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.events import MemoryBedrock, MemoryEvents
from tests.workflow.memory.interruptions import Interrupted, Interruptions
from tests.workflow.memory.s3 import MemoryS3

DEFINITION = json.loads(
    (Path(__file__).parents[2] / "statemachine" / "ingest.asl.json").read_text("utf-8")
)["States"]
BUCKET = "images"
JOB = "job-1"
JOB_KEY = JobKey("intent-1", "2026-11-23T00:00:00Z")
START = datetime(2026, 11, 23, tzinfo=UTC)
GRACE = timedelta(hours=24)


def select(template: Any, data: dict[str, Any], context: dict[str, Any]) -> Any:
    """What a state's `Parameters` or `ResultSelector` make of its input."""
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): _value(value, data, context)
        if name.endswith(".$")
        else select(value, data, context)
        for name, value in template.items()
    }


def _value(expression: str, data: dict[str, Any], context: dict[str, Any]) -> Any:
    if match := re.fullmatch(r"States\.Format\('([^']*)', ([^)]*)\)", expression):
        arguments = (_value(each, data, context) for each in match[2].split(", "))
        text = match[1]
        for argument in arguments:
            text = text.replace("{}", str(argument), 1)
        return text
    value: Any = context if expression.startswith("$$") else data
    for name in expression.lstrip("$.").split("."):
        value = value[name]
    return value


@dataclass
class Machine:
    """A job, its objects, and executions that go as far as a test lets them."""

    s3: MemoryS3 = field(default_factory=MemoryS3)
    dynamodb: MemoryDynamoDB = field(
        default_factory=lambda: MemoryDynamoDB(
            ledger=("pk", "sk"), **{"batch-jobs": ("intentId", "submitTime")}
        )
    )
    bus: MemoryEvents = field(default_factory=MemoryEvents)
    bedrock: MemoryBedrock = field(default_factory=MemoryBedrock)
    now: datetime = START
    told: FakeTelemetry = field(default_factory=FakeTelemetry)
    arrived: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Executions that hold or held a claim: the state's output by ARN."""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.write_record()

    def seen_through(self, interruptions: Interruptions) -> "Machine":
        """The same machine, the calls of whose clients may be interrupted."""
        seen: Any = copy.copy(self)
        for name in ("s3", "dynamodb", "bus"):
            setattr(seen, name, Interrupted(getattr(self, name), interruptions))
        return cast("Machine", seen)

    @property
    def ledger(self) -> Ledger:
        client: Any = self.dynamodb
        return Ledger(client, "ledger")

    @property
    def settler(self) -> JobSettler:
        client: Any = self.dynamodb
        s3: Any = self.s3
        bus: Any = self.bus
        return JobSettler(
            jobs=BatchJobs(client, "batch-jobs"),
            ledger=self.ledger,
            s3=s3,
            bucket=BUCKET,
            grace=GRACE,
            telemetry=self.told,
            events=StatusEvents(lambda: bus),
            now=lambda: self.now,
            sleep=lambda _: None,
        )

    def write_record(self, **attributes: object) -> None:
        record = {
            "intentId": JOB_KEY.intent_id,
            "submitTime": JOB_KEY.submit_time,
            "jobId": JOB,
            "userId": "user-1",
            "note": "the application's",
            **attributes,
        }
        self.dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))

    @property
    def record(self) -> dict[str, Any]:
        return from_item(self.dynamodb.tables["batch-jobs"][JOB_KEY.intent_id, JOB_KEY.submit_time])

    def claims(self) -> dict[str, Claim]:
        return {claim.key: claim for claim in self.ledger.claims(JOB)}

    # The world -----------------------------------------------------------------------------

    def upload(self, key: str, body: bytes, *, versioned: bool = False) -> dict[str, Any]:
        """Put an object; S3's event of it."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        stored = self.s3.objects[key]
        described = {
            "key": key,
            "size": len(body),
            "etag": stored.etag,
            "sequencer": f"{next(self.numbers):018X}",
        }
        if versioned:
            described["version-id"] = stored.version
        return {
            "time": self.now.isoformat(),
            "detail": {"bucket": {"name": BUCKET}, "object": described},
        }

    def manifest(self, body: bytes | int) -> None:
        """Bedrock writes its totals."""
        if isinstance(body, int):
            body = json.dumps({"totalRecordCount": body}).encode()
        self.s3.put_object(Bucket=BUCKET, Key=manifest_key(results_folder(JOB)), Body=body)

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    # Executions ----------------------------------------------------------------------------

    def start(self, event: dict[str, Any]) -> tuple[str, str]:
        """Start an execution; its ARN, and the state that comes after the claim."""
        execution = f"arn:execution:{next(self.numbers)}"
        return execution, self.claim(execution, event)

    def claim(self, execution: str, event: dict[str, Any]) -> str:
        """Go from ResolveJob to the state after the claim: PlanRanges or AlreadyClaimed."""
        resolver = Resolver(self.settler.jobs, self.settler.s3, BUCKET, lambda: self.now)
        data = resolver.resolve(read_event(event), execution=execution).as_json()
        return self.claim_object(execution, data)

    def claim_object(self, execution: str, data: dict[str, Any]) -> str:
        """The states from ClaimObject to PlanRanges or AlreadyClaimed."""
        context = {"Execution": {"Id": execution}}
        state = DEFINITION["ClaimObject"]
        parameters = select(state["Parameters"], data, context) | {"TableName": "ledger"}
        try:
            answer = self.dynamodb.update_item(**parameters)
        except ClientError as error:
            (caught,) = state["Catch"]
            if f"DynamoDB.{error.response['Error']['Code']}" not in caught["ErrorEquals"]:
                raise
            state = DEFINITION[caught["Next"]]
            parameters = select(state["Parameters"], data, context) | {"TableName": "ledger"}
            claim = select(state["ResultSelector"], self.dynamodb.get_item(**parameters), {})
            if claim["owner"] != execution:
                self.arrived.setdefault(execution, {**data, "claim": claim})
                return "AlreadyClaimed"
        else:
            claim = select(state["ResultSelector"], answer, {})
        self.arrived[execution] = {**data, "claim": claim}
        return "PlanRanges"

    def plan(self, execution: str, *, ranges: int) -> bool:
        """PlanRanges: note the ranges, recompute the job; False without the claim."""
        data = self.arrived[execution]
        if not self._note_ranges(execution, data["object"]["key"], ranges):
            return False
        self.settler.settle(JOB, JOB_KEY)
        return True

    def _note_ranges(self, execution: str, key: str, ranges: int) -> bool:
        claim = self.ledger.owns(execution, JOB, key)
        return claim is not None and self.ledger.note_ranges(execution, JOB, claim, ranges=ranges)

    def finish(self, execution: str, **counts: Any) -> Settled:
        """SettleJob, with what was counted."""
        work = {
            **self.arrived[execution],
            "load": {"verdict": "COMPLETE", "counts": counts},
            "migration": {"verdict": "COMPLETE", "counts": counts},
        }
        return self.settling.settle(SettleWork.read(work))

    @property
    def settling(self) -> Settling:
        bedrock: Any = self.bedrock
        jobs = BedrockJobs(lambda: bedrock, BUCKET)
        return Settling(self.ledger, self.settler, jobs, lambda: self.now)

    def end_at_bedrock(self, status: str, message: str = "") -> str:
        """An execution for Bedrock's event; the state that comes after ResolveJob."""
        event = {
            "detail-type": JOB_STATE_CHANGE,
            "source": "aws.bedrock",
            "time": self.now.isoformat(),
            "detail": {
                "batchJobArn": f"arn:aws:bedrock:us-east-1:1:model-invocation-job/{JOB}",
                "status": status,
                "failureMessage": message,
            },
        }
        execution = f"arn:execution:{next(self.numbers)}"
        resolver = Resolver(self.settler.jobs, self.settler.s3, BUCKET, lambda: self.now)
        data = resolver.resolve(read_event(event), execution=execution).as_json()
        if data["arrival"] == "IGNORED":
            return "Ignored"
        self.settling.settle(SettleWork.read(data))
        return "SettleJob"

    def fail(self, execution: str, *, redrivable: bool = True) -> bool:
        """What is recorded of an execution that failed."""
        key = self.arrived[execution]["object"]["key"]
        until = self.now + (REDRIVE_PERIOD if redrivable else timedelta())
        marked = self.ledger.fail(
            execution,
            JOB,
            key,
            failure={"state": "LoadRanges", "error": "e"},
            now=self.now,
            redrivable_until=until,
        )
        self.settler.settle(JOB, JOB_KEY)
        return marked

    def fail_unclaimed(self, execution: str, event: dict[str, Any]) -> bool:
        """What is recorded of an execution that failed before its claim."""
        described = event["detail"]["object"]
        unclaimed = Claim(
            key=described["key"],
            etag=described["etag"],
            owner=execution,
            generation=0,
            state=ClaimState.FAILED,
            event_time=datetime.fromisoformat(event["time"]),
            sequencer=described["sequencer"],
        )
        rows = UnclaimedFailures(self.ledger)
        recorded = rows.fail(unclaimed, JOB, failure={"state": "ResolveJob"}, now=self.now)
        self.settler.settle(JOB, JOB_KEY)
        return recorded

    def redrive(self, execution: str) -> bool:
        """What is recorded of an execution that was redriven."""
        key = self.arrived[execution]["object"]["key"]
        resumed = self.ledger.resume(execution, JOB, key, now=self.now)
        if resumed:
            self.settler.settle(JOB, JOB_KEY)
        return resumed

    def settle(self) -> None:
        """The manifest's own execution, or the regular search."""
        self.settler.settle(JOB, JOB_KEY)

"""The one deployment on which everything goes wrong, and the words for doing that."""

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from demo import flaws, seeding
from demo.batch import Batch
from demo.comparison import compare
from demo.flaws import Flaw
from demo.forms import NOVA
from demo.generator import Recipe, make_batch
from demo.observation import Observation, observe
from functions.domain.attribute_values import to_item
from functions.domain.failures import ImageLeftReason
from functions.domain.object_keys import manifest_key, results_folder
from local import deploy, server, synthesis
from local.endpoint import Endpoint
from local.owner import ask
from ops.commands.redrive import restart
from ops.model import deployment
from ops.model.deployment import Deployment
from ops.model.failures import read_failed
from ops.model.uploads import Upload
from tests.e2e import calling
from tests.e2e.faults.inbox import Inbox
from tests.e2e.waiting import eventually

SERVER_SETTINGS = {
    "EMBEDDED_AWS_FAULTS": "1",
    "EMBEDDED_AWS_WAIT_SCALE": "0.002",
    "EMBEDDED_AWS_PERIOD_SCALE": "0.1",
}
CONTEXT = {
    "rangeBytes": 64 * 1024,
    "loadConcurrency": 2,
    "migrateConcurrency": 2,
    "imagesPerChunk": 6,
    "stuckCheckMinutes": 1440,
}
RECORDS = 20


def state_alarm(state: str) -> str:
    return f"state-{kebab(state)}"


def kebab(name: str) -> str:
    """As alarms are called: `LoadRanges` is `load-ranges`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).strip("-")


@dataclass
class FaultyDeployment:
    """A deployment on an embedded AWS that fails on demand, and the messages it sends."""

    deployed: Deployment
    inbox: Inbox
    _rang_before: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def endpoint(self) -> Endpoint:
        assert self.deployed.embedded is not None
        return self.deployed.embedded.endpoint

    def new_batch(
        self, *, records: int = RECORDS, flawed: Mapping[Flaw, int] | None = None
    ) -> Batch:
        """A job of several ranges and chunks, rejects and images left among them."""
        run = uuid.uuid4().hex[:10]
        recipe = Recipe(
            user_id=f"user-{run}",
            form=NOVA,
            records=records,
            image_bytes=(9_000, 12_000),
            flaws=flawed or {flaws.MODEL_ERROR: 1, flaws.CUT_OFF: 1},
            left=(ImageLeftReason.UNKNOWN, ImageLeftReason.MISSING),
            duplicates=1,
        )
        batch = make_batch(recipe, run=run, now=datetime.now(UTC), seed=11)
        seeding.seed(self.deployed, batch)
        return batch

    def deliver(self, batch: Batch) -> Upload:
        return seeding.deliver_results(self.deployed, batch)

    def ingest(self, batch: Batch, *, ends: str) -> tuple[Upload, str]:
        """Deliver an object, and wait until its execution ends like this."""
        upload = self.deliver(batch)
        arn = self.execution_of(batch)
        assert self.until_ended(arn) == ends, self.describe(arn).get("cause")
        return upload, arn

    def redrive(self, arn: str) -> None:
        restart(self.deployed, [read_failed(self.deployed, arn)])
        assert self.until_ended(arn) == "SUCCEEDED", self.describe(arn).get("cause")

    def execution_of(self, batch: Batch, *, but: Collection[str] = ()) -> str:
        """The execution that the object's event started, waited for."""
        return self.execution_for(batch.key, but=but)

    def execution_for(self, key: str, *, but: Collection[str] = ()) -> str:
        """The execution that an object's event started, waited for."""

        def found() -> str | None:
            return next((arn for arn in self.executions_for(key) if arn not in but), None)

        arn: str = eventually(found, f"an execution for {key}")
        return arn

    def executions_for(self, key: str) -> Iterator[str]:
        """Of the 20 executions that started last, those for an object."""
        listed = self.deployed.step_functions.list_executions(
            stateMachineArn=self.deployed.state_machine, maxResults=20
        )
        for each in listed["executions"]:
            if key in self.describe(each["executionArn"])["input"]:
                yield each["executionArn"]

    def describe(self, arn: str) -> Any:
        return self.deployed.step_functions.describe_execution(executionArn=arn)

    def children(self, arn: str) -> list[str]:
        """The executions of the items of an execution's maps."""
        client = self.deployed.step_functions
        return [
            child["executionArn"]
            for run in client.list_map_runs(executionArn=arn)["mapRuns"]
            for child in client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        ]

    def history(self, arn: str) -> list[Any]:
        pages = self.deployed.step_functions.get_paginator("get_execution_history")
        return [event for page in pages.paginate(executionArn=arn) for event in page["events"]]

    def until_ended(self, arn: str) -> str:
        def ended() -> str | None:
            status: str = self.describe(arn)["status"]
            return None if status == "RUNNING" else status

        status: str = eventually(ended, f"{arn} ends", seconds=300)
        return status

    def differences(self, batch: Batch, upload: Upload) -> list[str]:
        """What differs from what an undisturbed run leaves behind."""
        return compare(
            batch,
            self.observed(batch),
            etag=upload.etag,
            not_before=upload.since,
            not_after=datetime.now(UTC),
        )

    def observed(self, batch: Batch) -> Observation:
        """What there is, also while a worker that outlived its execution still moves images."""

        def read() -> Observation | None:
            try:
                return observe(self.deployed, batch)
            except self.deployed.s3.exceptions.NoSuchKey:
                return None

        found: Observation = eventually(read, "images stay where they are")
        return found

    def job_status(self, batch: Batch) -> str:
        return str(self.observed(batch).job_record.get("status"))

    def alarm_state(self, name: str) -> str:
        return str(self._describe_alarm(name)["StateValue"])

    def _describe_alarm(self, name: str) -> dict[str, Any]:
        found = self.deployed.make_client("cloudwatch").describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return dict([*found["MetricAlarms"], *found["CompositeAlarms"]][0])

    def alarm(self, name: str) -> str:
        """An alarm as it is deployed, by its name within the stack."""
        return f"{self.deployed.stack}-{name}"

    def until_quiet(self, *alarms: str) -> int:
        """Wait until alarms are silent; from when on they are heard."""
        for name in map(self.alarm, alarms):
            eventually(partial(self._is_silent, name), f"{name} falls silent")
            self._rang_before[name] = self.last_rang(name)
        return self.inbox.mark()

    def _is_silent(self, name: str) -> bool:
        return self.alarm_state(name) != "ALARM"

    def rings(self, *alarms: str, since: int) -> None:
        """Wait until alarms rang, and those that publish were heard."""
        for name in map(self.alarm, alarms):
            if self._describe_alarm(name)["AlarmActions"]:
                message = self.inbox.rang(name, "ALARM", since=since)
                assert "Runbook: " in message.alarm["AlarmDescription"]
            else:
                eventually(partial(self._has_rung, name), f"{name} rings")

    def last_rang(self, name: str) -> datetime | None:
        """When an alarm last went into ALARM, by what is kept of its history; None if never."""
        pages = (
            self.deployed.make_client("cloudwatch")
            .get_paginator("describe_alarm_history")
            .paginate(
                AlarmName=name,
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                HistoryItemType="StateUpdate",
            )
        )
        rang = (
            item["Timestamp"]
            for page in pages
            for item in page["AlarmHistoryItems"]
            if json.loads(item["HistoryData"])["newState"]["stateValue"] == "ALARM"
        )
        return max(rang, default=None)

    def _has_rung(self, name: str) -> bool:
        return self.last_rang(name) not in (None, self._rang_before.get(name))

    @contextmanager
    def fault(self, *more: dict[str, Any], **rule: Any) -> Iterator[None]:
        """A fault that is in force until the block ends, and more of them."""
        for each in (rule, *more):
            self.add_fault(**each)
        try:
            yield
        finally:
            self.clear_faults()

    def add_fault(self, **rule: Any) -> None:
        self._faults("POST", rule)

    def clear_faults(self) -> None:
        self._faults("DELETE")

    def faults(self) -> dict[str, Any]:
        """The rules in force, and the calls seen since they were last cleared."""
        return self._faults("GET")

    def until_held(self) -> None:
        """Wait until a fault has met its call."""
        eventually(lambda: any(each["done"] for each in self.faults()["faults"]), "a call waits")

    def _faults(self, method: str, rule: dict[str, Any] | None = None) -> dict[str, Any]:
        return ask(self.endpoint, "faults", method, rule)

    def function(self, name: str) -> str:
        return calling.function(self.deployed, name)

    @contextmanager
    def time_limit(self, function: str, seconds: int) -> Iterator[None]:
        """Give a function another time limit until the block ends."""
        client, name = self.deployed.make_client("lambda"), self.function(function)
        usual = client.get_function_configuration(FunctionName=name)["Timeout"]
        client.update_function_configuration(FunctionName=name, Timeout=seconds)
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Timeout=usual)

    def queue(self, name: str) -> str:
        """The URL of a queue, by a part of its name."""
        (url,) = (each for each in self.deployed.sqs.list_queues()["QueueUrls"] if name in each)
        return str(url)

    def search(self) -> Any:
        """Run the scheduled search; what it answers."""
        return calling.invoke(self.deployed, "FindStuckJobs", {})

    @contextmanager
    def searches_soon(self) -> Iterator[None]:
        """The schedule calls the search within seconds, until the block ends."""
        events, rule = self.deployed.make_client("events"), f"{self.deployed.stack}-stuck-check"
        usual = events.describe_rule(Name=rule)["ScheduleExpression"]
        events.put_rule(Name=rule, ScheduleExpression="rate(5 minutes)")
        try:
            yield
        finally:
            events.put_rule(Name=rule, ScheduleExpression=usual)

    def put_manifest(self, job_id: str, manifest: object) -> str:
        """Put the manifest of a job; its key."""
        key, body = manifest_key(results_folder(job_id)), json.dumps(manifest).encode()
        self.deployed.s3.put_object(Bucket=self.deployed.bucket, Key=key, Body=body)
        return key

    def put(self, table: str, item: dict[str, Any]) -> None:
        """Put an item into a table that an output names."""
        self.deployed.dynamodb.put_item(TableName=self.deployed.outputs[table], Item=to_item(item))


@contextmanager
def world_in(folder: Path) -> Iterator[FaultyDeployment]:
    """The stack with small ranges, on an embedded AWS in quick time, with faults within reach."""
    assembly = synthesis.synthesize(server.PROJECT, context=CONTEXT)
    running = server.start(folder, settings=SERVER_SETTINGS).server
    try:
        deploy.deploy(assembly, endpoint=running.endpoint)
        deployed = deployment.on_embedded(running)
        _search_on_demand(deployed)
        yield FaultyDeployment(deployed, Inbox.subscribe(deployed))
    finally:
        server.stop(folder)


def _search_on_demand(deployed: Deployment) -> None:
    """Keep the schedule of FindStuckJobs from coming round, even in quick time.

    A search heals what a faulty SettleJob left half done, before that fails.
    """
    deployed.make_client("events").put_rule(
        Name=f"{deployed.stack}-stuck-check", ScheduleExpression="rate(365 days)"
    )


@dataclass(frozen=True)
class Edit:
    """What a person changed of a transaction, between a failure and its redrive."""

    batch: Batch
    transaction_id: str
    before: dict[str, Any]
    after: dict[str, Any]

    @classmethod
    def some(cls, world: FaultyDeployment, batch: Batch) -> Self | None:
        """Correct a transaction, if the job has one yet."""
        items = sorted(world.observed(batch).transactions.items())
        if not items:
            return None
        transaction_id, before = items[0]
        after = {**before, "merchant": "Corrected", "version": 2, "status": "confirmed"}
        world.put("TransactionsTableName", after)
        return cls(batch, transaction_id, before, after)

    def kept(self, world: FaultyDeployment) -> bool:
        """Whether it is as the person left it; the image step may have set `s3Key`."""
        now = world.observed(self.batch).transactions[self.transaction_id]
        return {**now, "s3Key": None} == {**self.after, "s3Key": None}

    def undo(self, world: FaultyDeployment) -> None:
        """Make the item what it would be without the edit, so that all can be compared."""
        now = world.observed(self.batch).transactions[self.transaction_id]
        before = {name: self.before[name] for name in ("merchant", "version", "status")}
        world.put("TransactionsTableName", now | before)

"""Throttles on purpose: what who is throttled sees, and the metrics that AWS publishes of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded_aws.tests import running
from embedded_aws.tests.conftest import PASS, Aws, allow, eventually, refused
from embedded_aws.tests.operations import create_table, metric_sum
from embedded_aws.tests.running import ask
from embedded_aws.tests.test_eventbridge import Rule, executions

CALLER = "a-function"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An embedded AWS of its own: faults are in force for all of it."""
    data = tmp_path_factory.mktemp("throttling-aws")
    started = running.start(data, settings={"EMBEDDED_AWS_FAULTS": "1"})
    yield Aws(started.server)
    running.stop(data)
    shutil.rmtree(data, ignore_errors=True)


@contextmanager
def throttled(aws: Aws, **which: Any) -> Iterator[None]:
    """Throttle calls until the block ends."""
    ask(aws.endpoint, "faults", "POST", {"kind": "throttle", **which})
    try:
        yield
    finally:
        ask(aws.endpoint, "faults", "DELETE")


class TestDynamoDB:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html."""

    @pytest.fixture
    def table(self, aws: Aws) -> str:
        return create_table(aws)

    @pytest.fixture
    def function(self, aws: Aws) -> Any:
        """A client whose calls are named as those of a function are."""
        once = Config(retries={"total_max_attempts": 1})
        client = aws.endpoint.session().client(
            "dynamodb", endpoint_url=aws.endpoint.url, config=once
        )

        def name_call(model: Any, params: dict[str, Any], **_: Any) -> None:
            params["headers"]["x-local-call"] = f"{CALLER} dynamodb:{model.name}"

        client.meta.events.register("before-call", name_call)
        return client

    def sum(self, aws: Aws, metric: str, **dimensions: str) -> float | None:
        return metric_sum(aws, "AWS/DynamoDB", metric, **dimensions)

    def test_a_refused_batch_counts_every_write_of_it_and_writes_none(
        self, aws: Aws, function: Any, table: str
    ) -> None:
        batch = {table: [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(3)]}
        with throttled(aws, caller=CALLER, action="dynamodb:BatchWriteItem"):
            error = refused(function.batch_write_item, RequestItems=batch)
            function.put_item(TableName=table, Item={"pk": {"S": "other action"}})
        assert error["Code"] == "ProvisionedThroughputExceededException"
        assert error["Status"] == 400
        assert self.sum(aws, "WriteThrottleEvents", TableName=table) == 3
        named = {"TableName": table, "Operation": "BatchWriteItem"}
        assert self.sum(aws, "ThrottledRequests", **named) == 1
        assert aws.dynamodb.scan(TableName=table)["Count"] == 1
        assert function.batch_write_item(RequestItems=batch)["UnprocessedItems"] == {}

    def test_an_index_without_room_is_counted_by_its_name(
        self, aws: Aws, function: Any, table: str
    ) -> None:
        with (
            throttled(aws, caller=CALLER, action="dynamodb:PutItem", index="byDate"),
            pytest.raises(ClientError),
        ):
            function.put_item(TableName=table, Item={"pk": {"S": "1"}})
        of_index = {"TableName": table, "GlobalSecondaryIndexName": "byDate"}
        assert self.sum(aws, "WriteThrottleEvents", **of_index) == 1

    def test_refused_reads_are_not_counted_as_writes(
        self, aws: Aws, function: Any, table: str
    ) -> None:
        with (
            throttled(aws, caller=CALLER, action="dynamodb:*Item"),
            pytest.raises(ClientError),
        ):
            function.get_item(TableName=table, Key={"pk": {"S": "1"}})
        assert self.sum(aws, "ReadThrottleEvents", TableName=table) == 1
        assert self.sum(aws, "WriteThrottleEvents", TableName=table) is None


def test_transitions_wait_and_are_counted(aws: Aws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html."""
    machine = aws.machine(PASS)

    def count() -> float | None:
        return metric_sum(aws, "AWS/States", "ExecutionThrottled", StateMachineArn=machine)

    with throttled(aws, caller="states", action="states:StateTransition", having=[machine]):
        execution = aws.start(machine)
        eventually(lambda: (count() or 0) >= 2, "the transition is tried again")
        assert aws.event_types(execution) == ["ExecutionStarted"]
        stopped = aws.start(machine)
        aws.states.stop_execution(executionArn=stopped)
        assert aws.ended(stopped)["status"] == "ABORTED"
    assert aws.ended(execution)["status"] == "SUCCEEDED"


def test_a_rules_targets_wait_and_are_counted(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html."""
    machine = aws.machine(PASS)
    starter = aws.role("events", allow("states:StartExecution", machine))
    rule = Rule(aws, machine, RoleArn=starter)
    with throttled(aws, caller="events", action="events:InvokeTarget", having=[rule.name]):
        rule.put()
        eventually(lambda: (rule.counted("ThrottledRules") or 0) >= 2, "it is tried again")
        assert not executions(aws, machine)
        assert rule.counted("Invocations") is None
    eventually(lambda: executions(aws, machine), "the event is delivered in the end")
    eventually(lambda: rule.counted("Invocations") == 1, "the delivery is counted once")

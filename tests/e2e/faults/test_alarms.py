"""Every alarm, driven into ALARM by a real failure and back to OK."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo import flaws
from functions.domain.attribute_values import to_item
from functions.domain.ledger_rows import claim_key
from functions.domain.payloads.arrived import Arrival
from functions.domain.timestamps import timestamp
from ops.commands import dead_events
from ops.model.failures import failed_since, read_failed
from tests.e2e.faults.cases import WORKERS
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.events import EVENTS, EndAtBedrock
from tests.e2e.faults.permissions import denied_to_trigger, not_callable_by_rules
from tests.e2e.faults.world import RECORDS, FaultyDeployment, kebab, state_alarm
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.slow

LOWERED_SECONDS = 10
"""Of `execution-slow`: an execution of two hours is nothing to wait for."""
DENIED = {"kind": "error", "code": "AccessDeniedException", "status": 403}
FAILS = {"caller": "*ResolveJob*", "action": "*", **DENIED}
"""Of any execution."""
OUTCOME_HANGS = {
    "caller": "*RecordOutcome*",
    "action": "states:DescribeExecution",
    "kind": "timeout",
}
RESENT = "as undisturbed, after `ingest dead-events --resend`"
RULES = {"caller": "events", "action": "events:InvokeTarget"}
WRITES = {"caller": "*LoadSegment*", "action": "dynamodb:Batch[EW]*"}


def _run(world: FaultyDeployment, *, ends: str) -> str:
    _, arn = world.ingest(world.new_batch(), ends=ends)
    return arn


@contextmanager
def _lowered(world: FaultyDeployment, alarm: str, threshold: int) -> Iterator[None]:
    """A threshold that no test can wait for, lowered until the block ends."""
    cloudwatch = world.deployed.make_client("cloudwatch")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[world.alarm(alarm)])["MetricAlarms"]
    puts = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape
    usual: dict[str, Any] = {name: found[name] for name in found if name in puts.members}
    cloudwatch.put_metric_alarm(**{**usual, "Threshold": threshold})
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**usual)


@pytest.mark.parametrize(("state", "function"), WORKERS.items())
def test_a_state_whose_function_runs_out_of_time(
    world: FaultyDeployment, state: str, function: str
) -> None:
    name = kebab(function)
    alarms = (
        state_alarm(state),
        f"function-errors-{name}",
        f"function-duration-{name}",
        "executions-failed",
    )
    since = world.until_quiet(*alarms)
    with world.fault(caller=f"*Workers{function}*", action="*", kind="timeout"):
        _run(world, ends="FAILED")
        world.rings(*alarms, since=since)


@pytest.mark.parametrize("function", [*WORKERS.values(), "RecordOutcome", "FindStuckJobs"])
def test_a_function_that_may_not_run(world: FaultyDeployment, function: str) -> None:
    client, name = world.deployed.make_client("lambda"), world.function(function)
    alarm = f"function-throttles-{kebab(function)}"
    since = world.until_quiet(alarm)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        if function in WORKERS.values():
            _run(world, ends="FAILED")
        else:
            with pytest.raises(client.exceptions.TooManyRequestsException):
                client.invoke(FunctionName=name, Payload=b"{}")
        world.rings(alarm, since=since)
    finally:
        client.delete_function_concurrency(FunctionName=name)


def test_the_states_around_the_claim(world: FaultyDeployment) -> None:
    since = world.until_quiet("state-claim-object", "state-read-claim")
    error = {"kind": "error", "code": "DynamoDB.AmazonDynamoDBException"}
    with world.fault(caller="states", action="dynamodb:UpdateItem", **error):
        _run(world, ends="FAILED")
    world.rings("state-claim-object", since=since)
    arn = _run(world, ends="SUCCEEDED")
    client = world.deployed.step_functions
    with world.fault(caller="states", action="dynamodb:GetItem", **error):
        again = client.start_execution(
            stateMachineArn=world.deployed.state_machine, input=world.describe(arn)["input"]
        )["executionArn"]
        assert world.until_ended(again) == "FAILED"
    world.rings("state-read-claim", since=since)


def test_verdicts(world: FaultyDeployment) -> None:
    since = world.until_quiet("state-incomplete-load", "state-incomplete-migration")
    for word, alarm in (("segment#", "incomplete-load"), ("chunk#", "incomplete-migration")):
        with world.fault(caller="*", action="dynamodb:PutItem", having=[word], kind="pretend"):
            _run(world, ends="FAILED")
        world.rings(f"state-{alarm}", since=since)


def test_too_many_rejects(world: FaultyDeployment) -> None:
    since = world.until_quiet("state-too-many-rejects", "rejects")
    world.ingest(world.new_batch(records=40, flawed={flaws.MODEL_ERROR: 25}), ends="FAILED")
    world.rings("state-too-many-rejects", "rejects", since=since)


def test_an_execution_that_is_stopped(world: FaultyDeployment) -> None:
    since = world.until_quiet("executions-aborted")
    batch = world.new_batch()
    with world.fault(caller="*LoadSegment*", action="s3:GetObject", kind="hold"):
        world.deliver(batch)
        arn = world.execution_of(batch)
        world.deployed.step_functions.stop_execution(executionArn=arn)
        world.rings("executions-aborted", since=since)
        world.inbox.told(arn, "ABORTED")


def test_an_execution_that_runs_out_of_time(world: FaultyDeployment) -> None:
    client, machine = world.deployed.step_functions, world.deployed.state_machine
    since = world.until_quiet("executions-timed-out")
    definition = client.describe_state_machine(stateMachineArn=machine)["definition"]
    short = json.dumps({**json.loads(definition), "TimeoutSeconds": 3})
    batch = world.new_batch()
    client.update_state_machine(stateMachineArn=machine, definition=short)
    try:
        with world.fault(caller="*SettleJob*", action="*", kind="hold"):
            world.deliver(batch)
            arn = world.execution_of(batch)
            assert world.until_ended(arn) == "TIMED_OUT"
    finally:
        client.update_state_machine(stateMachineArn=machine, definition=definition)
    world.rings("executions-timed-out", since=since)
    world.inbox.told(arn, "TIMED_OUT")


def test_an_execution_that_takes_long(world: FaultyDeployment) -> None:
    with _lowered(world, "execution-slow", LOWERED_SECONDS * 1000):
        since = world.until_quiet("execution-slow")
        batch = world.new_batch()
        with world.fault(caller="*SettleJob*", action="*", kind="hold"):
            world.deliver(batch)
            arn = world.execution_of(batch)
            begun = world.describe(arn)["startDate"]
            eventually(
                lambda: (datetime.now(UTC) - begun).total_seconds() > LOWERED_SECONDS,
                "it has taken long",
            )
        assert world.until_ended(arn) == "SUCCEEDED"
        world.rings("execution-slow", since=since)
        world.until_quiet("execution-slow")


@pytest.mark.parametrize(
    ("alarm", "what", "throttle", "arrival"),
    [
        (
            "executions-throttled",
            "state transitions",
            {"caller": "states", "action": "states:StateTransition"},
            Arrival.RESULTS,
        ),
        ("trigger-throttled", "the rule of results", RULES, Arrival.RESULTS),
        ("write-throttles-table", "writes of the transactions table", WRITES, Arrival.RESULTS),
        (
            "write-throttles-index",
            "writes of its index",
            {**WRITES, "index": "byDate"},
            Arrival.RESULTS,
        ),
        ("ended-jobs-throttled", "the rule of ended jobs", RULES, Arrival.JOB_ENDED),
    ],
)
def test_throttles_ring_and_lose_nothing(
    world: FaultyDeployment,
    show: Show,
    alarm: str,
    what: str,
    throttle: dict[str, str],
    arrival: Arrival,
) -> None:
    show(f"AWS throttles {what}", cured="nothing fails; as undisturbed")
    since = world.until_quiet(alarm)
    event = EVENTS[arrival].of_new_job(world)
    with world.fault(**throttle, kind="throttle"):
        event.arrive(world)
        world.rings(alarm, since=since)
    assert world.until_ended(world.execution_for(event.word)) == "SUCCEEDED"
    assert event.differences(world) == []
    world.until_quiet(alarm)


def test_a_denied_call_rings_although_another_way_does_its_work(world: FaultyDeployment) -> None:
    since = world.until_quiet("calls-denied")
    batch = world.new_batch()
    with world.fault(caller="*LoadSegment*", action="dynamodb:BatchWriteItem", **DENIED):
        upload, _ = world.ingest(batch, ends="SUCCEEDED")
    assert world.differences(batch, upload) == []
    world.rings("calls-denied", since=since)
    world.until_quiet("calls-denied")


@pytest.mark.causes_denials("states:StartExecution")
@pytest.mark.parametrize(
    ("what", "alarm", "arrival"),
    [
        ("results", "trigger-failed-invocations", Arrival.RESULTS),
        ("ended jobs", "ended-jobs-failed-invocations", Arrival.JOB_ENDED),
    ],
)
def test_an_event_that_starts_no_execution_and_is_resent(
    world: FaultyDeployment, show: Show, what: str, alarm: str, arrival: Arrival
) -> None:
    show(f"The rule of {what} may not start an execution", cured=RESENT)
    alarms = ("trigger-dead-letters", alarm)
    since = world.until_quiet(*alarms)
    event = EVENTS[arrival].of_new_job(world)
    with denied_to_trigger(world.deployed):
        event.arrive(world)
        world.rings(*alarms, since=since)
    (dead,) = dead_events.read(world.deployed)
    assert dead.as_json()["job"] == event.job_id
    assert dead.as_json()["about"] in (event.word, "Failed at Bedrock")
    assert world.until_ended(str(dead_events.send_again(dead).became)) == "SUCCEEDED"
    assert event.differences(world) == []
    world.until_quiet("trigger-dead-letters")


@contextmanager
def _closed(world: FaultyDeployment, queue: str) -> Iterator[None]:
    """The queue with a name that contains `queue` takes no message until the block ends."""
    sqs, url = world.deployed.sqs, world.queue(queue)
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    closed = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": closed})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": usual.get("Policy", "")})


@pytest.mark.causes_denials("states:StartExecution", "sqs:SendMessage")
def test_results_whose_event_is_lost(world: FaultyDeployment, show: Show) -> None:
    show(
        "The rule of results may neither start an execution nor keep the event",
        cured="the alarm `trigger-events-lost`",
    )
    since = world.until_quiet("trigger-events-lost")
    with _closed(world, "TriggerDeadLetters"), denied_to_trigger(world.deployed):
        world.deliver(world.new_batch())
        world.rings("trigger-events-lost", since=since)


@pytest.mark.causes_denials("states:StartExecution", "sqs:SendMessage")
def test_a_job_that_ends_and_whose_event_is_lost(world: FaultyDeployment, show: Show) -> None:
    show(
        "The rule of ended jobs may neither start an execution nor keep the event",
        cured="as undisturbed, after the next search",
    )
    since = world.until_quiet("ended-jobs-events-lost")
    end = EndAtBedrock.of_new_job(world)
    with _closed(world, "TriggerDeadLetters"), denied_to_trigger(world.deployed):
        end.arrive(world)
        world.rings("ended-jobs-events-lost", since=since)
    world.search()
    assert end.differences(world) == []


def test_a_search_that_is_behind(world: FaultyDeployment) -> None:
    """What makes it so are millions of objects: the metric stands in for them."""
    since = world.until_quiet("search-behind")
    metrics = world.deployed.make_client("cloudwatch")
    dimensions = [{"Name": "service", "Value": world.deployed.stack}]

    def is_behind(hours: float) -> None:
        metrics.put_metric_data(
            Namespace="BatchIngest",
            MetricData=[
                {"MetricName": "SearchBehindHours", "Dimensions": dimensions, "Value": hours}
            ],
        )

    def is_silent() -> bool:
        is_behind(0.0)
        return world.alarm_state(world.alarm("search-behind")) == "OK"

    is_behind(24 * 365.0)
    world.rings("search-behind", since=since)
    eventually(is_silent, "search-behind falls silent")


def test_an_outcome_that_cannot_be_told(world: FaultyDeployment) -> None:
    alarms = (
        "outcome-dead-letters",
        "function-errors-record-outcome",
        "function-duration-record-outcome",
    )
    since = world.until_quiet(*alarms)
    with world.fault(FAILS, **OUTCOME_HANGS):
        arn = _run(world, ends="FAILED")
        world.rings(*alarms, since=since)
    _tell_again(world)
    world.inbox.told(arn, "FAILED")
    world.until_quiet("outcome-dead-letters")


@pytest.mark.causes_denials("lambda:InvokeFunction", "sqs:SendMessage")
def test_an_outcome_whose_event_is_lost_by_the_rule(world: FaultyDeployment) -> None:
    since = world.until_quiet("outcome-events-lost")
    function = world.function("RecordOutcome")
    with _closed(world, "OutcomeDeadLetters"), not_callable_by_rules(world.deployed, function):
        with world.fault(**FAILS):
            _run(world, ends="FAILED")
        world.rings("outcome-events-lost", since=since)


@pytest.mark.causes_denials("sqs:SendMessage")
def test_an_outcome_whose_event_is_lost_by_the_function(world: FaultyDeployment) -> None:
    since = world.until_quiet("outcome-dead-letter-errors")
    with _closed(world, "OutcomeDeadLetters"), world.fault(FAILS, **OUTCOME_HANGS):
        _run(world, ends="FAILED")
        world.rings("outcome-dead-letter-errors", since=since)


@pytest.mark.causes_denials("lambda:InvokeFunction")
def test_the_rule_of_outcomes_may_not_call_its_function(world: FaultyDeployment) -> None:
    since = world.until_quiet("outcome-failed-invocations")
    with not_callable_by_rules(world.deployed, world.function("RecordOutcome")):
        with world.fault(**FAILS):
            arn = _run(world, ends="FAILED")
        world.rings("outcome-failed-invocations", since=since)
    _tell_again(world)
    world.inbox.told(arn, "FAILED")


@pytest.mark.causes_denials("lambda:InvokeFunction")
def test_the_schedule_may_not_call_its_function(world: FaultyDeployment) -> None:
    since = world.until_quiet("stuck-check-failed-invocations")
    with (
        not_callable_by_rules(world.deployed, world.function("FindStuckJobs")),
        world.searches_soon(),
    ):
        world.rings("stuck-check-failed-invocations", since=since)


@pytest.mark.parametrize(
    ("manifest", "alarm"),
    [
        ({"totalRecordCount": RECORDS + 5}, "records-missing"),
        ({"totalRecordCount": RECORDS - 5}, "records-unexpected"),
        ({"totalRecordCount": RECORDS, "errorRecordCount": RECORDS}, "model-errors-differ"),
        ("no manifest", "manifest-unreadable"),
    ],
)
def test_a_manifest_that_differs_or_cannot_be_read(
    world: FaultyDeployment, manifest: object, alarm: str
) -> None:
    since = world.until_quiet(alarm, "images-left")
    batch = world.new_batch()
    world.put_manifest(batch.job.job_id, manifest)
    world.deliver(batch)
    # Its two images that cannot be moved are told of too.
    world.rings(alarm, "images-left", since=since)


def test_a_job_that_is_stuck_and_the_search_for_it(world: FaultyDeployment) -> None:
    own = ("function-errors-find-stuck-jobs", "function-duration-find-stuck-jobs")
    since = world.until_quiet("stuck-jobs", *own)
    batch = world.new_batch()
    world.ingest(batch, ends="SUCCEEDED")
    dynamodb, ledger = world.deployed.dynamodb, world.deployed.outputs["LedgerTableName"]
    key = claim_key(batch.job.job_id, batch.key).as_item()
    row = dynamodb.get_item(TableName=ledger, Key=key)["Item"]

    def put_claim(**changes: object) -> None:
        dynamodb.put_item(TableName=ledger, Item={**row, **to_item(changes)})

    old = timestamp(datetime.now(UTC) - timedelta(days=3))
    # A claim of three days ago of which no worker wrote anything since.
    put_claim(state="claimed", generation=2, claimedAt=old, eventTime=old)
    world.search()
    world.rings("stuck-jobs", since=since)
    # It lasts until a search finds that it is over.
    put_claim()

    def is_over() -> bool:
        world.search()
        return world.alarm_state(world.alarm("stuck-jobs")) == "OK"

    eventually(is_over, "a search finds nothing stuck")
    with world.fault(caller="*FindStuckJobs*", action="*", kind="timeout"):
        world.search()
    world.rings(*own, since=since)


def test_every_alarm_rang_and_all_is_over(
    world: FaultyDeployment, show_alarms: Callable[[int], None]
) -> None:
    """Last: what the tests of this module have caused."""
    cloudwatch = world.deployed.make_client("cloudwatch")
    alarms = [
        alarm
        for page in cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for alarm in [*page["MetricAlarms"], *page["CompositeAlarms"]]
    ]
    names = {alarm["AlarmName"] for alarm in alarms}

    def heard(state: str) -> set[str]:
        world.inbox.fetch()
        return {
            each.alarm["AlarmName"]
            for each in world.inbox.messages
            if each.alarm and each.alarm["NewStateValue"] == state
        }

    show_alarms(len(names))
    assert {name for name in names if not world.last_rang(name)} == set()
    assert heard("ALARM") == {each["AlarmName"] for each in alarms if each["AlarmActions"]}

    def ringing() -> set[str]:
        return {name for name in names if world.alarm_state(name) != "OK"}

    # What looks at five minutes is silent two such periods after the last failure.
    deadline = time.monotonic() + 300
    while still := ringing():
        assert time.monotonic() < deadline, f"never fell silent: {sorted(still)}"
        time.sleep(0.2)
    world.inbox.rang(world.alarm("someone-must-act"), "OK", since=0)
    assert heard("OK") == {world.alarm("someone-must-act")}


def test_every_metric_of_the_dashboard_was_published(world: FaultyDeployment) -> None:
    """After all of the above, but for a redrive, nothing is left that none of it publishes."""
    failed = failed_since(world.deployed, datetime.now(UTC) - timedelta(hours=1))
    world.redrive(next(e for e in failed if read_failed(world.deployed, e).obstacle is None))
    cloudwatch = world.deployed.make_client("cloudwatch")
    board = cloudwatch.get_dashboard(DashboardName=world.deployed.stack)["DashboardBody"]
    published = {
        (
            metric["Namespace"],
            metric["MetricName"],
            frozenset((each["Name"], each["Value"]) for each in metric["Dimensions"]),
        )
        for page in cloudwatch.get_paginator("list_metrics").paginate()
        for metric in page["Metrics"]
    }
    shown = set()
    for widget in json.loads(board)["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            namespace, name, *dimensions = (part for part in metric if isinstance(part, str))
            pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
            shown.add((namespace, name, frozenset(pairs)))
    assert shown
    assert shown - published == set()


def _tell_again(world: FaultyDeployment) -> None:
    """Give RecordOutcome what it was not given, as its runbook page says."""
    found = dead_events.read(world.deployed)
    assert found
    for each in found:
        assert dead_events.send_again(each).problem is None

"""Every alarm, driven into ALARM by a real failure and back to OK."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo import flaws
from demo.batch import Batch
from functions.domain.attribute_values import to_item
from functions.domain.object_keys import manifest_key, results_folder
from ops.commands import dead_events
from ops.commands.redrive import restart
from ops.model.failures import failed_since, read_failed
from tests.e2e.faults.cases import WORKERS
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.permissions import denied_to_trigger, not_callable_by_rules
from tests.e2e.faults.settling import EndAtBedrock
from tests.e2e.faults.world import RECORDS, FaultyDeployment, kebab, state_alarm
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.slow

LOWERED_SECONDS = 10
"""Of `execution-slow`: an execution of two hours is nothing to wait for."""
KEPT = (
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "Dimensions",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)
"""What of a described alarm puts it back as it was."""
DENIED = {"kind": "error", "code": "AccessDeniedException", "status": 403}
RESENT = "as undisturbed, after `ingest dead-events --resend`"
WRITES = {"caller": "*LoadSegment*", "action": "dynamodb:Batch[EW]*", "kind": "throttle"}


def _run(world: FaultyDeployment, batch: Batch | None = None) -> str:
    """Deliver an object, and wait for the end of its execution."""
    batch = batch or world.new_batch()
    world.deliver(batch)
    arn = world.execution_of(batch)
    world.until_ended(arn)
    return arn


@contextmanager
def _lowered(world: FaultyDeployment, alarm: str, threshold: int) -> Iterator[None]:
    """A threshold that no test can wait for, lowered until the block ends."""
    cloudwatch = world.deployed.make_client("cloudwatch")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[world.alarm(alarm)])["MetricAlarms"]
    usual = {field: found[field] for field in KEPT if field in found}
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
        _run(world)
        world.rings(*alarms, since=since)


@pytest.mark.parametrize("function", WORKERS.values())
def test_a_function_that_may_not_run(world: FaultyDeployment, function: str) -> None:
    client, name = world.deployed.make_client("lambda"), world.function(function)
    alarm = f"function-throttles-{kebab(function)}"
    since = world.until_quiet(alarm)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        _run(world)
        world.rings(alarm, since=since)
    finally:
        client.delete_function_concurrency(FunctionName=name)


def test_the_states_around_the_claim(world: FaultyDeployment) -> None:
    since = world.until_quiet("state-claim-object", "state-read-claim")
    error = {"kind": "error", "code": "DynamoDB.AmazonDynamoDBException"}
    with world.fault(caller="states", action="dynamodb:UpdateItem", **error):
        _run(world)
    world.rings("state-claim-object", since=since)
    arn = _run(world)
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
            _run(world)
        world.rings(f"state-{alarm}", since=since)


def test_too_many_rejects(world: FaultyDeployment) -> None:
    since = world.until_quiet("state-too-many-rejects", "rejects")
    batch = world.new_batch(records=40, flawed={flaws.MODEL_ERROR: 25})
    _run(world, batch)
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
    ("alarm", "what", "throttle"),
    [
        (
            "executions-throttled",
            "state transitions",
            {"caller": "states", "action": "states:StateTransition"},
        ),
        (
            "trigger-throttled",
            "the rule of results",
            {"caller": "events", "action": "events:InvokeTarget"},
        ),
        ("write-throttles-table", "writes of the transactions table", WRITES),
        ("write-throttles-index", "writes of its index", {**WRITES, "index": "byDate"}),
    ],
)
def test_throttles_ring_and_lose_nothing(
    world: FaultyDeployment, show: Show, alarm: str, what: str, throttle: dict[str, str]
) -> None:
    show(f"AWS throttles {what}", cured="nothing fails; as undisturbed")
    since = world.until_quiet(alarm)
    batch = world.new_batch()
    with world.fault(**{**throttle, "kind": "throttle"}):
        upload = world.deliver(batch)
        world.rings(alarm, since=since)
    assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    assert world.differences(batch, upload) == []
    world.until_quiet(alarm)


def test_a_denied_call_rings_although_another_way_does_its_work(world: FaultyDeployment) -> None:
    since = world.until_quiet("calls-denied")
    batch = world.new_batch()
    with world.fault(caller="*LoadSegment*", action="dynamodb:BatchWriteItem", **DENIED):
        upload = world.deliver(batch)
        assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    assert world.differences(batch, upload) == []
    world.rings("calls-denied", since=since)
    world.until_quiet("calls-denied")


@pytest.mark.causes_denials("states:StartExecution")
def test_results_that_start_no_execution_and_are_resent(
    world: FaultyDeployment, show: Show
) -> None:
    show("The rule of results may not start an execution", cured=RESENT)
    alarms = ("trigger-dead-letters", "trigger-failed-invocations")
    since = world.until_quiet(*alarms)
    batch = world.new_batch()
    with denied_to_trigger(world.deployed):
        upload = world.deliver(batch)
        world.rings(*alarms, since=since)
    (dead,) = dead_events.read(world.deployed)
    assert dead.as_json()["about"] == batch.key
    resent = dead_events.send_again(dead)
    assert world.until_ended(str(resent.became)) == "SUCCEEDED"
    assert world.differences(batch, upload) == []
    world.until_quiet("trigger-dead-letters")


@contextmanager
def _closed(world: FaultyDeployment, queue: str) -> Iterator[None]:
    """The queue with a name that contains `queue` takes no message until the block ends."""
    sqs = world.deployed.sqs
    (url,) = (each for each in sqs.list_queues()["QueueUrls"] if queue in each)
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


def test_a_job_that_ends_while_eventbridge_is_throttled(
    world: FaultyDeployment, show: Show
) -> None:
    show("AWS throttles the rule of ended jobs", cured="nothing fails; as undisturbed")
    since = world.until_quiet("ended-jobs-throttled")
    end = EndAtBedrock.of_new_job(world)
    with world.fault(caller="events", action="events:InvokeTarget", kind="throttle"):
        end.arrive(world)
        world.rings("ended-jobs-throttled", since=since)
    assert world.until_ended(world.execution_for(end.word())) == "SUCCEEDED"
    assert end.differences(world) == []
    world.until_quiet("ended-jobs-throttled")


@pytest.mark.causes_denials("states:StartExecution")
def test_a_job_that_ends_and_starts_no_execution(world: FaultyDeployment, show: Show) -> None:
    show("The rule of ended jobs may not start an execution", cured=RESENT)
    alarms = ("trigger-dead-letters", "ended-jobs-failed-invocations")
    since = world.until_quiet(*alarms)
    end = EndAtBedrock.of_new_job(world)
    with denied_to_trigger(world.deployed):
        end.arrive(world)
        world.rings(*alarms, since=since)
    (dead,) = dead_events.read(world.deployed)
    assert "at Bedrock" in dead.as_json()["about"]
    assert world.until_ended(str(dead_events.send_again(dead).became)) == "SUCCEEDED"
    assert end.differences(world) == []
    world.until_quiet("trigger-dead-letters")


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
    search = world.function("FindStuckJobs")
    world.deployed.make_client("lambda").invoke(FunctionName=search, Payload=b"{}")
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
    world.add_fault(caller="*ResolveJob*", action="*", **DENIED)
    with world.fault(caller="*RecordOutcome*", action="states:DescribeExecution", kind="timeout"):
        arn = _run(world)
        world.rings(*alarms, since=since)
    _tell_again(world)
    world.inbox.told(arn, "FAILED")
    world.until_quiet("outcome-dead-letters")


@pytest.mark.causes_denials("lambda:InvokeFunction", "sqs:SendMessage")
def test_an_outcome_whose_event_is_lost_by_the_rule(world: FaultyDeployment) -> None:
    since = world.until_quiet("outcome-events-lost")
    function = world.function("RecordOutcome")
    with _closed(world, "OutcomeDeadLetters"), not_callable_by_rules(world.deployed, function):
        with world.fault(caller="*ResolveJob*", action="*", **DENIED):
            _run(world)
        world.rings("outcome-events-lost", since=since)


@pytest.mark.causes_denials("sqs:SendMessage")
def test_an_outcome_whose_event_is_lost_by_the_function(world: FaultyDeployment) -> None:
    since = world.until_quiet("outcome-dead-letter-errors")
    world.add_fault(caller="*ResolveJob*", action="*", **DENIED)
    failing = {"caller": "*RecordOutcome*", "action": "states:DescribeExecution", "kind": "timeout"}
    with _closed(world, "OutcomeDeadLetters"), world.fault(**failing):
        _run(world)
        world.rings("outcome-dead-letter-errors", since=since)


@pytest.mark.parametrize("function", ["RecordOutcome", "FindStuckJobs"])
def test_a_function_of_a_rule_that_may_not_run(world: FaultyDeployment, function: str) -> None:
    client, name = world.deployed.make_client("lambda"), world.function(function)
    alarm = f"function-throttles-{kebab(function)}"
    since = world.until_quiet(alarm)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=name, Payload=b"{}")
        world.rings(alarm, since=since)
    finally:
        client.delete_function_concurrency(FunctionName=name)


@pytest.mark.causes_denials("lambda:InvokeFunction")
@pytest.mark.parametrize(
    ("function", "rule", "alarm"),
    [
        ("RecordOutcome", "outcomes", "outcome-failed-invocations"),
        ("FindStuckJobs", "stuck-check", "stuck-check-failed-invocations"),
    ],
)
def test_a_rule_that_may_not_call_its_function(
    world: FaultyDeployment, function: str, rule: str, alarm: str
) -> None:
    events = world.deployed.make_client("events")
    since = world.until_quiet(alarm)
    name = f"{world.deployed.stack}-{rule}"
    schedule = events.describe_rule(Name=name).get("ScheduleExpression")
    try:
        with not_callable_by_rules(world.deployed, world.function(function)):
            if schedule:
                events.put_rule(Name=name, ScheduleExpression="rate(5 minutes)")
            else:
                with world.fault(caller="*ResolveJob*", action="*", **DENIED):
                    arn = _run(world)
            world.rings(alarm, since=since)
    finally:
        if schedule:
            events.put_rule(Name=name, ScheduleExpression=schedule)
    if not schedule:
        _tell_again(world)
        world.inbox.told(arn, "FAILED")


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
    world.deployed.s3.put_object(
        Bucket=world.deployed.bucket,
        Key=manifest_key(results_folder(batch.job.job_id)),
        Body=json.dumps(manifest).encode(),
    )
    world.deliver(batch)
    # Its two images that cannot be moved are told of too.
    world.rings(alarm, "images-left", since=since)


def test_a_job_that_is_stuck_and_the_search_for_it(world: FaultyDeployment) -> None:
    client, name = world.deployed.make_client("lambda"), world.function("FindStuckJobs")
    own = ("function-errors-find-stuck-jobs", "function-duration-find-stuck-jobs")
    since = world.until_quiet("stuck-jobs", *own)
    batch = world.new_batch()
    _run(world, batch)
    key = {"pk": f"job#{batch.job.job_id}", "sk": f"claim#{batch.key}"}
    row = world.deployed.dynamodb.get_item(
        TableName=world.deployed.outputs["LedgerTableName"], Key=to_item(dict(key))
    )["Item"]
    old = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    # A claim of three days ago of which no worker wrote anything since.
    hanging = {
        **row,
        "state": {"S": "claimed"},
        "generation": {"N": "2"},
        "claimedAt": {"S": old},
        "eventTime": {"S": old},
    }
    _put_claim(world, hanging)
    client.invoke(FunctionName=name, Payload=b"{}")
    world.rings("stuck-jobs", since=since)
    # It lasts until a search finds that it is over.
    _put_claim(world, row)

    def is_over() -> bool:
        client.invoke(FunctionName=name, Payload=b"{}")
        return world.alarm_state(world.alarm("stuck-jobs")) == "OK"

    eventually(is_over, "a search finds nothing stuck")
    with world.fault(caller="*FindStuckJobs*", action="*", kind="timeout"):
        client.invoke(FunctionName=name, Payload=b"{}")
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
    arn = next(
        each for each in _failed(world) if read_failed(world.deployed, each).obstacle is None
    )
    restart(world.deployed, [read_failed(world.deployed, arn)])
    assert world.until_ended(arn) == "SUCCEEDED"
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


def _failed(world: FaultyDeployment) -> Iterator[str]:
    return failed_since(world.deployed, datetime.now(UTC) - timedelta(hours=1))


def _tell_again(world: FaultyDeployment) -> None:
    """Give RecordOutcome what it was not given, as its runbook page says."""
    found = dead_events.read(world.deployed)
    assert found
    for each in found:
        assert dead_events.send_again(each).problem is None


def _put_claim(world: FaultyDeployment, item: dict[str, Any]) -> None:
    world.deployed.dynamodb.put_item(TableName=world.deployed.outputs["LedgerTableName"], Item=item)

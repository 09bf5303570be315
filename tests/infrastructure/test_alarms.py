import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.domain.events import FAILED_STATE_DIMENSION, METRICS_NAMESPACE, Metric
from functions.domain.failures import Failure
from tests.infrastructure.template import Template

PROJECT = Path(__file__).resolve().parents[2]
DEFINITION = json.loads((PROJECT / "statemachine" / "ingest.asl.json").read_text())

ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"

#: What AWS publishes of the services in use, with the dimensions by which it does:
#: .../step-functions/latest/dg/procedure-cw-metrics.html,
#: .../eventbridge/latest/userguide/eb-monitoring.html,
#: .../AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
#: .../lambda/latest/dg/monitoring-metrics-types.html and
#: .../amazondynamodb/latest/developerguide/metrics-dimensions.html
_BY_ONE_DIMENSION = {
    ("AWS/States", "StateMachineArn"): (
        *("ExecutionsAborted", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"),
        *("ExecutionTime", "ExecutionsRedriven", "ExecutionsStarted", "ExecutionsSucceeded"),
    ),
    ("AWS/Events", "RuleName"): (
        *("FailedInvocations", "InvocationsFailedToBeSentToDlq", "ThrottledRules"),
    ),
    ("AWS/SQS", "QueueName"): ("ApproximateNumberOfMessagesVisible",),
    ("AWS/Lambda", "FunctionName"): ("DeadLetterErrors", "Duration", "Errors", "Throttles"),
    (METRICS_NAMESPACE, "service"): tuple(set(Metric) - {Metric.EXECUTION_FAILURES}),
}
PUBLISHED: dict[str, dict[str, list[set[str]]]] = {
    **{
        namespace: {name: [{dimension}] for name in names}
        for (namespace, dimension), names in _BY_ONE_DIMENSION.items()
    },
    "AWS/DynamoDB": {
        "WriteThrottleEvents": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    },
}
PUBLISHED[METRICS_NAMESPACE][Metric.EXECUTION_FAILURES] = [{"service", FAILED_STATE_DIMENSION}]

#: Metrics that tell how fast and how much, of which none is too little or too much by itself.
NOT_ALARMING = {
    Metric.RECORDS_LOADED,
    Metric.RECORDS_REJECTED,
    Metric.DUPLICATE_RECORDS,
    Metric.IMAGES_MIGRATED,
    Metric.WRITE_UNITS_PER_SECOND,
    Metric.WRITE_THROTTLES,
}


def _alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        alarm["AlarmName"].removeprefix("BatchIngest-"): alarm
        for alarm in template.of_type(ALARM).values()
    }


def _dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def test_alarms_watch_what_is_published_by_the_dimensions_by_which_it_is(
    created: Template,
) -> None:
    for name, alarm in _alarms(created).items():
        dimensions = PUBLISHED[alarm["Namespace"]][alarm["MetricName"]]
        assert set(_dimensions(alarm)) in dimensions, name


def test_alarms_watch_this_stack_s_own_resources(created: Template) -> None:
    values = {value for alarm in _alarms(created).values() for value in _dimensions(alarm).values()}
    states = {name for name in values if name in DEFINITION["States"]}

    assert {value for value in values - states if not value.startswith("<")} == {
        "BatchIngest",
        "byDate",
    }


def test_every_metric_of_ours_is_watched_or_is_known_to_be_harmless(created: Template) -> None:
    watched = {
        alarm["MetricName"]
        for alarm in _alarms(created).values()
        if alarm["Namespace"] == METRICS_NAMESPACE
    }

    assert watched == {metric.value for metric in Metric} - NOT_ALARMING


def test_every_state_that_can_fail_an_execution_has_its_alarm(created: Template) -> None:
    can_fail = {
        name
        for name, state in DEFINITION["States"].items()
        if state["Type"] in {"Fail", "Map", "Task"}
    }
    watched = {
        _dimensions(alarm)[FAILED_STATE_DIMENSION]
        for alarm in _alarms(created).values()
        if alarm["MetricName"] == Metric.EXECUTION_FAILURES
    }

    assert watched == can_fail


@pytest.mark.parametrize(
    "verdict",
    [Failure.TOO_MANY_REJECTS, Failure.INCOMPLETE_LOAD, Failure.INCOMPLETE_MIGRATION],
)
def test_the_alarm_of_a_verdict_says_its_cure(created: Template, verdict: Failure) -> None:
    (alarm,) = (
        alarm
        for alarm in _alarms(created).values()
        if _dimensions(alarm).get(FAILED_STATE_DIMENSION) == verdict
    )

    assert alarm["AlarmDescription"].startswith(verdict.explanation.sentence)


def test_every_alarm_says_what_it_means_and_where_its_page_is(created: Template) -> None:
    for name, alarm in _alarms(created).items():
        meaning, _, link = alarm["AlarmDescription"].partition(" Runbook: ")
        assert meaning.endswith("."), name
        assert re.fullmatch(r"docs/runbook/[a-z-]+\.md, printed by: ingest explain \S+", link), name
        assert len(alarm["AlarmDescription"]) <= 1024, name


def test_an_alarm_publishes_when_it_rings_but_those_that_repeat_another(created: Template) -> None:
    for name, alarm in _alarms(created).items():
        silent = name.startswith("state-")
        assert alarm.get("AlarmActions", []) == ([] if silent else ["<NotificationsTopic>"]), name


def test_the_summary_alone_publishes_that_all_is_well(created: Template) -> None:
    """And so one failed execution is one alarm and one OK."""
    assert not any("OKActions" in alarm for alarm in _alarms(created).values())
    summary = created.one(COMPOSITE)
    assert summary["OKActions"] == ["<NotificationsTopic>"]
    assert "AlarmActions" not in summary


def test_the_first_deployment_sends_no_mail_but_the_one_to_confirm(imported: Template) -> None:
    """An alarm that is created becomes OK; nobody is subscribed until the last of them is."""
    (subscription,) = (
        resource
        for resource in imported.resources.values()
        if resource["Type"] == "AWS::SNS::Subscription"
    )
    (summary,) = imported.of_type(COMPOSITE)
    assert [re.sub(r"[0-9A-F]{8}$", "", name) for name in subscription["DependsOn"]] == [summary]


def test_no_data_means_that_nothing_happened_but_where_somebody_looks_now_and_then(
    created: Template,
) -> None:
    treatments = {name: alarm["TreatMissingData"] for name, alarm in _alarms(created).items()}

    assert treatments.pop("stuck-jobs") == treatments.pop("search-behind") == "ignore"
    assert set(treatments.values()) == {"notBreaching"}


@pytest.mark.parametrize(
    ("name", "threshold", "statistic"),
    [
        ("executions-failed", 0, "Sum"),
        ("execution-slow", 120 * 60_000, "Maximum"),
        ("function-duration-load-segment", 291_000, "Maximum"),
        ("function-errors-load-segment", 2, "Sum"),
        ("function-errors-record-outcome", 0, "Sum"),
        ("rejects", 5, "Maximum"),
        ("records-missing", 0, "Sum"),
        ("trigger-dead-letters", 0, "Maximum"),
        ("stuck-jobs", 0, "Maximum"),
    ],
)
def test_thresholds(created: Template, name: str, threshold: float, statistic: str) -> None:
    alarm = _alarms(created)[name]

    assert alarm["Threshold"] == threshold
    assert alarm["Statistic"] == statistic
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_one_alarm_says_that_a_person_must_act(created: Template) -> None:
    composite = created.one(COMPOSITE)
    rule = composite["AlarmRule"]
    alarms = created.of_type(ALARM)
    in_rule = {name for name in alarms if f'"<{name}.Arn>"' in rule}
    acts = {alarms[name]["AlarmName"].removeprefix("BatchIngest-") for name in in_rule}

    assert composite["AlarmName"] == "BatchIngest-someone-must-act"
    assert len(rule) < 10_240
    assert rule.count("ALARM(") == len(in_rule) <= 100
    assert acts >= {
        "executions-failed",
        "executions-timed-out",
        "executions-aborted",
        "outcome-dead-letter-errors",
        "outcome-dead-letters",
        "outcome-events-lost",
        "records-missing",
        "stuck-jobs",
        "trigger-dead-letters",
    }
    assert not acts & {"execution-slow", "images-left", "rejects", "write-throttles-table"}


def test_an_address_can_be_subscribed(created: Template, imported: Template) -> None:
    subscription = imported.one("AWS::SNS::Subscription")

    assert not created.of_type("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "somebody@example.com")

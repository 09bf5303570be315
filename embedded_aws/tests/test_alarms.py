"""Alarms: what they look at, what they make of what is missing, and whom they tell."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded_aws.tests.conftest import Aws, allow, document, eventually, only, refused, unique
from embedded_aws.tests.operations import create_stack, heard, queue, settled_stack


@pytest.fixture
def namespace() -> str:
    return unique("Test")


def alarm(aws: Aws, namespace: str, **fields: Any) -> str:
    """An alarm for a sum above 0 in a minute, of `Faults` unless Metrics are named; its name."""
    made = unique("alarm")
    faults = {"Namespace": namespace, "MetricName": "Faults", "Statistic": "Sum", "Period": 60}
    aws.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": made,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **({} if "Metrics" in fields else faults),
            **fields,
        }
    )
    return made


def in_state(aws: Aws, state: str, treatment: str) -> str:
    """An alarm without data that is put into a state."""
    made = alarm(aws, unique("Test"), TreatMissingData=treatment)
    aws.client("cloudwatch").set_alarm_state(AlarmName=made, StateValue=state, StateReason="test")
    return made


def put(aws: Aws, namespace: str, *, minutes_ago: Sequence[int] = (0,), **dimensions: str) -> None:
    """One fault in each of the named minutes."""
    aws.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": "Faults",
                "Value": 1,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=ago),
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            }
            for ago in minutes_ago
        ],
    )


def state(aws: Aws, made: str) -> str:
    found = aws.client("cloudwatch").describe_alarms(
        AlarmNames=[made], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])


def becomes(aws: Aws, made: str, wanted: str) -> None:
    eventually(lambda: state(aws, made) == wanted, f"{made} becomes {wanted}")


class TestEvaluation:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html."""

    def test_rings_for_its_own_dimensions_alone(self, aws: Aws, namespace: str) -> None:
        mine = alarm(aws, namespace, Dimensions=[{"Name": "state", "Value": "Load"}])
        other = alarm(aws, namespace, Dimensions=[{"Name": "state", "Value": "Migrate"}])
        without = alarm(aws, namespace)
        put(aws, namespace, state="Load")
        becomes(aws, mine, "ALARM")
        becomes(aws, other, "OK")
        becomes(aws, without, "OK")

    def test_is_by_the_clock_and_not_by_the_next_datum(self, aws: Aws, namespace: str) -> None:
        made = alarm(aws, namespace, TreatMissingData="breaching")
        becomes(aws, made, "ALARM")  # nothing was ever put

    def test_needs_as_many_datapoints_as_it_says(self, aws: Aws, namespace: str) -> None:
        two = alarm(aws, namespace, EvaluationPeriods=5, DatapointsToAlarm=2)
        three = alarm(aws, namespace, EvaluationPeriods=5, DatapointsToAlarm=3)
        put(aws, namespace, minutes_ago=(1, 3))
        becomes(aws, two, "ALARM")
        becomes(aws, three, "OK")

    def test_looks_no_further_back_than_its_periods(self, aws: Aws, namespace: str) -> None:
        made = alarm(aws, namespace, EvaluationPeriods=2, DatapointsToAlarm=1)
        put(aws, namespace, minutes_ago=(4,))
        becomes(aws, made, "OK")

    def test_takes_a_metric_that_is_a_list_of_one(self, aws: Aws, namespace: str) -> None:
        metric = {"Namespace": namespace, "MetricName": "Faults", "Dimensions": []}
        watched = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        listed = {"Id": "m", "MetricStat": watched, "Label": "Faults", "ReturnData": True}
        made = alarm(aws, namespace, Metrics=[listed])
        put(aws, namespace)
        becomes(aws, made, "ALARM")


class TestMissingData:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html."""

    @pytest.mark.parametrize(
        ("treatment", "before", "wanted"),
        [
            ("notBreaching", "ALARM", "OK"),
            ("breaching", "OK", "ALARM"),
            ("missing", "ALARM", "INSUFFICIENT_DATA"),
        ],
    )
    def test_is_what_the_alarm_says(
        self, aws: Aws, treatment: str, before: str, wanted: str
    ) -> None:
        becomes(aws, in_state(aws, before, treatment), wanted)

    def test_changes_nothing_where_it_is_ignored(self, aws: Aws) -> None:
        ignoring = in_state(aws, "ALARM", "ignore")
        # Two others after it have been looked at, so that it was looked at in between.
        for _ in range(2):
            becomes(aws, in_state(aws, "ALARM", "notBreaching"), "OK")
        becomes(aws, ignoring, "ALARM")


class TestActions:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html."""

    def topic(self, aws: Aws) -> tuple[str, str]:
        """A topic, and the queue that hears of it."""
        sns = aws.client("sns")
        url, arn = queue(aws, open_to="sns.amazonaws.com")
        topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, url

    def message(self, aws: Aws, url: str) -> dict[str, Any]:
        envelope = heard(aws, url)
        message: dict[str, Any] = json.loads(envelope["Message"])
        return message

    def test_tell_the_topic_of_a_change(self, aws: Aws, namespace: str) -> None:
        topic, url = self.topic(aws)
        made = alarm(aws, namespace, AlarmActions=[topic])
        put(aws, namespace)
        message = self.message(aws, url)
        assert message["AlarmName"] == made
        assert message["NewStateValue"] == "ALARM"

    def test_do_not_reach_a_topic_that_admits_others_only(self, aws: Aws, namespace: str) -> None:
        closed, quiet = self.topic(aws)
        policy = allow("sns:Publish", closed, Principal={"Service": "events.amazonaws.com"})
        aws.client("sns").set_topic_attributes(
            TopicArn=closed, AttributeName="Policy", AttributeValue=document(policy)
        )
        topic, url = self.topic(aws)
        alarm(aws, namespace, AlarmActions=[closed, topic])
        put(aws, namespace)
        assert self.message(aws, url)["NewStateValue"] == "ALARM"
        waiting = aws.client("sqs").receive_message(QueueUrl=quiet)
        assert "Messages" not in waiting

    def test_of_a_composite_alarm_from_a_template_are_taken(self, aws: Aws, namespace: str) -> None:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html."""
        topic, url = self.topic(aws)
        properties = {
            "AlarmName": unique("any"),
            "AlarmRule": f'ALARM("{alarm(aws, namespace)}")',
            "AlarmActions": [topic],
        }
        composite = {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": properties}
        stack = create_stack(aws, {"Any": composite})
        assert stack.status == "CREATE_COMPLETE"
        put(aws, namespace)
        assert self.message(aws, url)["AlarmName"] == properties["AlarmName"]
        aws.client("cloudformation").delete_stack(StackName=stack.arn)
        assert settled_stack(aws, stack.arn).status == "DELETE_COMPLETE"


def test_a_fault_rings_through_from_the_metric_of_a_service(aws: Aws) -> None:
    """The whole way: a failed execution, AWS/States, an alarm."""
    machine = aws.machine(only({"Type": "Fail", "Error": "No"}))
    its = [{"Name": "StateMachineArn", "Value": machine}]
    made = alarm(aws, "AWS/States", MetricName="ExecutionsFailed", Dimensions=its)
    becomes(aws, made, "OK")
    aws.run(machine)
    becomes(aws, made, "ALARM")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (
            {"Metrics": [{"Id": "e", "Expression": "1 + 1", "ReturnData": True}]},
            "metric math in Metrics of an alarm is not emulated",
        ),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "only SNS topics"),
    ],
)
def test_what_is_not_emulated_is_refused(aws: Aws, fields: dict[str, Any], why: str) -> None:
    assert why in refused(alarm, aws, "Test", **fields)["Message"]

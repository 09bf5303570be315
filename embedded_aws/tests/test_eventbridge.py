"""EventBridge: who may be a target, what becomes of an event that no target takes, and metrics."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.events import pattern_complexity
from embedded_aws.tests.conftest import (
    ACCOUNT,
    PASS,
    REGION,
    Aws,
    allow,
    document,
    eventually,
    only,
    refused,
    trust,
    unique,
)
from embedded_aws.tests.operations import heard, hears, metric_sum, queue, received

EVENTS = "events.amazonaws.com"


class Rule:
    """A rule for the events of a source of its own, with one target and a dead-letter queue."""

    def __init__(self, aws: Aws, arn: str, *, kept: bool = True, **target: Any) -> None:
        """Create it; its dead letters are lost unless they are kept."""
        self.aws, self.name, self.source = aws, unique("rule"), unique("source")
        self.arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.name}"
        self._url, dead_letters = queue(aws, open_to=EVENTS if kept else None)
        self.match({})
        whole = {"Id": "only", "Arn": arn, "DeadLetterConfig": {"Arn": dead_letters}, **target}
        aws.client("events").put_targets(Rule=self.name, Targets=[whole])

    def match(self, pattern: dict[str, Any]) -> None:
        """Match the events of the source that have a pattern."""
        whole = json.dumps({"source": [self.source], **pattern})
        self.aws.client("events").put_rule(Name=self.name, EventPattern=whole)

    def put(self, **detail: Any) -> None:
        """Put an event of the source."""
        entry = {"Source": self.source, "DetailType": "test", "Detail": json.dumps(detail)}
        assert not self.aws.client("events").put_events(Entries=[entry])["FailedEntryCount"]

    def dead_letter(self) -> dict[str, Any]:
        """The attributes of the next dead letter, and the event's detail."""
        message = received(self.aws, self._url)
        attributes = message["MessageAttributes"].items()
        detail = json.loads(message["Body"])["detail"]
        return {"detail": detail, **{key: each["StringValue"] for key, each in attributes}}

    def counted(self, metric: str) -> float | None:
        """The sum of a metric."""
        return metric_sum(self.aws, "AWS/Events", metric, RuleName=self.name)


def executions(aws: Aws, machine: str) -> list[Any]:
    return list(aws.states.list_executions(stateMachineArn=machine)["executions"])


def admit(aws: Aws, function: str, rule_arn: str) -> None:
    """Let a rule invoke a function."""
    aws.functions.add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule_arn,
    )


def is_invoked(aws: Aws, function: str) -> None:
    named = function.rpartition(":")[2]
    eventually(
        lambda: metric_sum(aws, "AWS/Lambda", "Invocations", FunctionName=named) == 1, "it runs"
    )


class TestRole:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html."""

    def test_lets_a_rule_start_an_execution(self, aws: Aws) -> None:
        machine = aws.machine(PASS)
        starter = aws.role("events", allow("states:StartExecution", machine))
        Rule(aws, machine, RoleArn=starter).put(number=1)
        (started,) = eventually(lambda: executions(aws, machine), "it starts")
        described = aws.ended(started["executionArn"])
        assert json.loads(described["input"])["detail"] == {"number": 1}

    @pytest.mark.parametrize(
        ("trusts", "may"),
        [("events", "logs:*"), ("lambda", "states:*")],
        ids=["permission", "trust"],
    )
    def test_that_may_not_sends_the_event_to_the_dead_letters(
        self, aws: Aws, trusts: str, may: str
    ) -> None:
        machine = aws.machine(PASS)
        rule = Rule(aws, machine, RoleArn=aws.role(trusts, allow(may)))
        rule.put(number=2)
        letter = rule.dead_letter()
        assert "not authorized" in letter.pop("ERROR_MESSAGE")
        assert letter == {
            "detail": {"number": 2},
            "ERROR_CODE": "NO_PERMISSIONS",
            "RULE_ARN": rule.arn,
            "TARGET_ARN": machine,
            "RETRY_ATTEMPTS": "0",  # permissions are not tried again
        }
        assert not executions(aws, machine)

    def test_that_trusts_one_rule_serves_no_other(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html."""
        machine = aws.machine(PASS)
        starter = aws.role("events", allow("states:StartExecution", machine))
        rule = Rule(aws, machine, RoleArn=starter)
        account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        for trusted in (f"{rule.arn}-another", rule.arn):
            only_it = {"ArnEquals": {"aws:SourceArn": trusted}, **account}
            aws.iam.update_assume_role_policy(
                RoleName=starter.rsplit("/", 1)[-1],
                PolicyDocument=document(trust({"Service": EVENTS}, Condition=only_it)),
            )
            rule.put()
            if trusted != rule.arn:
                assert rule.dead_letter()["ERROR_CODE"] == "NO_PERMISSIONS"
        eventually(lambda: len(executions(aws, machine)) == 1, "the trusted rule starts one")


class TestTargetsPolicy:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""

    def test_a_function_must_admit_the_rule(self, aws: Aws) -> None:
        function = aws.function()
        rule = Rule(aws, function)
        rule.put()
        assert rule.dead_letter()["ERROR_CODE"] == "NO_PERMISSIONS"
        admit(aws, function, rule.arn)
        rule.put()
        is_invoked(aws, function)

    def test_a_queue_and_a_topic_must_admit_eventbridge(self, aws: Aws) -> None:
        _, closed = queue(aws)
        topic = aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
        others = allow("sns:Publish", topic, Principal={"Service": "cloudwatch.amazonaws.com"})
        aws.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=document(others)
        )
        for target in (closed, topic):
            rule = Rule(aws, target)
            rule.put()
            assert rule.dead_letter()["ERROR_CODE"] == "NO_PERMISSIONS"


class TestMetrics:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html."""

    MISSING = f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"

    def test_count_what_is_delivered(self, aws: Aws) -> None:
        _, arn = queue(aws, open_to=EVENTS)
        rule = Rule(aws, arn)
        rule.put()
        eventually(lambda: rule.counted("Invocations") == 1, "it is counted")
        assert rule.counted("FailedInvocations") is None  # only what is not zero

    @pytest.mark.parametrize("kept", [True, False])
    def test_count_what_is_not(self, aws: Aws, *, kept: bool) -> None:
        rule = Rule(aws, self.MISSING, kept=kept)
        rule.put()
        if kept:
            assert rule.dead_letter()["ERROR_CODE"] == "RESOURCE_NOT_FOUND"
        counted = {
            "Invocations": 1,
            "FailedInvocations": 1,
            "InvocationsSentToDlq": 1 if kept else None,
            "InvocationsFailedToBeSentToDlq": None if kept else 1,
        }
        eventually(
            lambda: {each: rule.counted(each) for each in counted} == counted, "all is counted"
        )


def test_a_wildcard_crosses_slashes(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html."""
    url, arn = queue(aws, open_to=EVENTS)
    rule = Rule(aws, arn)
    rule.match({"detail": {"key": [{"wildcard": "batch-output/*/*.jsonl.out"}]}})
    for key in ("x.jsonl.out", "job/manifest.json.out", "job/a/b.jsonl.out"):
        rule.put(key=f"batch-output/{key}")
    assert heard(aws, url)["detail"]["key"].endswith("b.jsonl.out")


@pytest.mark.parametrize(
    ("wildcards", "complexity", "accepted"),
    [
        (["*:*:*:*:*:event-bus/*"], 11, False),
        ([f"*/datasync/*.{each}" for each in ("csv", "txt", "xml", "pdf")], 16, False),
        ([f"*:stack/{each}/*" for each in ("Alpha", "Beta", "Gamma", "Delta")], 12, False),
        ([f"*:stack/{each}/*" for each in ("Alpha", "Beta", "Gamma")], 9, True),
        ([f"*/datasync/*.{each}" for each in ("csv", "txt")], 8, True),
        ([f"*.{each}" for each in ("csv", "txt", "xml", "pdf")], 8, True),
    ],
)
def test_a_pattern_with_too_complex_wildcards_is_refused(
    aws: Aws, wildcards: list[str], complexity: int, *, accepted: bool
) -> None:
    """What AWS refused and accepted; the numbers are those of Event Ruler itself.

    Recorded: localstack, content_wildcard_complex_EXC. Reported: public issues of Terraform and
    CloudFormation files.
    """
    assert pattern_complexity.complexity(wildcards) == complexity
    matchers = [{"wildcard": each} for each in wildcards]
    pattern = json.dumps({"detail": {"object": {"key": matchers}}})
    put_rule = aws.client("events").put_rule
    if accepted:
        put_rule(Name=unique("rule"), EventPattern=pattern)
        return
    error = refused(put_rule, Name=unique("rule"), EventPattern=pattern)
    assert error["Code"] == "InvalidEventPatternException"
    assert "Rule is too complex" in error["Message"]


def test_an_entry_that_is_not_an_event_fails_by_itself(aws: Aws) -> None:
    """Recorded: localstack, test_put_event_malformed_detail, test_put_events_without_source."""
    event = {"Source": unique("source"), "DetailType": "test", "Detail": "{}"}
    entries: list[dict[str, str]] = [
        event,
        event | {"Detail": "{"},
        event | {"Detail": "[]"},
        {key: value for key, value in event.items() if key != "Source"},
        event,
    ]
    answer = aws.client("events").put_events(Entries=entries)
    codes = [each.get("ErrorCode") for each in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "InvalidArgument", None]
    assert answer["FailedEntryCount"] == 3


def test_a_rule_with_targets_is_not_deleted(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html."""
    rule, events = Rule(aws, queue(aws)[1]), aws.client("events")
    assert "since it has targets" in refused(events.delete_rule, Name=rule.name)["Message"]
    events.remove_targets(Rule=rule.name, Ids=["only"])
    events.delete_rule(Name=rule.name)


def test_a_scheduled_rule_fires(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""
    url, arn = queue(aws, open_to=EVENTS)
    rule, events = Rule(aws, arn), aws.client("events")
    events.put_rule(Name=rule.name, ScheduleExpression="rate(5 minutes)")
    event = heard(aws, url)
    events.disable_rule(Name=rule.name)
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == [rule.arn]


def test_the_end_of_an_execution_reaches_a_function(aws: Aws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""
    machine, function = aws.machine(PASS), aws.function()
    rule = Rule(aws, function)
    rule.match(
        {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]},
        }
    )
    admit(aws, function, rule.arn)
    assert aws.run(machine)["status"] == "SUCCEEDED"
    is_invoked(aws, function)


def test_of_an_execution_under_a_customer_s_key_the_event_tells_no_data(aws: Aws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html."""
    fail = only({"Type": "Fail", "Error": "E", "Cause": "c"})
    encryption = {
        "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000",
        "type": "CUSTOMER_MANAGED_KMS_KEY",
    }
    machine = aws.states.create_state_machine(
        name=unique("machine"),
        definition=json.dumps(fail),
        roleArn=aws.everything,
        encryptionConfiguration=encryption,
    )["stateMachineArn"]
    failed = {"stateMachineArn": [machine], "status": ["FAILED"]}
    url = hears(aws, {"source": ["aws.states"], "detail": failed})
    assert aws.run(machine, {"a": 1})["error"] == "E"
    detail = heard(aws, url)["detail"]
    assert detail["status"] == "FAILED"
    assert [detail[told] for told in ("input", "output", "error", "cause")] == [None] * 4
    assert detail["inputDetails"] == {"included": False}


def test_targets_that_are_not_emulated_are_refused_by_name(aws: Aws) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/x"
    with pytest.raises(ClientError, match="targets of kinesis are not emulated"):
        Rule(aws, arn)
    with pytest.raises(ClientError, match="property SqsParameters is not emulated"):
        Rule(aws, queue(aws)[1], SqsParameters={"MessageGroupId": "x"})

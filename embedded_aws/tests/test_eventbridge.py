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
    unique,
)
from embedded_aws.tests.operations import hears, metric_sum, queue, received

EVENTS = "events.amazonaws.com"


def rule(aws: Aws, target: dict[str, Any], *, source: str, **fields: Any) -> str:
    """A rule for a source's events with one target; its name."""
    created, events = unique("rule"), aws.client("events")
    pattern = {"EventPattern": json.dumps({"source": [source]})}
    events.put_rule(Name=created, **(fields or pattern))
    events.put_targets(Rule=created, Targets=[{"Id": "only", **target}])
    return created


def put(aws: Aws, source: str, detail: dict[str, Any] | None = None) -> None:
    entry = {"Source": source, "DetailType": "test", "Detail": json.dumps(detail or {})}
    answer = aws.client("events").put_events(Entries=[entry])
    assert not answer["FailedEntryCount"]


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {key: each["StringValue"] for key, each in message["MessageAttributes"].items()}


class TestRole:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html."""

    def test_lets_a_rule_start_an_execution(self, aws: Aws) -> None:
        machine, source = aws.machine(PASS), unique("source")
        starter = aws.role("events", allow("states:StartExecution", machine))
        rule(aws, {"Arn": machine, "RoleArn": starter}, source=source)
        put(aws, source, {"number": 1})
        started = eventually(
            lambda: aws.states.list_executions(stateMachineArn=machine)["executions"], "it starts"
        )
        described = aws.ended(started[0]["executionArn"])
        assert json.loads(described["input"])["detail"] == {"number": 1}

    @pytest.mark.parametrize("lacks", ["permission", "trust"])
    def test_that_may_not_sends_the_event_to_the_dead_letters(self, aws: Aws, lacks: str) -> None:
        machine, source = aws.machine(PASS), unique("source")
        url, dead_letters = queue(aws, open_to=EVENTS)
        starter = (
            aws.role("events", allow("logs:*"))
            if lacks == "permission"
            else aws.role("lambda", allow("states:*"))
        )
        target = {
            "Arn": machine, "RoleArn": starter, "DeadLetterConfig": {"Arn": dead_letters},
        }  # fmt: skip
        made = rule(aws, target, source=source)
        put(aws, source, {"number": 2})
        message = received(aws, url)
        assert json.loads(message["Body"])["detail"] == {"number": 2}
        told = attributes(message)
        assert told["ERROR_CODE"] == "NO_PERMISSIONS"
        assert "not authorized" in told["ERROR_MESSAGE"]
        assert told["RULE_ARN"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{made}"
        assert told["TARGET_ARN"] == machine
        # Permissions are not tried again.
        assert told["RETRY_ATTEMPTS"] == "0"
        assert not aws.states.list_executions(stateMachineArn=machine)["executions"]

    def test_that_trusts_one_rule_serves_no_other(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html."""
        machine, source = aws.machine(PASS), unique("source")
        url, dead_letters = queue(aws, open_to=EVENTS)
        starter = aws.role("events", allow("states:StartExecution", machine))
        target = {"Arn": machine, "RoleArn": starter, "DeadLetterConfig": {"Arn": dead_letters}}
        made = rule(aws, target, source=source)
        for trusted in ("another", made):
            arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{trusted}"
            trust = {
                "Effect": "Allow",
                "Principal": {"Service": EVENTS},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": arn},
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                },
            }
            aws.iam.update_assume_role_policy(
                RoleName=starter.rsplit("/", 1)[-1], PolicyDocument=document(trust)
            )
            put(aws, source)
            if trusted == "another":
                assert attributes(received(aws, url))["ERROR_CODE"] == "NO_PERMISSIONS"
        eventually(
            lambda: len(aws.states.list_executions(stateMachineArn=machine)["executions"]) == 1,
            "the rule that is trusted starts one",
        )


class TestTargetsPolicy:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""

    def test_a_function_must_admit_the_rule(self, aws: Aws) -> None:
        source = unique("source")
        url, dead_letters = queue(aws, open_to=EVENTS)
        _, _arn = queue(aws)
        function = aws.function()
        made = rule(
            aws, {"Arn": function, "DeadLetterConfig": {"Arn": dead_letters}}, source=source
        )
        put(aws, source)
        assert attributes(received(aws, url))["ERROR_CODE"] == "NO_PERMISSIONS"
        aws.functions.add_permission(
            FunctionName=function,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal=EVENTS,
            SourceArn=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{made}",
        )
        put(aws, source)
        invoked = function.rpartition(":")[2]
        eventually(
            lambda: metric_sum(aws, "AWS/Lambda", "Invocations", FunctionName=invoked) == 1,
            "the function runs",
        )

    def test_a_queue_must_admit_eventbridge(self, aws: Aws) -> None:
        source = unique("source")
        url, dead_letters = queue(aws, open_to=EVENTS)
        _, closed = queue(aws)
        rule(aws, {"Arn": closed, "DeadLetterConfig": {"Arn": dead_letters}}, source=source)
        put(aws, source)
        assert attributes(received(aws, url))["ERROR_CODE"] == "NO_PERMISSIONS"

    def test_a_topic_must_admit_eventbridge(self, aws: Aws) -> None:
        source, sns = unique("source"), aws.client("sns")
        url, dead_letters = queue(aws, open_to=EVENTS)
        topic = sns.create_topic(Name=unique("topic"))["TopicArn"]
        closed = allow("sns:Publish", topic, Principal={"Service": "cloudwatch.amazonaws.com"})
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=document(closed)
        )
        rule(aws, {"Arn": topic, "DeadLetterConfig": {"Arn": dead_letters}}, source=source)
        put(aws, source)
        assert attributes(received(aws, url))["ERROR_CODE"] == "NO_PERMISSIONS"


class TestMetrics:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html."""

    def sums(self, aws: Aws, made: str) -> dict[str, float | None]:
        names = ("Invocations", "FailedInvocations", "InvocationsSentToDlq",
                 "InvocationsFailedToBeSentToDlq")  # fmt: skip
        return {each: metric_sum(aws, "AWS/Events", each, RuleName=made) for each in names}

    def test_count_what_is_delivered(self, aws: Aws) -> None:
        source = unique("source")
        _, arn = queue(aws, open_to=EVENTS)
        made = rule(aws, {"Arn": arn}, source=source)
        put(aws, source)
        eventually(lambda: self.sums(aws, made)["Invocations"] == 1, "it is counted")
        assert self.sums(aws, made)["FailedInvocations"] is None  # only what is not zero

    def test_count_what_is_not(self, aws: Aws) -> None:
        source = unique("source")
        missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"
        url, dead_letters = queue(aws, open_to=EVENTS)
        target = {"Arn": missing, "DeadLetterConfig": {"Arn": dead_letters}}
        made = rule(aws, target, source=source)
        put(aws, source)
        assert attributes(received(aws, url))["ERROR_CODE"] == "RESOURCE_NOT_FOUND"
        counted = {"Invocations": 1, "FailedInvocations": 1, "InvocationsSentToDlq": 1,
                   "InvocationsFailedToBeSentToDlq": None}  # fmt: skip
        eventually(lambda: self.sums(aws, made) == counted, "all is counted")

    def test_count_what_cannot_even_be_kept(self, aws: Aws) -> None:
        source = unique("source")
        missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"
        _, closed = queue(aws)
        made = rule(aws, {"Arn": missing, "DeadLetterConfig": {"Arn": closed}}, source=source)
        put(aws, source)
        eventually(
            lambda: self.sums(aws, made)["InvocationsFailedToBeSentToDlq"] == 1, "it is counted"
        )


def test_a_wildcard_crosses_slashes(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html."""
    source, events = unique("source"), aws.client("events")
    url, arn = queue(aws, open_to=EVENTS)
    made = rule(aws, {"Arn": arn}, source=source)
    detail = {"key": [{"wildcard": "batch-output/*/*.jsonl.out"}]}
    events.put_rule(Name=made, EventPattern=json.dumps({"source": [source], "detail": detail}))
    for key in ("batch-output/x.jsonl.out", "batch-output/job/manifest.json.out"):
        put(aws, source, {"key": key})
    put(aws, source, {"key": "batch-output/job/a/b.jsonl.out"})
    assert json.loads(received(aws, url)["Body"])["detail"]["key"].endswith("b.jsonl.out")


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
    _, arn = queue(aws, open_to=EVENTS)
    created, events = rule(aws, {"Arn": arn}, source=unique("source")), aws.client("events")
    with pytest.raises(ClientError, match="since it has targets"):
        events.delete_rule(Name=created)
    events.remove_targets(Rule=created, Ids=["only"])
    events.delete_rule(Name=created)


def test_a_scheduled_rule_fires(aws: Aws) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""
    url, arn = queue(aws, open_to=EVENTS)
    made = rule(aws, {"Arn": arn}, source="", ScheduleExpression="rate(5 minutes)")
    event = json.loads(received(aws, url)["Body"])
    aws.client("events").disable_rule(Name=made)
    assert event["source"] == "aws.events"
    assert event["detail-type"] == "Scheduled Event"
    assert event["resources"] == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{made}"]


def test_the_end_of_an_execution_reaches_a_function(aws: Aws) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""
    machine, function = aws.machine(PASS), aws.function()
    events, made = aws.client("events"), unique("rule")
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [machine], "status": ["SUCCEEDED"]},
    }
    arn = events.put_rule(Name=made, EventPattern=json.dumps(pattern))["RuleArn"]
    aws.functions.add_permission(
        FunctionName=function, StatementId="rule", Action="lambda:InvokeFunction",
        Principal=EVENTS, SourceArn=arn,
    )  # fmt: skip
    events.put_targets(Rule=made, Targets=[{"Id": "only", "Arn": function}])
    assert aws.run(machine)["status"] == "SUCCEEDED"
    invoked = function.rpartition(":")[2]
    eventually(
        lambda: metric_sum(aws, "AWS/Lambda", "Invocations", FunctionName=invoked) == 1,
        "the function hears of it",
    )


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
    detail = json.loads(received(aws, url)["Body"])["detail"]
    assert detail["status"] == "FAILED"
    assert [detail[told] for told in ("input", "output", "error", "cause")] == [None] * 4
    assert detail["inputDetails"] == {"included": False}


def test_targets_that_are_not_emulated_are_refused_by_name(aws: Aws) -> None:
    events, made = aws.client("events"), unique("rule")
    events.put_rule(Name=made, EventPattern='{"source": ["x"]}')
    stream = {"Id": "only", "Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/x"}
    with pytest.raises(ClientError, match="targets of kinesis are not emulated"):
        events.put_targets(Rule=made, Targets=[stream])
    parameters = {"Id": "only", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x",
                  "SqsParameters": {"MessageGroupId": "x"}}  # fmt: skip
    with pytest.raises(ClientError, match="property SqsParameters is not emulated"):
        events.put_targets(Rule=made, Targets=[parameters])

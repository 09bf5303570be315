"""What the tests of the services around Step Functions share: clients, principals, messages."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from embedded_aws.tests.conftest import (
    ACCOUNT,
    REGION,
    Aws,
    allow,
    document,
    eventually,
    trust,
    unique,
)
from embedded_aws.tests.running import Endpoint


def assumed(aws: Aws, *statements: dict[str, Any]) -> Endpoint:
    """The endpoint as a role sees it that may do what the statements say, and no more."""
    return session(aws, aws.create_role(trust({"AWS": ACCOUNT}), *statements))


def session(aws: Aws, role_arn: str) -> Endpoint:
    """The endpoint as a role sees it that the account's root may assume."""
    keys = aws.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
    return Endpoint(
        aws.endpoint.url,
        access_key_id=keys["Credentials"]["AccessKeyId"],
        secret_access_key=keys["Credentials"]["SecretAccessKey"],
        session_token=keys["Credentials"]["SessionToken"],
    )


def queue(aws: Aws, *, open_to: str | None = None) -> tuple[str, str]:
    """A queue's URL and ARN; its policy lets a service send to it, where one is named."""
    sqs, queue_name = aws.client("sqs"), unique("queue")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_name}"
    attributes = {}
    if open_to:
        statement = allow("sqs:SendMessage", arn, Principal={"Service": open_to})
        attributes["Policy"] = document(statement)
    return sqs.create_queue(QueueName=queue_name, Attributes=attributes)["QueueUrl"], arn


def hears(aws: Aws, pattern: dict[str, Any]) -> str:
    """The URL of a queue that gets the events of a pattern."""
    url, arn = queue(aws, open_to="events.amazonaws.com")
    events, rule = aws.client("events"), unique("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "only", "Arn": arn}])
    return url


def create_table(aws: Aws) -> str:
    """Create a table with the key `pk`, a string; its name."""
    created = unique("table")
    aws.client("dynamodb").create_table(
        TableName=created,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return created


def received(aws: Aws, url: str) -> dict[str, Any]:
    """The next message of a queue, with its attributes."""

    def one() -> dict[str, Any] | None:
        answer = aws.client("sqs").receive_message(
            QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1
        )
        return next(iter(answer.get("Messages", [])), None)

    message: dict[str, Any] = eventually(one, f"a message in {url}")
    aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return message


def heard(aws: Aws, url: str) -> Any:
    """The JSON of the next message of a queue."""
    return json.loads(received(aws, url)["Body"])


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack with nothing in progress.

    Attributes:
        outputs: Their values by name.
        failures: Each resource that failed, with its reason.
    """

    arn: str
    status: str
    outputs: dict[str, str]
    failures: str


def create_stack(aws: Aws, resources: dict[str, Any], **template: Any) -> Stack:
    """Create a stack with these resources; what became of it."""
    arn: str = aws.client("cloudformation").create_stack(
        StackName=unique("stack"),
        TemplateBody=json.dumps({"Resources": resources, **template}),
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    return settled_stack(aws, arn)


def settled_stack(aws: Aws, arn: str) -> Stack:
    """A stack as it is when nothing is in progress."""
    cloudformation = aws.client("cloudformation")

    def settled() -> dict[str, Any] | None:
        (found,) = cloudformation.describe_stacks(StackName=arn)["Stacks"]
        return None if found["StackStatus"].endswith("_IN_PROGRESS") else dict(found)

    found = eventually(settled, f"{arn} ends")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    events = cloudformation.describe_stack_events(StackName=arn)["StackEvents"]
    failures = "\n".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    )
    return Stack(arn, found["StackStatus"], outputs, failures)


def metric_sum(aws: Aws, namespace: str, metric: str, **dimensions: str) -> float | None:
    """The sum of a metric over the last hour; None without data."""
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": metric,
                        "Dimensions": [
                            {"Name": key, "Value": value} for key, value in dimensions.items()
                        ],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
        StartTime=_hours_from_now(-1),
        EndTime=_hours_from_now(1),
    )
    values = answer["MetricDataResults"][0]["Values"]
    return sum(values) if values else None


def _hours_from_now(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)

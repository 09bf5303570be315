"""Grants that AWS documents as needed, where the embedded AWS does not check them."""

from dataclasses import dataclass

from tests.infrastructure.granted import Granted

_DOCS = "https://docs.aws.amazon.com/"
MACHINE = "Workflow"


@dataclass(frozen=True)
class Documented:
    """Why grants are there.

    Attributes:
        holders: `Granted.who`, those that they belong to; empty for all.
        actions: Theirs.
        context: What their conditions must contain, where one key serves several purposes.
        needed: What for.
        source: Where AWS says so.

    Keys of customers have a page and a test of their own: docs/encryption.md, test_encryption.py.
    """

    actions: frozenset[str]
    needed: str
    source: str
    holders: frozenset[str] = frozenset()
    context: str = ""

    def covers(self, granted: Granted) -> bool:
        return (
            granted.action in self.actions
            and (not self.holders or granted.who in self.holders)
            and self.context in granted.conditions
        )


def _of(needed: str, source: str, *actions: str, holder: str = "", context: str = "") -> Documented:
    holders = frozenset({holder}) if holder else frozenset[str]()
    return Documented(frozenset(actions), needed, f"{_DOCS}{source}", holders, context)


_TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
_KEY = ("kms:Decrypt", "kms:GenerateDataKey")

DOCUMENTED: tuple[Documented, ...] = (
    _of(
        "Step Functions logs of executions",
        "step-functions/latest/dg/cw-logs.html",
        *("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups"),
        *("logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
        *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
        holder=MACHINE,
    ),
    _of(
        "copies of images that have annotations",
        "AmazonS3/latest/API/API_CopyObject.html",
        "s3:GetObjectAnnotation",
        "s3:PutObjectAnnotation",
        holder="MigrateImages",
    ),
    _of(
        "traces of executions",
        "step-functions/latest/dg/xray-iam.html",
        *("xray:GetSamplingRules", "xray:GetSamplingTargets"),
        *_TRACES,
        holder=MACHINE,
    ),
    _of(
        "logs of functions",
        "lambda/latest/dg/monitoring-cloudwatchlogs.html",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ),
    _of(
        "traces of functions",
        "lambda/latest/dg/services-xray.html",
        *_TRACES,
    ),
    _of(
        "a map starts children, looks after them and stops them",
        "step-functions/latest/dg/iam-policies-eg-dist-map.html",
        "states:DescribeExecution",
        "states:StopExecution",
        holder=MACHINE,
    ),
    _of(
        "a map's results, written in parts",
        "step-functions/latest/dg/iam-policies-eg-dist-map.html",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        holder=MACHINE,
    ),
    _of(
        "the EventBridge switch of an imported bucket, read and written back by CDK's function",
        "AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html",
        "s3:GetBucketNotification",
        "s3:PutBucketNotification",
        holder="StorageEventBridgeSwitch",
    ),
    _of(
        "messages of the encrypted topic",
        "sns/latest/dg/sns-key-management.html",
        *_KEY,
        context='"sns.',
    ),
    _of(
        "alarms, through the encrypted topic",
        "sns/latest/dg/sns-key-management.html",
        *_KEY,
        holder="cloudwatch.amazonaws.com",
    ),
)


def documented(granted: Granted) -> Documented | None:
    """Why a grant is there that nothing here can prove; None if a run must prove it."""
    return next((each for each in DOCUMENTED if each.covers(granted)), None)

"""Properties of CloudFormation resources: each is applied, known to have no effect, or refused.

MiniStack drops the properties that it does not know. Here a property that is in neither table below
fails the deployment by its name, and those that MiniStack drops and that matter are applied through
the service's own API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import dynamodb, iam, lambda_svc, s3, sns

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]

EFFECTIVE: dict[str, frozenset[str]] = {
    "AWS::CloudWatch::Alarm": frozenset(
        {
            "ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName",
            "ComparisonOperator", "DatapointsToAlarm", "Dimensions", "EvaluationPeriods",
            "ExtendedStatistic", "InsufficientDataActions", "MetricName", "Metrics", "Namespace",
            "OKActions", "Period", "Statistic", "Tags", "Threshold", "TreatMissingData", "Unit",
        }
    ),
    "AWS::CloudWatch::CompositeAlarm": frozenset(
        {
            "ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "AlarmRule",
            "InsufficientDataActions", "OKActions", "Tags",
        }
    ),
    "AWS::DynamoDB::Table": frozenset(
        {
            "AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled",
            "GlobalSecondaryIndexes", "KeySchema", "PointInTimeRecoverySpecification",
            "SSESpecification", "TableName", "Tags", "TimeToLiveSpecification",
        }
    ),
    "AWS::Events::Rule": frozenset(
        {
            "Description", "EventBusName", "EventPattern", "Name", "ScheduleExpression", "State",
            "Tags", "Targets",
        }
    ),
    "AWS::IAM::Role": frozenset(
        {
            "AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration",
            "Path", "PermissionsBoundary", "Policies", "RoleName", "Tags",
        }
    ),
    "AWS::Lambda::Function": frozenset(
        {
            "Code", "DeadLetterConfig", "Description", "Environment", "FunctionName", "Handler",
            "KmsKeyArn", "LoggingConfig", "MemorySize", "ReservedConcurrentExecutions", "Role",
            "Runtime", "Tags", "Timeout", "TracingConfig",
        }
    ),
    "AWS::S3::Bucket": frozenset(
        {
            "BucketEncryption", "BucketName", "LifecycleConfiguration",
            "NotificationConfiguration", "OwnershipControls", "PublicAccessBlockConfiguration",
            "Tags", "VersioningConfiguration",
        }
    ),
    "AWS::SNS::Topic": frozenset(
        {"DisplayName", "KmsMasterKeyId", "Subscription", "Tags", "TopicName"}
    ),
    "AWS::SQS::Queue": frozenset(
        {
            "DelaySeconds", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId",
            "MessageRetentionPeriod", "QueueName", "RedrivePolicy", "SqsManagedSseEnabled", "Tags",
            "VisibilityTimeout",
        }
    ),
    "AWS::StepFunctions::StateMachine": frozenset(
        {
            "DefinitionString", "DefinitionSubstitutions", "EncryptionConfiguration",
            "LoggingConfiguration", "RoleArn", "StateMachineName", "StateMachineType", "Tags",
        }
    ),
}  # fmt: skip
"""What takes effect, of the types that a deployment's behaviour rests on.

The services' own calls show the keys; nothing is encrypted with them.
"""

WITHOUT_EFFECT: dict[str, frozenset[str]] = {
    "AWS::DynamoDB::Table": frozenset({"WarmThroughput"}),
    # Functions run on this machine's processor, in the project's own environment.
    "AWS::Lambda::Function": frozenset({"Architectures", "Layers"}),
    # X-Ray is not emulated.
    "AWS::StepFunctions::StateMachine": frozenset({"TracingConfiguration"}),
}
"""What is accepted though nothing comes of it, because no execution could tell."""


def unsupported(resource_type: str, props: Properties) -> str | None:
    """Say which property is not emulated; None if all are."""
    if resource_type not in EFFECTIVE:
        return None
    known = EFFECTIVE[resource_type] | WITHOUT_EFFECT.get(resource_type, frozenset())
    if unknown := sorted(props.keys() - known):
        return f"the property {', '.join(unknown)} of {resource_type} is not emulated"
    return None


def complete(resource_type: str, physical_id: str, props: Properties) -> None:
    """Apply to a resource, new or updated, what MiniStack left out."""
    if apply := _COMPLETIONS.get(resource_type):
        apply(physical_id, props)


def require_success(response: tuple[int, Any, bytes]) -> None:
    """Fail the resource if a service has refused a call."""
    status, _, body = response
    if status >= 400:
        raise ValueError(body.decode())


def _complete_table(name: str, props: Properties) -> None:
    ttl = props.get("TimeToLiveSpecification")
    if ttl:
        dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": ttl})
    backups = props.get("PointInTimeRecoverySpecification")
    if backups:
        dynamodb._update_continuous_backups(
            {"TableName": name, "PointInTimeRecoverySpecification": backups}
        )
    encryption = dict(props.get("SSESpecification") or {})
    if encryption:
        encryption["Enabled"] = encryption.pop("SSEEnabled")  # as the API calls it
    dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(encryption)


def _complete_role(name: str, props: Properties) -> None:
    if boundary := props.get("PermissionsBoundary"):
        request = {"RoleName": name, "PermissionsBoundary": boundary}
        require_success(iam._put_role_permissions_boundary(request))
    else:
        iam._roles[name]["PermissionsBoundary"] = None


def _complete_function(name: str, props: Properties) -> None:
    function = lambda_svc._functions[name]
    function["config"]["DeadLetterConfig"] = props.get("DeadLetterConfig") or {}
    function["config"]["KMSKeyArn"] = props.get("KmsKeyArn", "")
    reserved = props.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)


def _complete_bucket(name: str, props: Properties) -> None:
    _apply_encryption(name, props.get("BucketEncryption"))
    _apply_lifecycle(name, props.get("LifecycleConfiguration"))


def _apply_encryption(name: str, encryption: Properties | None) -> None:
    if not encryption:
        s3._delete_bucket_encryption(name)
        return
    root = Element("ServerSideEncryptionConfiguration")
    for rule in encryption["ServerSideEncryptionConfiguration"]:
        element = SubElement(root, "Rule")
        default = SubElement(element, "ApplyServerSideEncryptionByDefault")
        for name_of_value, value in rule["ServerSideEncryptionByDefault"].items():
            SubElement(default, name_of_value).text = value
        SubElement(element, "BucketKeyEnabled").text = str(
            rule.get("BucketKeyEnabled", False)
        ).lower()
    require_success(s3._put_bucket_encryption(name, tostring(root)))


def _apply_lifecycle(name: str, lifecycle: Properties | None) -> None:
    if not lifecycle:
        s3._delete_bucket_lifecycle(name)
        return
    root = Element("LifecycleConfiguration")
    for rule in lifecycle["Rules"]:
        _add_lifecycle_rule(root, rule)
    require_success(s3._put_bucket_lifecycle(name, tostring(root)))


_LIFECYCLE_ACTIONS = {
    # property of the template: element, and the element within that holds its value
    "ExpirationInDays": ("Expiration", "Days"),
    "NoncurrentVersionExpiration": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "AbortIncompleteMultipartUpload": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}


def _add_lifecycle_rule(root: Element, rule: Properties) -> None:
    if unknown := sorted(rule.keys() - {"Id", "Prefix", "Status", *_LIFECYCLE_ACTIONS}):
        raise ValueError(f"The lifecycle property {', '.join(unknown)} is not emulated.")
    element = SubElement(root, "Rule")
    if "Id" in rule:
        SubElement(element, "ID").text = rule["Id"]
    SubElement(SubElement(element, "Filter"), "Prefix").text = rule.get("Prefix", "")
    SubElement(element, "Status").text = rule["Status"]
    for name, (outer, inner) in _LIFECYCLE_ACTIONS.items():
        if name in rule:
            value = rule[name]
            days = value[inner] if isinstance(value, dict) else value
            SubElement(SubElement(element, outer), inner).text = str(days)


def _complete_topic(arn: str, props: Properties) -> None:
    attributes = sns._topics[arn]["attributes"]
    attributes.pop("KmsMasterKeyId", None)
    if key := props.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = key


_COMPLETIONS: dict[str, Callable[[str, Properties], None]] = {
    "AWS::DynamoDB::Table": _complete_table,
    "AWS::IAM::Role": _complete_role,
    "AWS::Lambda::Function": _complete_function,
    "AWS::S3::Bucket": _complete_bucket,
    "AWS::SNS::Topic": _complete_topic,
}

"""CloudFormation for a list of resource types; all others are refused.

MiniStack provisions many more, some of them only in name. A type whose behaviour was not checked is
refused, so that every resource of a template that deploys does what its properties say.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
"""

from __future__ import annotations

import functools
import json
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import handlers as actions
from ministack.services.cloudformation import helpers, provisioners, stacks

from embedded_aws.cloudformation import resource_properties
from embedded_aws.cloudwatch import alarms
from embedded_aws.events import event_targets, pattern_complexity
from embedded_aws.s3 import objects

SUPPORTED_TYPES = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachine",
        "Custom::S3BucketNotifications",
    }
)

_provision = provisioners._provision_resource
_update = provisioners._update_resource
_alarm_record = provisioners._cw_metric_alarm_record
_delete_bucket = provisioners._s3_delete
_put_metric_alarm = cloudwatch._put_metric_alarm
_create_change_set = actions._ACTION_HANDLERS["CreateChangeSet"]

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]


def install() -> None:
    """Put the functions below in the place of MiniStack's, and register composite alarms."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::CloudWatch::CompositeAlarm"] = {
        "create": _create_composite,
        "update": _update_composite,
        "delete": _delete_composite,
    }
    handlers["AWS::S3::Bucket"] = {**handlers["AWS::S3::Bucket"], "delete": _bucket_delete}
    provisioners._cw_metric_alarm_record = _checked_alarm_record
    provisioners._provision_resource = _provision_supported
    stacks._provision_resource = _provision_supported
    provisioners._update_resource = _update_supported
    stacks._update_resource = _update_supported
    cloudwatch._put_metric_alarm = _checked_put_metric_alarm
    actions._ACTION_HANDLERS["CreateChangeSet"] = _checked_create_change_set


def _checked_create_change_set(params: Any) -> Any:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html."""
    if mode := helpers._p(params, "DeploymentMode"):
        why = (
            f"DeploymentMode {mode} is not emulated: `ingest local up --revert-drift` puts back"
            " what was changed by hand."
        )
        return helpers._error("ValidationError", why)
    return _create_change_set(params)


def _provision_supported(
    resource_type: str, logical_id: str, props: Properties, stack_name: str
) -> Created:
    if resource_type not in SUPPORTED_TYPES:
        raise ValueError(f"Resources of type {resource_type} are not emulated ({logical_id}).")
    _check_properties(resource_type, props)
    physical_id, attributes = _provision(resource_type, logical_id, props, stack_name)
    resource_properties.complete(resource_type, physical_id, props)
    return physical_id, attributes


@functools.wraps(_update)
def _update_supported(
    resource_type: str,
    physical_id: str,
    old_props: Properties,
    new_props: Properties,
    *rest: Any,
    **more: Any,
) -> Created:
    _check_properties(resource_type, new_props)
    physical_id, attributes = _update(
        resource_type, physical_id, old_props, new_props, *rest, **more
    )
    if old_props != new_props:
        resource_properties.complete(resource_type, physical_id, new_props)
    return physical_id, attributes


def _check_properties(resource_type: str, props: Properties) -> None:
    if why := resource_properties.unsupported(resource_type, props):
        raise ValueError(f"{why}.")
    if resource_type == "AWS::Events::Rule":
        _check_rule(props)


def _checked_alarm_record(name: str, props: Properties) -> Any:
    props = alarms.plain(props)
    if why := alarms.unsupported(props):
        raise ValueError(f"{name}: {why}.")
    return _alarm_record(name, props)


def _checked_put_metric_alarm(
    params: Any,
    data: Properties,
    is_cbor: bool,  # noqa: FBT001
    is_json: bool = False,  # noqa: FBT001, FBT002
) -> Any:
    if is_cbor or is_json:
        request = data = alarms.plain(data)
    else:
        request = {key: value[0] for key, value in params.items()}
    if why := alarms.unsupported(request):
        return cloudwatch._error(
            "ValidationError", f"{why}.", 400, use_json=is_json, use_cbor=is_cbor
        )
    return _put_metric_alarm(params, data, is_cbor, is_json)


def _check_rule(props: Properties) -> None:
    pattern = props.get("EventPattern")
    if pattern and pattern_complexity.is_too_complex(json.dumps(pattern)):
        raise ValueError(f"Event pattern is not valid. Reason: {pattern_complexity.REASON}")
    for target in props.get("Targets") or []:
        if why := event_targets.unsupported(target):
            raise ValueError(f"{why}.")


def _bucket_delete(name: str, props: Properties) -> None:
    """Delete an empty bucket only.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
    """
    if objects.is_empty(name):
        _delete_bucket(name, props)
        return
    raise ValueError(
        'Resource handler returned message: "The bucket you tried to delete is not empty '
        '(Service: S3, Status Code: 409)" (HandlerErrorCode: GeneralServiceException)'
    )


def _create_composite(logical_id: str, props: Properties, stack_name: str) -> Created:
    name = props.get("AlarmName") or provisioners._physical_name(
        stack_name, logical_id, max_len=255
    )
    return _put_composite(name, props)


def _put_composite(name: str, props: Properties) -> Created:
    resource_properties.require_success(
        cloudwatch._put_composite_alarm(
            {}, {**props, "AlarmName": name}, is_cbor=False, is_json=True
        )
    )
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _update_composite(
    physical_id: str,
    old: Properties,  # noqa: ARG001 - MiniStack's signature
    new: Properties,
    stack_name: str,  # noqa: ARG001
) -> Created:
    return _put_composite(new.get("AlarmName") or physical_id, new)


def _delete_composite(physical_id: str, props: Properties) -> None:  # noqa: ARG001
    cloudwatch._delete_alarms({}, {"AlarmNames": [physical_id]}, is_cbor=False, is_json=True)

"""AWS::StepFunctions::StateMachine: a template's state machine, made by the API's own functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
StateMachineName and StateMachineType require replacement. A template that drops
EncryptionConfiguration leaves the machine's configuration as it is.
"""

from __future__ import annotations

import uuid
from typing import Any

from ministack.services.cloudformation import drift, provisioners

from embedded_aws.core.api import ApiError
from embedded_aws.stepfunctions import state_machines, store

_TYPE = "AWS::StepFunctions::StateMachine"
_OPTIONAL = ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration")

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]


def install() -> None:
    """Register the resource type, for stacks and for the detection of drift."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {
        "create": _create,
        "update": _update,
        "update_with_logical_id": True,
        "delete": _delete,
    }
    drift._DRIFT_READERS[_TYPE] = (_read, frozenset())


def _create(logical_id: str, properties: Properties, stack: str) -> Created:
    name = _name(logical_id, properties, stack)
    request = {"name": name, "type": properties.get("StateMachineType", "STANDARD")}
    return _called(state_machines.create, {**request, **_request(properties)}, _arn(name))


def _update(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str | None
) -> Created:
    if arn not in store.machines or _arn(_name(logical_id or arn, new, stack)) != arn:
        created = _create(logical_id or arn, new, stack)
        if created[0] != arn:
            _delete(arn, old)
        return created
    updated = _called(state_machines.update, {"stateMachineArn": arn, **_request(new)}, arn)
    state_machines.untag({"resourceArn": arn, "tagKeys": [each["key"] for each in _tags(old)]})
    state_machines.tag({"resourceArn": arn, "tags": _tags(new)})
    return updated


def _delete(arn: str, properties: Properties) -> None:  # noqa: ARG001 - MiniStack's signature
    state_machines.delete({"stateMachineArn": arn})


def _read(arn: str, properties: Properties) -> Properties | None:  # noqa: ARG001 - as above
    return {} if arn in store.machines else None


def _called(call: Any, request: Properties, arn: str) -> Created:
    """Make a call of the API; an error fails the resource in the words of AWS's handler."""
    try:
        call(request)
    except ApiError as error:
        message = (
            f'Resource handler returned message: "{error.message}" (RequestToken: {uuid.uuid4()}, '
            "HandlerErrorCode: InvalidRequest)"
        )
        raise ValueError(message) from None
    machine = store.machines[arn]
    values = {"Arn": arn, "Name": machine.name, "StateMachineRevisionId": machine.revision}
    return arn, values


def _name(logical_id: str, properties: Properties, stack: str) -> str:
    given = properties.get("StateMachineName")
    return str(given or provisioners._physical_name(stack, logical_id, max_len=80))


def _arn(name: str) -> str:
    return f"{store.scope()}:stateMachine:{name}"


def _request(properties: Properties) -> Properties:
    """The API's parameters that a template's properties say."""
    parameters = {name: properties[name] for name in _OPTIONAL if properties.get(name)}
    return {
        **_in_camel_case(parameters),
        "definition": _definition(properties),
        "roleArn": properties["RoleArn"],
        "tags": _tags(properties),
    }


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": each["Key"], "value": each["Value"]} for each in properties.get("Tags") or ()]


def _definition(properties: Properties) -> str:
    text = str(properties["DefinitionString"])
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        text = text.replace(f"${{{name}}}", str(value))
    return text


def _in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _in_camel_case(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_camel_case(each) for each in value]
    # A template's scalars may be text; the API's reuse period is a number.
    return int(value) if isinstance(value, str) and value.isdigit() else value

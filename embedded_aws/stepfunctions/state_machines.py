"""State machines: Create, Describe, Update, Delete and List, and their tags.

AWS (API reference, CreateStateMachine, UpdateStateMachine, DeleteStateMachine, TagResource): to
create the same machine again is idempotent, another one of that name is StateMachineAlreadyExists.
To delete a machine ends its executions; to delete one that does not exist is not an error.

Versions, aliases and Express workflows are not emulated and are refused by name.
"""

from __future__ import annotations

import uuid
from typing import Any

from embedded_aws.core import clock
from embedded_aws.core.api import ApiError
from embedded_aws.stepfunctions import definition, limits, store
from embedded_aws.stepfunctions.engine import lifecycle
from embedded_aws.stepfunctions.store import StateMachine

Request = dict[str, Any]
Answer = dict[str, Any]

_NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
_NO_TRACING = {"enabled": False}
_OWNED_KEY = {"type": "AWS_OWNED_KEY"}
_REUSE_SECONDS = 300


def create(request: Request) -> Answer:
    """Answer CreateStateMachine."""
    if (kind := request.get("type", "STANDARD")) != "STANDARD":
        message = f"The embedded AWS does not emulate state machines of type {kind}"
        raise ApiError("StateMachineTypeNotSupported", message)
    _check(request)
    machine = StateMachine(
        arn=f"{store.scope()}:stateMachine:{request['name']}",
        definition=request["definition"],
        role=request["roleArn"],
        logging=request.get("loggingConfiguration") or _NO_LOGGING,
        tracing=request.get("tracingConfiguration") or _NO_TRACING,
        encryption=_encryption(request.get("encryptionConfiguration")),
        tags={tag["key"]: tag["value"] for tag in request.get("tags", ())},
        revision=str(uuid.uuid4()),
    )
    existing = store.machines.get(machine.arn)
    if existing is not None:
        if _meaning(existing) != _meaning(machine):
            message = f"State Machine Already Exists: '{machine.arn}'"
            raise ApiError("StateMachineAlreadyExists", message)
        machine = existing
    store.machines[machine.arn] = machine
    return {"stateMachineArn": machine.arn, "creationDate": clock.epoch(machine.created)}


def _meaning(machine: StateMachine) -> tuple[Any, ...]:
    """What an idempotent CreateStateMachine compares."""
    return machine.definition, machine.logging, machine.tracing, machine.encryption


def update(request: Request) -> Answer:
    """Answer UpdateStateMachine; a refused call changes nothing."""
    machine = store.machine(request["stateMachineArn"])
    _check(request)
    encryption = request.get("encryptionConfiguration")
    if encryption is not None:
        machine.encryption = _encryption(encryption)
    machine.definition = request.get("definition", machine.definition)
    machine.role = request.get("roleArn", machine.role)
    machine.logging = request.get("loggingConfiguration", machine.logging)
    machine.tracing = request.get("tracingConfiguration", machine.tracing)
    machine.revision = str(uuid.uuid4())
    return {"updateDate": clock.epoch(clock.now()), "revisionId": machine.revision}


def _check(request: Request) -> None:
    if request.get("publish"):
        message = "The embedded AWS does not emulate versions of state machines"
        raise ApiError("ValidationException", message)
    if "definition" in request:
        try:
            definition.check(request["definition"])
        except definition.DefinitionError as error:
            message = f"Invalid State Machine Definition: '{error}'"
            raise ApiError("InvalidDefinition", message) from None


def _encryption(given: dict[str, Any] | None) -> dict[str, Any]:
    """The configuration to keep; the reuse period of a customer managed key has a default."""
    if given is None or given.get("type") == _OWNED_KEY["type"]:
        return _OWNED_KEY
    if given.get("type") != "CUSTOMER_MANAGED_KMS_KEY" or not given.get("kmsKeyId"):
        message = "Invalid Encryption Configuration: Must set a valid kmsKeyId."
        raise ApiError("InvalidEncryptionConfiguration", message)
    return {"kmsDataKeyReusePeriodSeconds": _REUSE_SECONDS, **given}


def delete(request: Request) -> Answer:
    """Answer DeleteStateMachine: running executions end, and none is left."""
    arn = request["stateMachineArn"]
    if store.machines.pop(arn, None) is None:
        return {}
    for execution in list(store.executions.values()):
        if execution.machine == arn:
            lifecycle.close(execution, "ABORTED")
    for execution in list(store.executions.values()):
        if execution.machine == arn or execution.machine.startswith(f"{arn}/"):
            store.executions.pop(execution.arn, None)
    for run in list(store.map_runs.values()):
        if run.machine.startswith(f"{arn}/"):
            store.map_runs.pop(run.arn, None)
    return {}


def describe(request: Request) -> Answer:
    """Answer DescribeStateMachine."""
    machine = store.machine(request["stateMachineArn"])
    return {
        **_configuration(machine),
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.role,
        "type": "STANDARD",
        "status": "ACTIVE",
        "creationDate": clock.epoch(machine.created),
        "revisionId": machine.revision,
    }


def _configuration(machine: StateMachine) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
        "encryptionConfiguration": machine.encryption,
    }


def describe_for_execution(request: Request) -> Answer:
    """Answer DescribeStateMachineForExecution: what the execution was started with."""
    execution = store.execution(request["executionArn"])
    run = store.map_runs.get(execution.map_run or "")
    parent = execution if run is None else store.executions[run.execution]
    machine = store.machine(parent.machine)
    view = {
        **_configuration(machine),
        "name": machine.name,
        "definition": parent.definition,
        "roleArn": parent.role,
        "updateDate": clock.epoch(parent.started),
    }
    return view | ({"mapRunArn": run.arn, "label": run.machine.rsplit("/", 1)[-1]} if run else {})


def list_all(request: Request) -> Answer:
    """Answer ListStateMachines."""
    size = limits.page_size(request, 100)
    start = int(request.get("nextToken") or 0)
    found = [each for arn, each in sorted(store.machines.items()) if arn.startswith(store.scope())]
    answer: Answer = {
        "stateMachines": [
            {
                "stateMachineArn": each.arn,
                "name": each.name,
                "type": "STANDARD",
                "creationDate": clock.epoch(each.created),
            }
            for each in found[start : start + size]
        ]
    }
    return answer | ({"nextToken": str(start + size)} if len(found) > start + size else {})


def tag(request: Request) -> Answer:
    """Answer TagResource."""
    machine = store.machine(request["resourceArn"])
    machine.tags |= {each["key"]: each["value"] for each in request["tags"]}
    return {}


def untag(request: Request) -> Answer:
    """Answer UntagResource."""
    machine = store.machine(request["resourceArn"])
    for key in request["tagKeys"]:
        machine.tags.pop(key, None)
    return {}


def list_tags(request: Request) -> Answer:
    """Answer ListTagsForResource."""
    tags = store.machine(request["resourceArn"]).tags
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

"""The subset of the Amazon States Language that is emulated; all else is refused.

AWS (API reference, CreateStateMachine; Step Functions guide, "concepts-amazon-states-language" and
the pages of the state types): a definition that is not valid is InvalidDefinition, with what is
wrong and where. So is here what is valid on AWS and not emulated (Express workflows, JSONata,
Parallel, Map inline or with a tolerance, other integrations and readers, ...), under the heading
NOT_EMULATED: a field that is not known is never ignored. MiniStack accepts any definition.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions as sfn
from ministack.services.cloudformation import provisioners

from embedded_aws.stepfunctions.definitions.definition_rules import Fault, check_machine

TOUCHES: tuple[str, ...] = (
    "ministack.services.cloudformation.provisioners:_sfn_definition",
    "ministack.services.cloudformation.provisioners:_sfn_handler_error",
    "ministack.services.stepfunctions:_create_state_machine",
    "ministack.services.stepfunctions:_update_state_machine",
)

_create = sfn._create_state_machine
_update = sfn._update_state_machine
_template_definition = provisioners._sfn_definition


def install() -> None:
    """Check definitions from the API and from templates."""
    sfn._create_state_machine = create_state_machine
    sfn._update_state_machine = update_state_machine
    provisioners._sfn_definition = template_definition


def create_state_machine(request: dict[str, Any]) -> Any:
    """Answer CreateStateMachine."""
    refusal = _refuse_type(request.get("type", "STANDARD")) or _refuse(request.get("definition"))
    return refusal or _refuse_publish(request) or _create(request)


def update_state_machine(request: dict[str, Any]) -> Any:
    """Answer UpdateStateMachine."""
    refusal = _refuse(request["definition"]) if "definition" in request else None
    return refusal or _refuse_publish(request) or _update(request)


def template_definition(properties: dict[str, Any]) -> str:
    """The definition of a template's state machine, checked as the API checks it."""
    definition: str = _template_definition(properties)
    why = find_fault(definition)
    if properties.get("StateMachineType", "STANDARD") != "STANDARD":
        why = "NOT_EMULATED: the StateMachineType EXPRESS"
    if why is not None:
        raise provisioners._sfn_handler_error(f"Invalid State Machine Definition: '{why}'")
    return definition


def find_fault(definition: str | None) -> str | None:
    """What is wrong with a definition, or not emulated, and where; None if nothing is."""
    try:
        machine = json.loads(definition or "")
    except ValueError as error:
        return f"INVALID_JSON_DESCRIPTION: {error}"
    try:
        check_machine(machine)
    except Fault as fault:
        return str(fault)
    return None


def _refuse(definition: str | None) -> Any:
    why = find_fault(definition)
    if why is None:
        return None
    message = f"Invalid State Machine Definition: '{why}'"
    return error_response_json("InvalidDefinition", message, 400)


def _refuse_type(kind: str) -> Any:
    if kind == "STANDARD":
        return None
    message = f"The embedded AWS does not emulate state machines of type {kind}"
    return error_response_json("StateMachineTypeNotSupported", message, 400)


def _refuse_publish(request: dict[str, Any]) -> Any:
    if not request.get("publish"):
        return None
    message = "The embedded AWS does not emulate versions of state machines"
    return error_response_json("ValidationException", message, 400)

"""The subset of the Amazon States Language that is emulated; everything else is refused by name.

AWS (API reference, CreateStateMachine): a definition that is not valid is InvalidDefinition, with
what is wrong and where. So is here what is valid on AWS and not emulated (Express workflows,
JSONata, Parallel, Map inline or with a tolerance, other integrations and readers, ...), under the
heading NOT_EMULATED: a field that is not known is never ignored.

Whether what is known is also right (targets, reachability, types of values) is the matter of the
linters that check the definition itself: statelint, asl-validator and cfn-lint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from embedded_aws.stepfunctions.engine import service_calls
from embedded_aws.stepfunctions.language import choices, intrinsics, paths

_PASSING = frozenset({"Type", "Comment", "InputPath", "OutputPath"})
_MOVING = _PASSING | {"Next", "End"}
_MACHINE = frozenset({"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"})
_FIELDS: dict[str, frozenset[str]] = {
    "Pass": _MOVING | {"Result", "ResultPath", "Parameters"},
    "Task": _MOVING
    | {"Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSeconds"}
    | {"Retry", "Catch"},
    "Choice": _PASSING | {"Choices", "Default"},
    "Wait": _MOVING | {"Seconds"},
    "Succeed": _PASSING,
    "Fail": frozenset({"Type", "Comment", "Error", "Cause", "ErrorPath", "CausePath"}),
    "Map": _MOVING
    | {"ItemReader", "ItemSelector", "ItemProcessor", "ResultWriter", "Label"}
    | {"MaxConcurrency", "MaxConcurrencyPath", "ResultSelector", "ResultPath"}
    | {"ToleratedFailureCount", "ToleratedFailurePercentage"},
}
_NEEDED = {
    "Task": {"Resource"},
    "Choice": {"Choices"},
    "Wait": {"Seconds"},
    "Map": {"ItemReader", "ItemProcessor", "Label"},
}
_RETRIER = frozenset({"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "Comment"})
_RETRIER |= {"MaxDelaySeconds", "JitterStrategy"}
_CATCHER = frozenset({"ErrorEquals", "Next", "ResultPath", "Comment"})
_PROCESSOR = frozenset({"ProcessorConfig", "StartAt", "States", "Comment"})
_DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
_READER = "arn:aws:states:::s3:getObject"
_WRITER = "arn:aws:states:::s3:putObject"


class DefinitionError(Exception):
    """Something in a definition is wrong, or valid on AWS and not emulated."""

    def __init__(self, code: str, what: str, at: str) -> None:
        super().__init__(f"{code}: {what} at {at}")


def check(definition: str) -> None:
    """Check a definition.

    Raises:
        DefinitionError: the first thing that is not emulated, or not a definition at all.
    """
    try:
        machine = json.loads(definition)
    except ValueError as error:
        raise DefinitionError("INVALID_JSON_DESCRIPTION", str(error), "/") from None
    _check_machine(machine, _MACHINE, "")
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise _not_emulated("the query language JSONata", "/QueryLanguage")


def _check_machine(machine: Any, known: frozenset[str], at: str) -> None:
    _check_fields(machine, known, f"{at}/", required={"StartAt", "States"})
    if machine["StartAt"] not in machine["States"]:
        what = f"no state '{machine['StartAt']}'"
        raise DefinitionError("MISSING_TRANSITION_TARGET", what, f"{at}/StartAt")
    for name, state in machine["States"].items():
        _check_state(state, f"{at}/States/{name}")


def _check_state(state: Any, at: str) -> None:
    kind = state.get("Type") if isinstance(state, Mapping) else None
    if kind == "Parallel":
        raise _not_emulated("Parallel states", at)
    if kind not in _FIELDS:
        raise DefinitionError("SCHEMA_VALIDATION_FAILED", f"no state type '{kind}'", at)
    _check_fields(state, _FIELDS[kind], at)
    if missing := sorted(_NEEDED.get(kind, set()) - set(state)):
        raise _not_emulated(f"{kind} states without {missing[0]}", at)
    for name, value in state.items():
        if name.endswith("Path") and value is not None:
            _check_path(value, f"{at}/{name}")
        if name in ("Parameters", "ResultSelector", "ItemSelector"):
            _check_template(value, f"{at}/{name}")
    if kind == "Task":
        _check_task(state, at)
    if kind == "Map":
        _check_map(state, at)
    for position, rule in enumerate(state.get("Choices", ())):
        _check_rule(rule, f"{at}/Choices[{position}]")


def _check_task(state: Mapping[str, Any], at: str) -> None:
    call = service_calls.CALLS.get(state["Resource"])
    if call is None:
        raise _not_emulated(f"the Resource '{state['Resource']}'", f"{at}/Resource")
    known = service_calls.PARAMETERS.get(state["Resource"])
    if known is not None:
        _check_fields(state.get("Parameters", {}), _or_path(known), f"{at}/Parameters")
    for name, fields in (("Retry", _RETRIER), ("Catch", _CATCHER)):
        for position, each in enumerate(state.get(name, ())):
            _check_fields(each, fields, f"{at}/{name}[{position}]", required={"ErrorEquals"})


def _check_map(state: Mapping[str, Any], at: str) -> None:
    for name in ("ToleratedFailureCount", "ToleratedFailurePercentage"):
        if state.get(name, 0) != 0:
            raise _not_emulated("tolerated failures", f"{at}/{name}")
    _check_integration(state["ItemReader"], _READER, {"Bucket", "Key"}, f"{at}/ItemReader")
    config = state["ItemReader"].get("ReaderConfig")
    if config != {"InputType": "JSON"}:
        raise _not_emulated(f"the ReaderConfig {config}", f"{at}/ItemReader/ReaderConfig")
    if "ResultWriter" in state:
        _check_integration(
            state["ResultWriter"], _WRITER, {"Bucket", "Prefix"}, f"{at}/ResultWriter"
        )
    processor = state["ItemProcessor"]
    config = processor.get("ProcessorConfig")
    if config != _DISTRIBUTED:
        raise _not_emulated(f"the ProcessorConfig {config}", f"{at}/ItemProcessor")
    _check_machine(processor, _PROCESSOR, f"{at}/ItemProcessor")


def _check_integration(value: Any, resource: str, parameters: set[str], at: str) -> None:
    known = frozenset({"Resource", "Parameters"})
    known |= {"ReaderConfig"} if resource == _READER else set()
    _check_fields(value, known, at, required={"Resource", "Parameters"})
    if value["Resource"] != resource:
        raise _not_emulated(f"the Resource '{value['Resource']}'", f"{at}/Resource")
    _check_fields(value["Parameters"], _or_path(parameters), f"{at}/Parameters")
    _check_template(value["Parameters"], f"{at}/Parameters")


def _check_rule(rule: Mapping[str, Any], at: str) -> None:
    for name in ("And", "Or"):
        for position, each in enumerate(rule.get(name, ())):
            _check_rule(each, f"{at}/{name}[{position}]")
    if "Not" in rule:
        _check_rule(rule["Not"], f"{at}/Not")
    operators = choices.operators(rule)
    known = frozenset({"Variable", "Next", "Comment", "And", "Or", "Not", *operators})
    _check_fields(rule, known, at)
    for name in ("Variable", *(each for each in operators if each.endswith("Path"))):
        if name in rule:
            _check_path(rule[name], f"{at}/{name}")


def _check_fields(
    value: Any, known: frozenset[str], at: str, *, required: set[str] | None = None
) -> None:
    if not isinstance(value, Mapping):
        raise DefinitionError("SCHEMA_VALIDATION_FAILED", "must be an object", at)
    if missing := sorted((required or set()) - set(value)):
        # AWS's words.
        what = f"These fields are required: [{', '.join(missing)}]"
        raise DefinitionError("SCHEMA_VALIDATION_FAILED", what, at)
    if unknown := sorted(set(value) - known):
        raise _not_emulated(f"the field {unknown[0]}", at)


def _check_template(value: Any, at: str) -> None:
    """Each `.$` field of a payload template is a path or an intrinsic function."""
    if isinstance(value, list):
        for position, element in enumerate(value):
            _check_template(element, f"{at}[{position}]")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            check_value = _check_path if name.endswith(".$") else _check_template
            check_value(each, f"{at}/{name}")


def _check_path(value: Any, at: str) -> None:
    try:
        intrinsics.parse(value) if intrinsics.is_call(value) else paths.parse(value)
    except (AttributeError, ValueError) as error:
        raise _not_emulated(str(error), at) from None


def _or_path(names: set[str] | frozenset[str]) -> frozenset[str]:
    """Parameters, each given as it is or as a path."""
    return frozenset(names | {f"{name}.$" for name in names})


def _not_emulated(what: str, at: str) -> DefinitionError:
    return DefinitionError("NOT_EMULATED", f"the embedded AWS does not emulate {what}", at)

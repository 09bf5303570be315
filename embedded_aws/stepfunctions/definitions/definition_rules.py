"""The rules of a definition as a whole: fields by state type, paths, transitions, names.

AWS (Step Functions guide, "statemachine-structure" and the pages of the state types;
states-language.net): targets exist in the same scope, every state can be reached, names are unique
in the whole definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from embedded_aws.stepfunctions.definitions import choice_rules, map_rules, task_rules
from embedded_aws.stepfunctions.definitions.rule_faults import (
    Fault,
    fields,
    not_emulated,
    path,
    path_or_call,
    seconds,
    template,
)

__all__ = ["Fault", "check_machine"]

_PASSING = {"Type", "Comment", "InputPath", "OutputPath"}
_MOVING = _PASSING | {"Next", "End"}
_FIELDS: dict[str, set[str]] = {
    "Pass": _MOVING | {"Result", "ResultPath", "Parameters"},
    "Task": _MOVING
    | {"Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSeconds"}
    | {"Retry", "Catch"},
    "Choice": _PASSING | {"Choices", "Default"},
    "Wait": _MOVING | {"Seconds"},
    "Succeed": _PASSING,
    "Fail": {"Type", "Comment", "Error", "Cause", "ErrorPath", "CausePath"},
    "Map": _MOVING | map_rules.FIELDS | {"ResultSelector", "ResultPath"},
}
_NAME_LENGTH = 80


def check_machine(machine: Any) -> None:
    """Check a whole definition.

    Raises:
        Fault: the first thing that is wrong or not emulated.
    """
    fields(
        machine,
        {"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"},
        required={"StartAt", "States"},
        at="/",
    )
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise not_emulated("the query language JSONata", "/QueryLanguage")
    if "TimeoutSeconds" in machine:
        seconds(machine["TimeoutSeconds"], "/TimeoutSeconds")
    _check_states(machine, at="", names=set(), labels=set())


def _check_states(
    machine: Mapping[str, Any], *, at: str, names: set[str], labels: set[str]
) -> None:
    states: Mapping[str, Any] = machine["States"]
    if not isinstance(states, Mapping) or machine["StartAt"] not in states:
        raise Fault(
            "MISSING_TRANSITION_TARGET", f"no state '{machine['StartAt']}'", f"{at}/StartAt"
        )
    for name, state in states.items():
        here = f"{at}/States/{name}"
        if name in names:
            raise Fault("DUPLICATE_STATE_NAME", f"'{name}' is there twice", here)
        if len(name) > _NAME_LENGTH:
            raise Fault("SCHEMA_VALIDATION_FAILED", "a name has at most 80 characters", here)
        names.add(name)
        _check_state(state, here)
        for target in _targets(state):
            if target not in states:
                raise Fault("MISSING_TRANSITION_TARGET", f"no state '{target}'", here)
        if state["Type"] == "Map":
            processor = map_rules.check(state, here, labels)
            _check_states(processor, at=f"{here}/ItemProcessor", names=names, labels=labels)
    unreached = set(states) - _reachable(machine)
    if unreached:
        raise Fault(
            "MISSING_TRANSITION_TARGET",
            f"State '{min(unreached)}' is not reachable",
            f"{at}/States",
        )


def _check_state(state: Any, at: str) -> None:
    if not isinstance(state, Mapping) or "Type" not in state:
        raise Fault("SCHEMA_VALIDATION_FAILED", "a state has a Type", at)
    kind = state["Type"]
    if kind == "Parallel":
        raise not_emulated("Parallel states", at)
    if kind not in _FIELDS:
        raise Fault("SCHEMA_VALIDATION_FAILED", f"no state type '{kind}'", at)
    fields(state, _FIELDS[kind], required=set(), at=at)
    if "Next" in _FIELDS[kind] and ("Next" in state) == (state.get("End") is True):
        raise Fault("SCHEMA_VALIDATION_FAILED", "a state has either Next or End: true", at)
    for name in ("InputPath", "OutputPath", "ResultPath"):
        if state.get(name) is not None:
            path(state[name], f"{at}/{name}", reference=name == "ResultPath")
    for name in ("Parameters", "ResultSelector"):
        if name in state:
            template(state[name], f"{at}/{name}")
    if kind in _CHECKS:
        _CHECKS[kind](state, at)


def _check_wait(state: Mapping[str, Any], at: str) -> None:
    if "Seconds" not in state:
        raise not_emulated("Wait states without Seconds", at)
    seconds(state["Seconds"], f"{at}/Seconds")


def _check_fail(state: Mapping[str, Any], at: str) -> None:
    for name in ("Error", "Cause"):
        if name in state and f"{name}Path" in state:
            raise Fault("SCHEMA_VALIDATION_FAILED", f"either {name} or {name}Path", at)
        if f"{name}Path" in state:
            path_or_call(state[f"{name}Path"], f"{at}/{name}Path")


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    for name in ("Next", "Default"):
        if name in state:
            yield state[name]
    for each in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield each["Next"]


def _reachable(machine: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _targets(machine["States"][name])
    return seen


_CHECKS = {
    "Task": task_rules.check,
    "Choice": choice_rules.check,
    "Wait": _check_wait,
    "Fail": _check_fail,
}

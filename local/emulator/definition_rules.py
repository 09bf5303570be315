"""The rules of a definition: fields by state type, transitions, paths, Retry and Catch, maps.

AWS (Step Functions guide, the pages "state-task", "state-choice", "state-map-distributed",
"concepts-error-handling", ...; states-language.net): field names and types, targets that exist,
states that can be reached, names that are unique in the whole definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.emulator import choices, map_rules, service_calls
from local.emulator.rule_faults import Fault, fields, not_emulated, path, path_or_call, template

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
_RETRY_FIELDS = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
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
        _positive(machine["TimeoutSeconds"], "/TimeoutSeconds")
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


def _check_task(state: Mapping[str, Any], at: str) -> None:
    resource = state.get("Resource")
    if resource not in service_calls.CALLS:
        raise not_emulated(f"the Resource '{resource}'", f"{at}/Resource")
    parameters = state.get("Parameters", {})
    needed = service_calls.REQUIRED_PARAMETERS[resource]
    if needed not in parameters and f"{needed}.$" not in parameters:
        raise Fault("SCHEMA_VALIDATION_FAILED", f"{needed} is required", f"{at}/Parameters")
    if resource.endswith("lambda:invoke"):
        known = {"FunctionName", "FunctionName.$", "Payload", "Payload.$"}
        fields(parameters, known, required=set(), at=f"{at}/Parameters")
    if "TimeoutSeconds" in state:
        _positive(state["TimeoutSeconds"], f"{at}/TimeoutSeconds")
    for position, retrier in enumerate(state.get("Retry", ())):
        here = f"{at}/Retry[{position}]"
        fields(retrier, _RETRY_FIELDS, required={"ErrorEquals"}, at=here)
        _check_errors(retrier["ErrorEquals"], here, last=position == len(state["Retry"]) - 1)
        if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
            raise Fault("SCHEMA_VALIDATION_FAILED", "JitterStrategy is FULL or NONE", here)
        if retrier.get("BackoffRate", 2.0) < 1.0:
            raise Fault("SCHEMA_VALIDATION_FAILED", "BackoffRate is at least 1.0", here)
        for name in ("IntervalSeconds", "MaxDelaySeconds"):
            if name in retrier:
                _positive(retrier[name], f"{here}/{name}")
    for position, catcher in enumerate(state.get("Catch", ())):
        here = f"{at}/Catch[{position}]"
        known = {"ErrorEquals", "Next", "ResultPath", "Comment"}
        fields(catcher, known, required={"ErrorEquals", "Next"}, at=here)
        _check_errors(catcher["ErrorEquals"], here, last=position == len(state["Catch"]) - 1)


def _check_errors(names: Any, at: str, *, last: bool) -> None:
    if not isinstance(names, list) or not names:
        raise Fault("SCHEMA_VALIDATION_FAILED", "ErrorEquals is a list with names in it", at)
    if "States.ALL" in names and (len(names) > 1 or not last):
        raise Fault("SCHEMA_VALIDATION_FAILED", "States.ALL stands alone, in the last place", at)


def _check_choice(state: Mapping[str, Any], at: str) -> None:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        raise Fault("SCHEMA_VALIDATION_FAILED", "Choices is a list with rules in it", at)
    for position, rule in enumerate(rules):
        here = f"{at}/Choices[{position}]"
        if "Next" not in rule:
            raise Fault("SCHEMA_VALIDATION_FAILED", "a rule has Next", here)
        _check_rule({key: value for key, value in rule.items() if key != "Next"}, here)


def _check_rule(rule: Any, at: str) -> None:
    for name in ("And", "Or"):
        if name in rule:
            fields(rule, {name, "Comment"}, required=set(), at=at)
            for each in rule[name]:
                _check_rule(each, f"{at}/{name}")
            return
    if "Not" in rule:
        fields(rule, {"Not", "Comment"}, required=set(), at=at)
        _check_rule(rule["Not"], f"{at}/Not")
        return
    named = choices.operators(rule)
    if len(named) != 1:
        raise Fault("SCHEMA_VALIDATION_FAILED", "a rule has one comparison operator", at)
    fields(rule, {"Variable", "Comment", named[0]}, required={"Variable"}, at=at)
    path(rule["Variable"], f"{at}/Variable")
    if named[0].endswith("Path"):
        path(rule[named[0]], f"{at}/{named[0]}")


def _check_wait(state: Mapping[str, Any], at: str) -> None:
    if "Seconds" not in state:
        raise not_emulated("Wait states without Seconds", at)
    _positive(state["Seconds"], f"{at}/Seconds")


def _check_fail(state: Mapping[str, Any], at: str) -> None:
    for name in ("Error", "Cause"):
        if name in state and f"{name}Path" in state:
            raise Fault("SCHEMA_VALIDATION_FAILED", f"either {name} or {name}Path", at)
        if f"{name}Path" in state:
            path_or_call(state[f"{name}Path"], f"{at}/{name}Path")


def _positive(value: Any, at: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Fault("SCHEMA_VALIDATION_FAILED", "must be a number of seconds", at)


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
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
}

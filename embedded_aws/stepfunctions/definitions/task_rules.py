"""The rules of a Task state's definition.

AWS (Step Functions guide, "state-task", "connect-lambda", "connect-ddb",
"concepts-error-handling"): ErrorEquals is not empty; States.ALL stands alone in the last retrier or
catcher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.definitions.rule_faults import Fault, fields, not_emulated, seconds
from embedded_aws.stepfunctions.engine import service_calls

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRIER = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
_CATCHER = {"ErrorEquals", "Next", "ResultPath", "Comment"}
_INVOKE = {"FunctionName", "FunctionName.$", "Payload", "Payload.$"}


def check(state: Mapping[str, Any], at: str) -> None:
    """Check a Task state."""
    resource = state.get("Resource")
    if resource not in service_calls.CALLS:
        raise not_emulated(f"the Resource '{resource}'", f"{at}/Resource")
    parameters = state.get("Parameters", {})
    needed = service_calls.REQUIRED_PARAMETERS[resource]
    if needed not in parameters and f"{needed}.$" not in parameters:
        raise Fault("SCHEMA_VALIDATION_FAILED", f"{needed} is required", f"{at}/Parameters")
    if resource.endswith("lambda:invoke"):
        fields(parameters, _INVOKE, required=set(), at=f"{at}/Parameters")
    if "TimeoutSeconds" in state:
        seconds(state["TimeoutSeconds"], f"{at}/TimeoutSeconds")
    _check_retriers(state.get("Retry", ()), at)
    _check_catchers(state.get("Catch", ()), at)


def _check_retriers(retriers: Any, at: str) -> None:
    for position, retrier in enumerate(retriers):
        here = f"{at}/Retry[{position}]"
        fields(retrier, _RETRIER, required={"ErrorEquals"}, at=here)
        _check_errors(retrier["ErrorEquals"], here, last=position == len(retriers) - 1)
        if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
            raise Fault("SCHEMA_VALIDATION_FAILED", "JitterStrategy is FULL or NONE", here)
        if retrier.get("BackoffRate", 2.0) < 1.0:
            raise Fault("SCHEMA_VALIDATION_FAILED", "BackoffRate is at least 1.0", here)
        for name in ("IntervalSeconds", "MaxDelaySeconds"):
            if name in retrier:
                seconds(retrier[name], f"{here}/{name}")


def _check_catchers(catchers: Any, at: str) -> None:
    for position, catcher in enumerate(catchers):
        here = f"{at}/Catch[{position}]"
        fields(catcher, _CATCHER, required={"ErrorEquals", "Next"}, at=here)
        _check_errors(catcher["ErrorEquals"], here, last=position == len(catchers) - 1)


def _check_errors(names: Any, at: str, *, last: bool) -> None:
    if not isinstance(names, list) or not names:
        raise Fault("SCHEMA_VALIDATION_FAILED", "ErrorEquals is a list with names in it", at)
    if "States.ALL" in names and (len(names) > 1 or not last):
        raise Fault("SCHEMA_VALIDATION_FAILED", "States.ALL stands alone, in the last place", at)

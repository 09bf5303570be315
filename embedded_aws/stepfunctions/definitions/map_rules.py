"""The rules of a Map state's definition.

AWS (Step Functions guide, "state-map-distributed", "input-output-itemreader",
"input-output-resultwriter"): Label has at most 40 characters, is unique in the definition, and
becomes part of ARNs; a tolerance of 0 is the default.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.definitions.rule_faults import (
    Fault,
    fields,
    not_emulated,
    path,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = {
    "ItemReader",
    "ItemSelector",
    "ItemProcessor",
    "ResultWriter",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Label",
}
_LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f/]{1,40}")
_READER = "arn:aws:states:::s3:getObject"
_WRITER = "arn:aws:states:::s3:putObject"


def check(state: Mapping[str, Any], at: str, labels: set[str]) -> Mapping[str, Any]:
    """Check a Map state; its ItemProcessor, whose states are still to be checked."""
    for name in ("ToleratedFailureCount", "ToleratedFailurePercentage"):
        if state.get(name, 0) != 0:
            raise not_emulated("tolerated failures", f"{at}/{name}")
    _check_label(state.get("Label"), f"{at}/Label", labels)
    _check_concurrency(state, at)
    if "ItemSelector" in state:
        template(state["ItemSelector"], f"{at}/ItemSelector")
    if "ItemReader" not in state:
        raise not_emulated("Map states without an ItemReader", at)
    _check_integration(state["ItemReader"], _READER, {"Bucket", "Key"}, at=f"{at}/ItemReader")
    config = state["ItemReader"].get("ReaderConfig", {})
    if config != {"InputType": "JSON"}:
        raise not_emulated(f"the ReaderConfig {config}", f"{at}/ItemReader/ReaderConfig")
    if "ResultWriter" in state:
        here = f"{at}/ResultWriter"
        _check_integration(state["ResultWriter"], _WRITER, {"Bucket", "Prefix"}, at=here)
        if "ReaderConfig" in state["ResultWriter"]:
            raise Fault("SCHEMA_VALIDATION_FAILED", "ReaderConfig is the ItemReader's", here)
    return _check_processor(state.get("ItemProcessor"), f"{at}/ItemProcessor")


def _check_label(label: Any, at: str, labels: set[str]) -> None:
    if label is None:
        raise not_emulated("Map states without a Label", at)
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise Fault("SCHEMA_VALIDATION_FAILED", f"'{label}' cannot be a Label", at)
    if label in labels:
        raise Fault("SCHEMA_VALIDATION_FAILED", f"the Label '{label}' is there twice", at)
    labels.add(label)


def _check_concurrency(state: Mapping[str, Any], at: str) -> None:
    if "MaxConcurrencyPath" in state:
        if "MaxConcurrency" in state:
            message = "either MaxConcurrency or MaxConcurrencyPath"
            raise Fault("SCHEMA_VALIDATION_FAILED", message, at)
        path(state["MaxConcurrencyPath"], f"{at}/MaxConcurrencyPath")
    value = state.get("MaxConcurrency", 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = "must be a non-negative integer"
        raise Fault("SCHEMA_VALIDATION_FAILED", message, f"{at}/MaxConcurrency")


def _check_integration(value: Any, resource: str, needed: set[str], *, at: str) -> None:
    known = {"Resource", "Parameters", "ReaderConfig"}
    fields(value, known, required={"Resource", "Parameters"}, at=at)
    if value["Resource"] != resource:
        raise not_emulated(f"the Resource '{value['Resource']}'", f"{at}/Resource")
    given = value["Parameters"]
    here = f"{at}/Parameters"
    fields(given, needed | {f"{name}.$" for name in needed}, required=set(), at=here)
    for name in sorted(needed):
        if name not in given and f"{name}.$" not in given:
            raise Fault("SCHEMA_VALIDATION_FAILED", f"{name} is required", here)
    template(given, here)


def _check_processor(processor: Any, at: str) -> Mapping[str, Any]:
    known = {"ProcessorConfig", "StartAt", "States", "Comment"}
    fields(processor, known, required={"StartAt", "States"}, at=at)
    config = processor.get("ProcessorConfig", {})
    if config != {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}:
        raise not_emulated(f"the ProcessorConfig {config}", f"{at}/ProcessorConfig")
    checked: Mapping[str, Any] = processor
    return checked

"""The event "Step Functions Execution Status Change".

AWS (Step Functions guide, "eventbridge-integration"): sent to the default event bus, best effort,
at every change of status; with redriveCount, redriveDate, redriveStatus and its reason, error and
cause, dates in milliseconds, and without payloads of more than 248 KiB. Of executions that are
encrypted with a customer-managed key it has neither input nor output, error nor cause
("encryption-at-rest").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.core import clock, service_events
from embedded_aws.stepfunctions import store
from embedded_aws.stepfunctions.eligibility import redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import Execution

_PAYLOAD_BYTES = 248 * 1024


def emit(execution: Execution) -> None:
    """Publish the event for a parent execution; of a map's children AWS sends none."""
    if execution.map_run is not None:
        return
    status, reason = redrive_status(execution)
    sealed = _has_a_customers_key(execution.machine)
    detail: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine,
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.started),
        "stopDate": _milliseconds(execution.stopped),
        "error": None if sealed else execution.error,
        "cause": None if sealed else execution.cause,
        "redriveCount": execution.redrive_count,
        "redriveDate": _milliseconds(execution.redriven),
        "redriveStatus": status,
        "redriveStatusReason": reason,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
    }
    for name, text in (("input", execution.input), ("output", execution.output)):
        included = text is not None and len(text.encode()) <= _PAYLOAD_BYTES and not sealed
        detail[name] = text if included else None
        detail[f"{name}Details"] = None if text is None else {"included": included}
    kind = "Step Functions Execution Status Change"
    service_events.send("aws.states", kind, detail, execution.arn)


def _has_a_customers_key(machine_arn: str) -> bool:
    machine = store.machines.get(machine_arn)
    return machine is not None and machine.encryption["type"] == "CUSTOMER_MANAGED_KMS_KEY"


def _milliseconds(moment: str | None) -> int | None:
    return None if moment is None else round(clock.epoch(moment) * 1000)

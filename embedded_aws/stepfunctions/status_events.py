"""The event "Step Functions Execution Status Change".

AWS (Step Functions guide, "eventbridge-integration"): sent to the default event bus, best effort,
at every change of status; with redriveCount, redriveDate, redriveStatus and its reason, error and
cause, dates in milliseconds, and without payloads of more than 248 KiB. Of executions that are
encrypted with a customer-managed key it has neither input nor output, error nor cause
("encryption-at-rest"). MiniStack's event says redriveCount 0, and NOT_REDRIVABLE of all but failed
executions.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from ministack.services import eventbridge
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine.eligibility import redrive_status
from embedded_aws.stepfunctions.execution_views import TOLD

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution

TOUCHES: tuple[str, ...] = (
    "ministack.services.eventbridge:_put_events",
    "ministack.services.stepfunctions:_emit_execution_status_event",
    "ministack.services.stepfunctions:_state_machines",
)

_PAYLOAD_BYTES = 248 * 1024
_logger = logging.getLogger("states")


def install() -> None:
    """Replace the event."""
    sfn._emit_execution_status_event = emit_status_change


def emit_status_change(execution: Execution) -> None:
    """Publish "Step Functions Execution Status Change" to the default event bus."""
    status, reason = redrive_status(execution)
    detail = {
        **{name: execution[name] for name in TOLD},
        "startDate": _milliseconds(execution["startDate"]),
        "stopDate": _milliseconds(execution["stopDate"]),
        "redriveDate": _milliseconds(execution["redriveDate"]),
        "redriveStatus": status,
        "redriveStatusReason": reason,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
    }
    sealed = _has_a_customers_key(execution["stateMachineArn"])
    if sealed:
        detail |= {"error": None, "cause": None}
    for name in ("input", "output"):
        text = execution[name]
        included = text is not None and len(text.encode()) <= _PAYLOAD_BYTES and not sealed
        detail[name] = text if included else None
        detail[f"{name}Details"] = None if text is None else {"included": included}
    event = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail),
        "Resources": [execution["executionArn"]],
    }
    try:
        eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)
    except Exception:
        # Delivery is best effort on AWS too: the execution goes on.
        _logger.exception("no status-change event for %s", execution["executionArn"])


def _has_a_customers_key(machine_arn: str) -> bool:
    machine = sfn._state_machines.get(machine_arn) or {}
    encryption = machine.get("encryptionConfiguration") or {}
    return encryption.get("type") == "CUSTOMER_MANAGED_KMS_KEY"


def _milliseconds(moment: str | None) -> int | None:
    return None if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1000)

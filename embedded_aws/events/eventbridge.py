"""Delivery of events: in the background; what a target refuses, to the dead-letter queue.

AWS tries again where that can help. Here no delivery fails in such a way.

* Input https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
* Dead letters https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
* AWS/Events https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch, eventbridge

from embedded_aws.core import background
from embedded_aws.events import event_targets, pattern_complexity
from embedded_aws.events.event_targets import NotDelivered

if TYPE_CHECKING:
    from collections.abc import Callable

_validate_target_arn = eventbridge._validate_target_arn
_parse_rate = eventbridge._parse_rate_seconds
_event_pattern_error = eventbridge._event_pattern_error
_delete = eventbridge._delete_rule
_logger = logging.getLogger("eventbridge.delivery")

Event = dict[str, Any]
Target = dict[str, Any]
Rule = dict[str, Any]

gates: list[Callable[[Rule], None]] = []
"""Called before a rule's target is; each returns when it may be."""


def install() -> None:
    """Replace delivery and the checks of rules; run schedules every second."""
    eventbridge._invoke_target = _invoke_target
    eventbridge._validate_target_arn = _validate_target
    eventbridge._event_pattern_error = _pattern_error
    eventbridge._delete_rule = _delete_rule
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    eventbridge._parse_rate_seconds = _rate_seconds


def _validate_target(target: Target) -> Any:
    refused = _validate_target_arn(target)
    if refused is None and (why := event_targets.unsupported(target)):
        return error_response_json("ValidationException", f"{why}.", 400)
    return refused


def _pattern_error(pattern: Any) -> str | None:
    why: str | None = _event_pattern_error(pattern)
    if why is None and pattern and pattern_complexity.is_too_complex(pattern):
        return pattern_complexity.REASON
    return why


def _delete_rule(request: dict[str, Any]) -> Any:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html."""
    bus = request.get("EventBusName", "default")
    if eventbridge._targets.get(eventbridge._rule_key(request["Name"], bus)):
        message = "Rule can't be deleted since it has targets."
        return error_response_json("ValidationException", message, 400)
    return _delete(request)


def _rate_seconds(expression: str) -> float | None:
    """Seconds of a `rate(...)`, scaled as other waits are."""
    seconds = _parse_rate(expression)
    return None if seconds is None else seconds * background.wait_scale()


def _invoke_target(target: Target, event: Event, rule: Rule, view: Any = None) -> None:
    """Deliver in the background: the sender of the event does not wait."""
    delivery = _Delivery(target, rule, event, view or eventbridge._pattern_event_view(event))
    background.in_background(delivery.run)


@dataclass(frozen=True)
class _Delivery:
    """One event on its way to one target."""

    target: Target
    rule: Rule
    event: Event
    view: Any

    def run(self) -> None:
        """Deliver, else send to the dead-letter queue."""
        try:
            self._count("TriggeredRules")
            self._attempt()
        except Exception:
            _logger.exception("delivery of rule %s failed in the emulator", self.rule["Name"])

    def _attempt(self) -> None:
        payload = self._payload()
        for gate in gates:
            gate(self.rule)
        try:
            event_targets.send(self.target, payload, self.rule["Arn"])
        except NotDelivered as failure:
            self._give_up(failure)
        else:
            self._count("Invocations")

    def _payload(self) -> str:
        """What the target receives: the event, a part of it, or a text in its place."""
        if transformer := self.target.get("InputTransformer"):
            return str(eventbridge._apply_input_transformer(transformer, self.rule, self.view))
        if constant := self.target.get("Input"):
            return str(constant)
        event = self.view.event_with_detail()
        if path := self.target.get("InputPath"):
            for part in path.removeprefix("$").strip(".").split("."):
                event = event[part] if part else event
        return json.dumps(event)

    def _give_up(self, failure: NotDelivered) -> None:
        _logger.warning(
            "rule %s: %s did not take the event: %s",
            self.rule["Name"], self.target["Arn"], failure,
        )  # fmt: skip
        self._count("Invocations")
        self._count("FailedInvocations")
        queue = (self.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        attributes = {
            "RULE_ARN": self.rule["Arn"],
            "TARGET_ARN": self.target["Arn"],
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": "0",
        }
        body = json.dumps(self.view.event_with_detail())
        try:
            event_targets.send_message(queue, body, self.rule["Arn"], attributes)
        except NotDelivered:
            self._count("InvocationsFailedToBeSentToDlq")
        else:
            self._count("InvocationsSentToDlq")

    def _count(self, metric: str) -> None:
        dimensions = {"RuleName": self.rule["Name"]}
        cloudwatch.record_metric("AWS/Events", metric, 1, "Count", dimensions)

"""How EventBridge delivers: permissions, retries, dead letters, and metrics of all that.

* Who may be a target, and with which permission: a role for a state machine, the target's own
  policy for functions, queues and topics
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
* Retries https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
* Dead letters https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
* AWS/Events https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch, eventbridge, lambda_svc, sns, sqs, stepfunctions

from local.emulator import queues, roles, running

if TYPE_CHECKING:
    from collections.abc import Callable

TOUCHES = (
    "ministack.services.eventbridge:_SCHEDULER_TICK_INTERVAL",
    "ministack.services.eventbridge:_apply_input_transformer",
    "ministack.services.eventbridge:_invoke_target",
    "ministack.services.eventbridge:_parse_rate_seconds",
    "ministack.services.eventbridge:_pattern_event_view",
    "ministack.services.eventbridge:_validate_target_arn",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
    "ministack.services.lambda_svc:function_policy_for_arn",
    "ministack.services.lambda_svc:invoke_async_with_retry",
    "ministack.services.sns:publish_internal",
    "ministack.services.sns:topic_policy_for_arn",
    "ministack.services.sqs:queue_policy_for_arn",
    "ministack.services.stepfunctions:_resolve_state_machine_arn",
    "ministack.services.stepfunctions:_start_execution",
)

TARGETS = ("states", "lambda", "sqs", "sns")
"""The services to which rules deliver here."""

_SUPPORTED = frozenset(
    {
        "Arn", "DeadLetterConfig", "Id", "Input", "InputPath", "InputTransformer",
        "RetryPolicy", "RoleArn",
    }
)  # fmt: skip

# AWS backs off exponentially, with jitter; its delays are not documented.
_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 300.0

_validate_target_arn = eventbridge._validate_target_arn
_parse_rate = eventbridge._parse_rate_seconds
_jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
_logger = logging.getLogger("eventbridge.delivery")

Event = dict[str, Any]
Target = dict[str, Any]
Rule = dict[str, Any]


class NotDelivered(Exception):  # noqa: N818 - reads as what it is
    """A target did not take an event; `final` when trying again cannot help."""

    def __init__(self, code: str, message: str, *, final: bool) -> None:
        self.code, self.message, self.final = code, message, final
        super().__init__(f"{code}: {message}")


class GivenUp(Exception):  # noqa: N818 - as above
    """An event will not be delivered; `exhausted` names the limit that was reached, if one was."""

    def __init__(self, failure: NotDelivered, *, retried: int, exhausted: str | None) -> None:
        self.failure, self.retried, self.exhausted = failure, retried, exhausted
        super().__init__(str(failure))


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and for how long, an event is offered to a target again."""

    attempts: int = 185
    seconds: float = 86_400

    @classmethod
    def of(cls, target: Target) -> RetryPolicy:
        """The policy of a target; AWS's defaults where it sets none."""
        policy = target.get("RetryPolicy") or {}
        return cls(
            attempts=int(policy.get("MaximumRetryAttempts", cls.attempts)),
            seconds=float(policy.get("MaximumEventAgeInSeconds", cls.seconds)),
        )


def deliver(
    send: Callable[[], None],
    policy: RetryPolicy,
    *,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> int:
    """Offer an event to its target until it is taken; return how often it was offered again.

    Args:
        send: hands the event over once; raises `NotDelivered`.
        policy: when to give up.
        clock: seconds that only grow.
        pause: waits at most so many seconds.

    Raises:
        GivenUp: trying again cannot help, or may not be done.
    """
    born, retried = clock(), 0
    while True:
        try:
            send()
        except NotDelivered as failure:
            exhausted = None
            if retried >= policy.attempts:
                exhausted = "MaximumRetryAttempts"
            elif clock() - born >= policy.seconds:
                exhausted = "MaximumEventAgeInSeconds"
            if failure.final:
                raise GivenUp(failure, retried=retried, exhausted=None) from failure
            if exhausted:
                raise GivenUp(failure, retried=retried, exhausted=exhausted) from failure
        else:
            return retried
        pause(min(_FIRST_DELAY_SECONDS * 2**retried, _LONGEST_DELAY_SECONDS))
        retried += 1


def install() -> None:
    """Deliver through this module, and look at schedules every second."""
    eventbridge._invoke_target = _invoke_target
    eventbridge._validate_target_arn = _validate_target
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    eventbridge._parse_rate_seconds = _rate_seconds


def unsupported(target: Target) -> str | None:
    """Say what of a target this EventBridge does not do; None if it does all."""
    service = str(target.get("Arn", "")).split(":")[2:3]
    if service and service[0] not in TARGETS:
        return f"targets of {service[0]} are not emulated, only of {', '.join(TARGETS)}"
    if unknown := sorted(target.keys() - _SUPPORTED):
        return f"the target property {', '.join(unknown)} is not emulated"
    return None


def _validate_target(target: Target) -> Any:
    refused = _validate_target_arn(target)
    if refused is None and (why := unsupported(target)):
        return eventbridge.error_response_json("ValidationException", f"{why}.", 400)
    return refused


def _rate_seconds(expression: str) -> float | None:
    """Seconds of a `rate(...)`, scaled as other waits are."""
    seconds = _parse_rate(expression)
    return None if seconds is None else seconds * running.wait_scale()


def _invoke_target(target: Target, event: Event, rule: Rule, view: Any = None) -> None:
    """Deliver in the background: who put the event does not wait for its targets."""
    delivery = _Delivery(target, rule, event, view or eventbridge._pattern_event_view(event))
    running.in_background(delivery.run)


@dataclass(frozen=True)
class _Delivery:
    """One event on its way to one target."""

    target: Target
    rule: Rule
    event: Event
    view: Any

    def run(self) -> None:
        """Deliver, again and again where that may help, else to the dead-letter queue."""
        try:
            self._count("TriggeredRules")
            self._attempt()
        except Exception:
            _logger.exception("delivery of rule %s failed in the emulator", self.rule["Name"])

    def _attempt(self) -> None:
        payload = self._payload()
        try:
            retried = deliver(
                lambda: _send(self.target, payload, self.rule["Arn"]),
                RetryPolicy.of(self.target),
                clock=time.monotonic,
                pause=self._pause,
            )
        except GivenUp as end:
            self._give_up(end)
        else:
            self._count("Invocations")
            _logger.debug("rule %s: delivered after %d retries", self.rule["Name"], retried)

    def _pause(self, seconds: float) -> None:
        self._count("RetryInvocationAttempts")
        time.sleep(_jitter.uniform(0, seconds) * running.wait_scale())

    def _payload(self) -> str:
        """What the target receives: the event, a part of it, or something in its place."""
        if transformer := self.target.get("InputTransformer"):
            return str(eventbridge._apply_input_transformer(transformer, self.rule, self.view))
        if constant := self.target.get("Input"):
            return str(constant)
        event = self.view.event_with_detail()
        if path := self.target.get("InputPath"):
            for part in path.removeprefix("$").strip(".").split("."):
                event = event[part] if part else event
        return json.dumps(event)

    def _give_up(self, end: GivenUp) -> None:
        failure = end.failure
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
            "RETRY_ATTEMPTS": str(end.retried),
        }
        if end.exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = end.exhausted
        body = json.dumps(self.view.event_with_detail())
        try:
            _send_message(queue, body, self.rule["Arn"], attributes)
        except NotDelivered:
            self._count("InvocationsFailedToBeSentToDlq")
        else:
            self._count("InvocationsSentToDlq")

    def _count(self, metric: str) -> None:
        dimensions = {"RuleName": self.rule["Name"]}
        cloudwatch.record_metric("AWS/Events", metric, 1, "Count", dimensions)


def _send(target: Target, payload: str, rule_arn: str) -> None:
    """Hand an event to its target.

    Raises:
        NotDelivered: it is not there, may not be used, or does not take the event now.
    """
    arn = target["Arn"]
    send: Callable[[], None] = {
        "states": partial(_start_execution, target, payload),
        "lambda": partial(_invoke_function, arn, payload, rule_arn),
        "sqs": partial(_send_message, arn, payload, rule_arn),
        "sns": partial(_publish, arn, payload, rule_arn),
    }[arn.split(":")[2]]
    send()


def _start_execution(target: Target, payload: str) -> None:
    arn = target["Arn"]
    if stepfunctions._resolve_state_machine_arn(arn) is None:
        raise _missing(arn)
    role = target.get("RoleArn") or ""
    if not role:
        raise NotDelivered("NO_PERMISSIONS", "the target has no role", final=True)
    _require(roles.denial(role, "states:StartExecution", arn, "events"))
    status, _, body = stepfunctions._start_execution({"stateMachineArn": arn, "input": payload})
    if status >= 400:
        error = json.loads(body)
        code = str(error.get("__type", "")).rpartition("#")[2]
        retriable = status >= 500 or "Limit" in code or "Throttl" in code
        raise NotDelivered(
            "THROTTLING" if retriable else "SDK_CLIENT_ERROR",
            f"{code}: {error.get('message', '')}",
            final=not retriable,
        )


def _invoke_function(arn: str, payload: str, rule_arn: str) -> None:
    func, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not func or not config:
        raise _missing(arn)
    policy, _ = lambda_svc.function_policy_for_arn(arn) or (None, None)
    _require_policy(policy, "lambda:InvokeFunction", arn, rule_arn)
    record = lambda_svc._execution_record_for_config(func, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _publish(arn: str, payload: str, rule_arn: str) -> None:
    found = sns.topic_policy_for_arn(arn)
    if found is None:
        raise _missing(arn)
    _require_policy(found[0], "sns:Publish", arn, rule_arn)
    sns.publish_internal(arn, payload, "")


def _send_message(
    arn: str, body: str, rule_arn: str, attributes: dict[str, str] | None = None
) -> None:
    if not queues.exists(arn):
        raise _missing(arn)
    policy, _ = sqs.queue_policy_for_arn(arn) or (None, None)
    _require_policy(policy, "sqs:SendMessage", arn, rule_arn)
    queues.send(arn, body, attributes or {})


def _require_policy(policy: Any, action: str, arn: str, rule_arn: str) -> None:
    _require(roles.service_denial(policy, action, arn, service="events", source_arn=rule_arn))


def _require(denial: str | None) -> None:
    if denial:
        raise NotDelivered("NO_PERMISSIONS", denial, final=True)


def _missing(arn: str) -> NotDelivered:
    return NotDelivered("RESOURCE_NOT_FOUND", f"{arn} does not exist", final=True)

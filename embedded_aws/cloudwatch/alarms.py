"""Scheduled evaluation of alarms, including TreatMissingData.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

CloudWatch evaluates whole periods, a minute or more after they ended. So does this module, with one
exception: a period that has begun counts as soon as it breaches upwards, so that an alarm rings at
once and not a minute later. It returns to OK when AWS's would.

Periods are multiplied by the environment variable EMBEDDED_AWS_PERIOD_SCALE, so that tests are
fast.
"""

from __future__ import annotations

import logging
import operator
import threading
import time
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch, sns

from embedded_aws.cloudwatch import metrics
from embedded_aws.core.scope import acting_in
from embedded_aws.iam import roles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TICK_SECONDS = 1.0
# How late a datum may come and still be seen. Points are stored as they come, newest last, so
# that a search from the end may stop at the first one older than this.
_LATE_SECONDS = 600.0

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_dispatch_actions = cloudwatch._dispatch_alarm_actions
_logger = logging.getLogger("alarms")

Alarm = dict[str, Any]


def install() -> None:
    """Evaluate alarms here, and once a second."""
    cloudwatch._evaluate_alarm = evaluate
    cloudwatch._dispatch_alarm_actions = _act
    threading.Thread(target=_tick, name="alarms", daemon=True).start()


def plain(properties: Alarm) -> Alarm:
    """The same alarm with its one metric named directly, where it is a list of one.

    The CDK writes a metric with a label as a list. A list with metric math stays as it is.
    """
    listed = properties.get("Metrics") or []
    if len(listed) != 1 or "MetricStat" not in listed[0]:
        return properties
    watched = listed[0]["MetricStat"]
    statistic = watched["Stat"]
    kind = "Statistic" if statistic in _STATISTICS else "ExtendedStatistic"
    return {
        **{name: value for name, value in properties.items() if name != "Metrics"},
        **watched["Metric"],
        "Period": watched["Period"],
        "Unit": watched.get("Unit"),
        kind: statistic,
    }


_STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})


def unsupported(properties: Alarm) -> str | None:
    """The part of an alarm's definition that is not emulated, in a sentence; None if all is."""
    for name in ("Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile"):
        if properties.get(name):
            return f"{_UNSUPPORTED.get(name, name)} of an alarm is not emulated"
    comparison = properties.get("ComparisonOperator")
    if comparison not in _COMPARISONS:
        return f"the ComparisonOperator {comparison} is not emulated"
    for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in properties.get(kind) or []:
            if isinstance(action, str) and not action.startswith("arn:aws:sns:"):
                return f"the alarm action {action} is not emulated, only SNS topics"
    return None


_UNSUPPORTED = {"Metrics": "metric math in Metrics"}


def evaluate(alarm: Alarm) -> None:
    """Set an alarm's state by its metric, and run its actions on a change."""
    state, reason = _judge(alarm, time.time())
    old = alarm["StateValue"]
    if state == old:
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _judge(alarm: Alarm, now: float) -> tuple[str, str]:
    """The state of an alarm, and why."""
    wanted = alarm["EvaluationPeriods"]
    points = _window(alarm, now)
    present = [value for value in points if value is not None]
    missing = wanted - len(present)
    treatment = alarm.get("TreatMissingData") or "missing"
    if treatment == "missing" and alarm["Namespace"] == "AWS/DynamoDB":
        treatment = "ignore"  # DynamoDB's own rule, in the page on missing data
    if not present and treatment == "missing":
        return "INSUFFICIENT_DATA", f"Insufficient Data: {missing} datapoints were unknown."
    if not present and treatment == "ignore":
        return alarm["StateValue"], alarm["StateReason"]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(breaches(value, alarm["Threshold"]) for value in present)
    if treatment == "breaching":
        breaching += missing
    needed = alarm.get("DatapointsToAlarm") or wanted
    # Where missing data is not counted either way, fewer datapoints have to do.
    if treatment in ("missing", "ignore"):
        needed = min(needed, len(present))
    state = "ALARM" if breaching >= needed else "OK"
    seen = ", ".join(f"{value:g}" for value in present) or "none"
    return state, (
        f"Threshold Crossed: {breaching} of the last {wanted} datapoints "
        f"[{seen}; {missing} missing, treated as {treatment}] "
        f"{'were' if breaching != 1 else 'was'} {alarm['ComparisonOperator']} "
        f"({alarm['Threshold']:g})."
    )


def _window(alarm: Alarm, now: float) -> list[float | None]:
    """The values of the periods to look at, newest first; None for a period without data."""
    period, wanted = alarm["Period"] * metrics.period_scale(), alarm["EvaluationPeriods"]
    current = int(now // period)
    # By number: scaled periods need not be whole seconds, and such sums are not exact.
    by_period: dict[int, list[dict[str, Any]]] = {}
    for point in _points(alarm, since=(current - wanted) * period):
        by_period.setdefault(int(point["Timestamp"] // period), []).append(point)
    values = [_value(alarm, by_period.get(current - n)) for n in range(wanted + 1)]
    # A sum that is too low may be because the period goes on; one that is too high stays so.
    if values[0] is None or alarm["ComparisonOperator"].startswith("Less"):
        return values[1:]
    return values[:wanted]


def _points(alarm: Alarm, *, since: float) -> Iterator[dict[str, Any]]:
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    for point in reversed(cloudwatch._metrics.get(key) or []):
        if point["Timestamp"] < since - _LATE_SECONDS:
            return
        if point["Timestamp"] >= since and alarm.get("Unit") in (None, point["Unit"]):
            yield point


def _value(alarm: Alarm, points: list[dict[str, Any]] | None) -> float | None:
    if not points:
        return None
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value: float | None = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return value


def _act(alarm: Alarm, old: str, new: str, reason: str) -> None:
    """Notify the topics that CloudWatch may publish to.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    kept = dict(alarm)
    for kind in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        kept[kind] = [topic for topic in alarm.get(kind) or [] if _may_publish(alarm, topic)]
    _dispatch_actions(kept, old, new, reason)


def _may_publish(alarm: Alarm, topic: str) -> bool:
    policy, _ = sns.topic_policy_for_arn(topic) or (None, None)
    denial = roles.service_denial(
        policy, "sns:Publish", topic, service="cloudwatch", source_arn=alarm["AlarmArn"]
    )
    if denial:
        _logger.warning("alarm %s: %s", alarm["AlarmName"], denial)
    return denial is None


def _tick() -> None:
    while True:
        time.sleep(_TICK_SECONDS * min(1.0, 4 * metrics.period_scale()))
        try:
            metrics.observe_queues()
            for (account, region, _), alarm in list(cloudwatch._alarms.all_items()):
                with acting_in(account, region):
                    evaluate(alarm)
        except Exception:
            _logger.exception("a tick of the alarms failed")

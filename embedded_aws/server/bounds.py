"""What is kept of finished work: a server that runs for weeks stays as large as after a day.

| kept | how much |
|---|---|
| ended executions, with their Map Runs and children | the last 1,000 |
| events of a log group | the last 5,000 |
| EventBridge's own record of events | the last 1,000 |
| datapoints of metrics | those of a day; of minutes that are past, one a minute |
| changes of alarms' states | the last 1,000 |
| ended batch inference jobs | the last 1,000 (`embedded_aws.bedrock.jobs`) |

AWS keeps executions for 90 days, and logs for good. Its metrics have a resolution of a minute, too
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs, eventbridge

from embedded_aws.stepfunctions import store

EXECUTIONS = 1_000
LOG_EVENTS = 5_000
BUS_EVENTS = 1_000
ALARM_CHANGES = 1_000
METRIC_SECONDS = 24 * 3600
MINUTE = 60
RAW_SECONDS = 2 * MINUTE
"""Datapoints are merged after this time: a late one belongs to the minute before."""

_PAUSE_SECONDS = 10.0


async def keep() -> None:
    """Forget what is over the bounds, again and again, until cancelled."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        forget()


def forget() -> None:
    """Forget what is over the bounds."""
    store.forget_ended(keep=EXECUTIONS)
    for group in list(cloudwatch_logs._log_groups._data.values()):
        _cut_logs(group["streams"])
    _keep_last(cloudwatch_logs._log_records._data, LOG_EVENTS)
    for entries in eventbridge._events_log._data.values():
        del entries[:-BUS_EVENTS]
    for changes in cloudwatch._alarm_history._data.values():
        del changes[:-ALARM_CHANGES]
    for points in list(cloudwatch._metrics._data.values()):
        _merge_minutes(points, time.time())


def _cut_logs(streams: dict[str, Any]) -> None:
    """Forget the oldest streams of a log group, and the oldest events of the last one left."""
    left = LOG_EVENTS
    newest_first = sorted(streams, key=lambda name: streams[name]["lastEventTimestamp"] or 0)[::-1]
    with cloudwatch_logs._log_events_lock:
        for name in newest_first:
            events = streams[name]["events"]
            surplus = max(0, len(events) - left)
            left = max(0, left - len(events))
            del events[:surplus]


def _keep_last(records: dict[Any, Any], count: int) -> None:
    for key in list(records)[:-count]:
        records.pop(key, None)


def _merge_minutes(points: list[dict[str, Any]], now: float) -> None:
    """Merge the datapoints of each past minute; forget those of more than a day ago.

    In place, and only at the beginning of the list: new ones are appended meanwhile.
    """
    recent = (
        number
        for number, point in enumerate(points)
        if point["Timestamp"] // MINUTE * MINUTE >= now - RAW_SECONDS
    )
    end = next(recent, len(points))
    minutes: dict[tuple[float, str], list[dict[str, Any]]] = {}
    for point in points[:end]:
        if point["Timestamp"] >= now - METRIC_SECONDS:
            minute = point["Timestamp"] // MINUTE
            minutes.setdefault((minute, point["Unit"]), []).append(point)
    points[:end] = [_merged(each) for each in minutes.values()]


def _merged(points: list[dict[str, Any]]) -> dict[str, Any]:
    """One datapoint with the statistics of several."""
    statistics = cloudwatch._calc_stats(points)
    if len(points) == 1 or not statistics:
        return points[0]
    average = statistics.pop("Average")
    return {**points[0], "Value": average, "_stat": statistics}

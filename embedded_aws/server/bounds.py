"""What is kept of finished work: a server that runs for weeks stays as large as after a day.

| kept | how much |
|---|---|
| ended executions, with their Map Runs and children | the last 1,000 |
| events of a log group | the last 5,000 |
| EventBridge's own record of events | the last 1,000 |
| datapoints of metrics | those of a day; alarms look no further back |
| ended batch inference jobs | the last 1,000 (`embedded_aws.bedrock.jobs`) |

AWS keeps executions for 90 days, and logs for good.
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
METRIC_SECONDS = 24 * 3600

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
    _cut_metrics(time.time() - METRIC_SECONDS)


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


def _cut_metrics(since: float) -> None:
    metrics = cloudwatch._metrics._data
    for key, points in list(metrics.items()):
        if any(point["Timestamp"] < since for point in points):
            metrics[key] = [point for point in points if point["Timestamp"] >= since]

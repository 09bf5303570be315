"""Finished work is kept up to a bound."""

import json
import time

import pytest
from ministack.services import cloudwatch, cloudwatch_logs, eventbridge

from embedded_aws.server import bounds
from embedded_aws.stepfunctions import store
from embedded_aws.stepfunctions.store import Cursor, Execution, MapRun


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "executions", {})
    monkeypatch.setattr(store, "map_runs", {})
    for module in (cloudwatch, cloudwatch_logs, eventbridge):
        module.reset()


def execution(number: int, *, status: str = "SUCCEEDED", map_run: str | None = None) -> Execution:
    name = f"{'child' if map_run else 'parent'}-{number}"
    made = Execution(
        arn=f"arn:aws:states:us-east-1:000000000000:execution:m:{name}",
        machine="m",
        role="r",
        input="{}",
        cursor=Cursor(None, "{}"),
        map_run=map_run,
        status=status,
        stopped=f"2026-01-01T00:00:{number:02}.000Z",
    )
    store.executions[made.arn] = made
    return made


def test_the_last_ended_executions_are_kept_with_their_children() -> None:
    for number in range(6):
        parent = execution(number, status="RUNNING" if number == 0 else "FAILED")
        run = MapRun(f"run-{number}", parent.arn, "m/label", 1)
        run.children = [execution(number, map_run=run.arn).arn, None]
        store.map_runs[run.arn] = run
    store.forget_ended(keep=2)
    kept = {arn.rpartition(":")[2] for arn in store.executions}
    assert kept == {f"{kind}-{number}" for kind in ("parent", "child") for number in (0, 4, 5)}
    assert store.map_runs.keys() == {"run-0", "run-4", "run-5"}


def test_the_last_events_of_a_log_group_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "LOG_EVENTS", 5)
    cloudwatch_logs._create_log_group({"logGroupName": "g"})
    for stream in range(3):
        name = f"s{stream}"
        cloudwatch_logs._create_log_stream({"logGroupName": "g", "logStreamName": name})
        events = [{"timestamp": 1000 * stream + n, "message": f"{stream}.{n}"} for n in range(3)]
        cloudwatch_logs._put_log_events(
            {"logGroupName": "g", "logStreamName": name, "logEvents": events}
        )
    bounds.forget()
    answer = cloudwatch_logs._filter_log_events({"logGroupName": "g"})
    messages = [each["message"] for each in json.loads(answer[2])["events"]]
    assert messages == ["1.1", "1.2", "2.0", "2.1", "2.2"]
    assert len(cloudwatch_logs._log_records._data) == 5


def test_events_of_the_bus_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BUS_EVENTS", 2)
    for number in range(4):
        entry = {"Source": "s", "DetailType": "t", "Detail": json.dumps({"n": number})}
        eventbridge._put_events({"Entries": [entry]})
    bounds.forget()
    assert len(eventbridge._events_log_list()) == 2


def test_datapoints_of_a_past_minute_become_one_and_those_of_yesterday_go() -> None:
    now = time.time()
    past = now // 60 * 60 - 600
    for value in (1.0, 2.0, 6.0, 3.0, 4.0):
        cloudwatch.record_metric("N", "m", value)
    (points,) = cloudwatch._metrics._data.values()
    times = (now - bounds.METRIC_SECONDS - 1, past + 1, past + 59, past + 61, now)
    for point, at in zip(points, times, strict=True):
        point["Timestamp"] = at
    bounds.forget()
    assert [point["Timestamp"] for point in points] == [past + 1, past + 61, now]
    statistics = {"SampleCount": 2, "Sum": 8, "Average": 4, "Minimum": 2, "Maximum": 6}
    assert cloudwatch._calc_stats(points[:1]) == statistics
    assert [point["Value"] for point in points[1:]] == [3, 4]
    bounds.forget()
    assert cloudwatch._calc_stats(points[:1]) == statistics

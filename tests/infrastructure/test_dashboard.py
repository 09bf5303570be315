"""The dashboard: what an operator reads of it, and that all of it is really published."""

import json
import re
from itertools import pairwise
from typing import Any

from functions.domain.events import METRICS_NAMESPACE, Event, Metric
from tests.infrastructure.template import Template
from tests.infrastructure.test_alarms import ALARM, COMPOSITE, DEFINITION, PUBLISHED


def _widgets(template: Template) -> list[dict[str, Any]]:
    body = template.one("AWS::CloudWatch::Dashboard")["DashboardBody"]
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def _titled(template: Template, title: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (
        widget["properties"]
        for widget in _widgets(template)
        if widget["properties"].get("title") == title
    )
    return found


def _metrics(template: Template) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of each metric that is shown."""
    found = []
    for widget in _widgets(template):
        for shown in widget["properties"].get("metrics", []):
            namespace, name, *dimensions = (part for part in shown if isinstance(part, str))
            names, values = dimensions[::2], dimensions[1::2]
            found.append((namespace, name, dict(zip(names, values, strict=True))))
    return found


def test_the_first_row_answers_whether_all_is_well_and_if_not_what_is_stuck_where(
    created: Template,
) -> None:
    first_row = [widget for widget in _widgets(created) if widget["y"] == 0]

    assert [widget["properties"]["title"] for widget in first_row] == [
        "Must a person act?",
        "Because of what? (empty: nothing)",
        "What waits for a person",
        "In which state executions failed",
    ]
    assert sum(widget["width"] for widget in first_row) == 24


def test_one_light_says_whether_a_person_must_act(created: Template) -> None:
    (summary,) = created.of_type(COMPOSITE)

    assert _titled(created, "Must a person act?")["alarms"] == [f"<{summary}.Arn>"]


def test_every_alarm_is_shown_where_it_rings_and_nowhere_else(created: Template) -> None:
    rule, alarms = created.one(COMPOSITE)["AlarmRule"], created.of_type(ALARM)
    acts = {f"<{name}.Arn>" for name in alarms if f'"<{name}.Arn>"' in rule}
    silent = {f"<{name}.Arn>" for name, alarm in alarms.items() if "AlarmActions" not in alarm}
    looks = {f"<{name}.Arn>" for name in alarms} - acts - silent

    for title, shown in (
        ("Because of what? (empty: nothing)", acts | silent),
        ("Worth a look (empty: nothing)", looks),
    ):
        widget = _titled(created, title)
        assert set(widget["alarms"]) == shown
        assert widget["states"] == ["ALARM"]
        assert len(widget["alarms"]) <= 100  # as many as CloudWatch takes


def test_what_waits_are_jobs_events_and_outcomes(created: Template) -> None:
    shown = _titled(created, "What waits for a person")["metrics"]

    assert [metric[1] for metric in shown] == [
        "StuckJobs",
        "SearchBehindHours",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesVisible",
    ]
    queues = {metric[3] for metric in shown[2:]}
    assert queues == {"<WorkflowTriggerDeadLetters.QueueName>", "<OutcomeDeadLetters.QueueName>"}


def test_every_state_that_can_fail_is_a_bar(created: Template) -> None:
    widget = _titled(created, "In which state executions failed")
    states = {metric[-1]["label"] for metric in widget["metrics"]}

    assert (widget["view"], widget["setPeriodToTimeRange"]) == ("bar", True)
    assert states == {
        name
        for name, state in DEFINITION["States"].items()
        if state["Type"] in {"Fail", "Map", "Task"}
    }


def test_what_is_shown_is_published_by_the_dimensions_by_which_it_is(created: Template) -> None:
    shown = _metrics(created)
    assert shown
    for namespace, name, dimensions in shown:
        assert set(dimensions) in PUBLISHED[namespace][name], name


def test_every_metric_of_ours_is_shown(created: Template) -> None:
    shown = {name for namespace, name, _ in _metrics(created) if namespace == METRICS_NAMESPACE}

    assert shown == {metric.value for metric in Metric}


def test_every_widget_has_a_title_of_its_own_or_is_the_text(created: Template) -> None:
    titles = [
        widget["properties"].get("title", "")
        for widget in _widgets(created)
        if widget["type"] != "text"
    ]

    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_widgets_do_not_overlap_and_fill_their_rows(created: Template) -> None:
    rows: dict[int, list[dict[str, Any]]] = {}
    for widget in _widgets(created):
        rows.setdefault(widget["y"], []).append(widget)

    for row in rows.values():
        assert sum(widget["width"] for widget in row) == 24
    for (above, widgets), (below, _) in pairwise(sorted(rows.items())):
        assert above + max(widget["height"] for widget in widgets) == below


def test_what_failed_is_listed_from_the_few_lines_that_tell_it(created: Template) -> None:
    query = _titled(created, "Which jobs failed or are stuck, newest first")["query"]

    assert f"event in ['{Event.EXECUTION_FAILED}', '{Event.JOB_STUCK}']" in query
    assert query.count("SOURCE") == 2
    for field in ("jobId", "state", "error", "problem", "cure", "execution"):
        assert field in query


#: Lambda's own lines, of public logs, and one of a function's.
STOPPED = (
    "2026-11-28T10:00:00.000Z 1b2c Task timed out after 300.00 seconds",
    "REPORT RequestId: 1b2c Duration: 300000.00 ms Status: timeout",
    "REPORT RequestId: 1b2c Max Memory Used: 1024 MB Status: error Error Type: Runtime.OutOfMemory",
    "RequestId: 1b2c Error: Runtime exited with error: signal: killed",
    "[ERROR] ClientError: An error occurred (AccessDenied)",
)


def test_errors_of_functions_show_what_lambda_stopped(created: Template) -> None:
    (query,) = (
        widget["properties"]["query"]
        for widget in _widgets(created)
        if "Task timed out" in widget["properties"].get("query", "")
    )
    pattern = re.search(r"@message like /(.*?)(?<!\\)/", query)
    assert pattern
    for line in STOPPED:
        assert re.search(pattern[1], line), line
    assert not re.search(pattern[1], "REPORT RequestId: 1b2c Duration: 12.00 ms")


def test_the_text_names_the_runbook_and_the_commands(created: Template) -> None:
    (text,) = (
        widget["properties"]["markdown"] for widget in _widgets(created) if widget["type"] == "text"
    )

    assert "docs/runbook" in text
    for command in ("ingest inspect", "ingest redrive", "ingest dead-events"):
        assert command in text

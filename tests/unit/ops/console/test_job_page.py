"""The page of a job is drawn, whatever state the job is in."""

from typing import Any

import pytest

from ops.console.details import Rejects
from ops.console.job_page import TABS, Asked, job_context
from ops.console.job_view import JobView
from ops.console.tabs import tab_context
from ops.console.templating import render
from ops.model.deployment import Deployment
from ops.model.failures import FailedExecution
from ops.model.job_list import ListedJob
from ops.model.progress import progress_of
from tests.unit.ops.reports import DONE, FAILED, NOW, RUNNING, failed_execution, report

DEPLOYED = Deployment("BatchIngest", "AWS", "us-east-1", {"AlarmTopicArn": ""}, lambda _: None)
COMMON = {"acts": True, "at": NOW, "feed": "", "place": "AWS", "stack": "s", "trouble": ""}


def _drawn(history: object, failed: FailedExecution | None, tab: str) -> str:
    shown = report(history=history, ranges_done=2)
    view = JobView(
        listed=ListedJob("job1", shown.record or {}),
        report=shown,
        failed=failed,
        children=(),
        unclaimed=(),
        remarks=(),
        progress=progress_of(shown, now=NOW),
    )
    asked, rejects = Asked.of("job1", {"tab": tab}), Rejects([], {}, is_cut=False, notes=())
    context: dict[str, Any] = job_context(view, asked, deployed=DEPLOYED, rejects=rejects, now=NOW)
    tab_shown = {**tab_context(DEPLOYED, view, asked, rejects), "acts": True}
    return render("job.html", COMMON | context | {"tab": tab_shown})


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_settled_job_is_drawn(tab: str) -> None:
    assert f"aria-current=page>{TABS[tab]}" in _drawn(DONE, None, tab)


@pytest.mark.parametrize(
    ("history", "failed", "said"),
    [
        (DONE, None, "the path taken"),
        (RUNNING, None, "at LoadRanges"),
        (FAILED, failed_execution(), "stopped at LoadRanges"),
    ],
    ids=["settled", "running", "failed"],
)
def test_the_graph_says_where_the_execution_is(
    history: object, failed: FailedExecution | None, said: str
) -> None:
    assert f">{said}<" in _drawn(history, failed, "rejects")

"""Every alarm has its page, every page an alarm, and each says the four things."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.domain.service_failures import STEP_FUNCTIONS_MAP_FAILED, ServiceFailure
from tests.e2e.faults.cases import CASES
from tests.infrastructure.template import Template

PROJECT = Path(__file__).resolve().parents[2]
RUNBOOK = PROJECT / "docs" / "runbook"
STATES: dict[str, dict[str, Any]] = json.loads(
    (PROJECT / "statemachine" / "ingest.asl.json").read_text("utf-8")
)["States"]
CAN_FAIL = [name for name, state in STATES.items() if state["Type"] in {"Map", "Task"}]
VERDICTS = [name for name, state in STATES.items() if state["Type"] == "Fail"]
OF_MAPS = {
    STEP_FUNCTIONS_MAP_FAILED,
    ServiceFailure.ITEM_READER,
    ServiceFailure.RESULT_WRITER,
    ServiceFailure.PERMISSIONS,
}
SECTIONS = ["What it means", "How to look", "How to cure", "How to know that it is cured"]


def _linked(template: Template) -> set[str]:
    return {
        re.search(r"Runbook: docs/runbook/([a-z-]+)\.md", each["AlarmDescription"])[1]  # type: ignore[index]
        for each in template.alarms
    }


def test_every_alarm_links_to_a_page_and_every_page_belongs_to_an_alarm(created: Template) -> None:
    pages = {page.stem for page in RUNBOOK.glob("*.md")} - {"README"}
    assert _linked(created) == pages


def test_every_page_says_what_it_means_how_to_look_to_cure_and_to_know() -> None:
    for page in RUNBOOK.glob("*.md"):
        if page.stem == "README":
            continue
        assert re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE) == SECTIONS, page


def test_the_list_of_pages_is_whole() -> None:
    listed = set(re.findall(r"\]\(([a-z-]+)\.md\)", (RUNBOOK / "README.md").read_text("utf-8")))
    assert listed == {page.stem for page in RUNBOOK.glob("*.md")} - {"README"}


def _tasks(state: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The state itself, or those of a map's children."""
    yield from state.get("ItemProcessor", {}).get("States", {"": state}).values()


@pytest.mark.parametrize("state", CAN_FAIL)
def test_every_error_that_a_state_can_fail_with_is_in_the_table_of_states(state: str) -> None:
    """What it tries again in vain, what the fault matrix met there, and what a map adds."""
    retried = {
        error
        for task in _tasks(STATES[state])
        for retry in task.get("Retry", [])
        for error in retry["ErrorEquals"]
    }
    cases = (case for case in CASES if not case.heals)
    met = {case.error for case in cases if case.state == state}
    of_maps = OF_MAPS if STATES[state]["Type"] == "Map" else set()
    assert _explained(state) >= retried | met | of_maps


def _explained(state: str) -> set[str]:
    """The errors of a state in the runbook's table of errors and states."""
    page = (RUNBOOK / "state-failed.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    return {
        error
        for errors, states in rows
        if states == "all" or f"`{state}`" in states
        for error in re.findall(r"`([^`]+)`", errors)
    }


@pytest.mark.parametrize("state", [*CAN_FAIL, *VERDICTS])
def test_the_table_of_states_says_what_is_done_and_what_is_not(state: str) -> None:
    page = (RUNBOOK / "state-failed.md").read_text("utf-8")
    named = re.findall(r"^\| (`[^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    assert any(f"`{state}`" in each for each in named)

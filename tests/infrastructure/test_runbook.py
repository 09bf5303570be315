"""Every alarm has its page, every page an alarm, and each says the four things."""

import re
from pathlib import Path

from tests.infrastructure.template import Template

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook"
SECTIONS = ["What it means", "How to look", "How to cure", "How to know that it is cured"]


def _linked(template: Template) -> set[str]:
    alarms = [
        *template.of_type("AWS::CloudWatch::Alarm").values(),
        *template.of_type("AWS::CloudWatch::CompositeAlarm").values(),
    ]
    return {
        re.search(r"Runbook: docs/runbook/([a-z-]+)\.md$", each["AlarmDescription"])[1]  # type: ignore[index]
        for each in alarms
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

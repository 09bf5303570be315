"""docs/logs-and-metrics.md names what is emitted: nothing else, and nothing less."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from functions.domain.events import Event, Metric

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "logs-and-metrics.md").read_text()


def _named_in(heading: str) -> set[str]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_event_is_documented() -> None:
    assert _named_in("Logs") == {event.value for event in Event}


def test_every_metric_is_documented() -> None:
    assert _named_in("Metrics") == {metric.value for metric in Metric}


@pytest.mark.parametrize("names", [Event, Metric])
def test_nothing_is_documented_that_no_code_emits(names: type[StrEnum]) -> None:
    code = "\n".join(path.read_text() for path in (PROJECT / "functions").rglob("*.py"))
    unused = [each.name for each in names if f"{names.__name__}.{each.name}" not in code]
    assert unused == []

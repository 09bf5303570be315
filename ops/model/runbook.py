"""The runbook's pages, by the names of errors and alarms."""

from __future__ import annotations

import re
from pathlib import Path

from functions.domain.plain_text import visible
from functions.domain.service_failures import explain as explanation_of
from ops.errors import NothingFound

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook"
_STATES_PAGE = "state-failed"
_PAGES_OF_OTHERS = {
    "executions-failed": "state-failed",
    "executions-timed-out": "state-failed",
    "executions-aborted": "state-failed",
    "ended-jobs-": "trigger-",
    "trigger-failed-invocations": "trigger-dead-letters",
    "trigger-throttled": "executions-throttled",
    "outcome-failed-invocations": "outcome-dead-letters",
    "outcome-dead-letter-errors": "outcome-events-lost",
    "resubmission-failed-invocations": "rejects",
}
"""Parts of the names of alarms that share a page with another alarm, replaced in this order."""
_ROW = re.compile(r"^\| (`[^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def explain(name: str) -> str:
    """What an error or an alarm means, and its cure.

    Raises:
        NothingFound: of a name that is neither.
    """
    found = of_error(name) or of_alarm(name)
    if found is None:
        pages = ", ".join(sorted(page.stem for page in RUNBOOK.glob("[a-z]*.md")))
        raise NothingFound(
            f"The runbook knows no error and no alarm {visible(name)}. Its pages: {pages}."
        )
    return found


def of_error(name: str) -> str | None:
    """What an error of an execution means, and what the runbook says about it."""
    explanation = explanation_of(name)
    if explanation == explanation_of(""):
        return None
    page = (RUNBOOK / f"{_STATES_PAGE}.md").read_text("utf-8")
    rows = [
        f"In {states.replace('`', '')}: {text}"
        for errors, states, text in _ROW.findall(page)
        if f"`{name}`" in errors
    ]
    return "\n".join([explanation.sentence, *rows])


def of_alarm(name: str) -> str | None:
    """The runbook's page of an alarm, whose name begins with that of the stack."""
    if re.search(r"(?:^|-)state-[a-z-]+$", name):  # these alarms share a page
        return (RUNBOOK / f"{_STATES_PAGE}.md").read_text("utf-8").rstrip()
    for part, page_of in _PAGES_OF_OTHERS.items():
        name = name.replace(part, page_of)
    pages = sorted(RUNBOOK.glob("[a-z]*.md"), key=lambda page: len(page.stem), reverse=True)
    for page in pages:
        if re.search(rf"(?:^|-){re.escape(page.stem)}(?:-|$)", name):
            return page.read_text("utf-8").rstrip()
    return None

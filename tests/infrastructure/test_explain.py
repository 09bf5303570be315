"""`ingest explain` finds the runbook's page of every alarm, and every error that has a name."""

import re

import pytest
from typer.testing import CliRunner

from functions.domain.failures import Failure
from functions.domain.service_failures import ServiceFailure
from ops.cli import app
from ops.errors import ExitCode
from ops.model.runbook import RUNBOOK, of_alarm, of_error
from tests.infrastructure.template import Template

_LINK = re.compile(r"Runbook: docs/runbook/([a-z-]+)\.md, printed by: ingest explain (\S+)$")


@pytest.mark.parametrize("error", [*Failure, *ServiceFailure, "SSLError"])
def test_of_every_error_the_meaning_and_the_cure(error: str) -> None:
    assert "Cure: " in (of_error(error) or "")


def test_of_every_alarm_the_page_that_it_links_to(created: Template) -> None:
    assert created.alarms
    for alarm in created.alarms:
        ((page, name),) = _LINK.findall(alarm["AlarmDescription"])
        shown = (RUNBOOK / f"{page}.md").read_text("utf-8").rstrip()
        assert name == alarm["AlarmName"]
        assert of_alarm(name) == shown, name


def test_a_name_that_is_neither() -> None:
    ended = CliRunner().invoke(app, ["explain", "Nonsense"])
    assert ended.exit_code == ExitCode.NOT_FOUND
    assert "stuck-jobs" in ended.stderr

"""The shell completes job ids."""

from typing import Any

import pytest
from typer.testing import CliRunner

from functions.domain.attribute_values import to_item
from ops import cli
from ops.errors import NothingFound
from ops.model import deployment
from ops.model.deployment import Deployment
from tests.workflow.aws_tables import deployment_on


class _Jobs:
    def scan(self, **_: Any) -> dict[str, Any]:
        return {"Items": [to_item({"jobId": each}) for each in ("march-2", "march-1", "april")]}


def completed(words: str) -> list[str]:
    """What `ingest --show-completion bash` would have the shell offer."""
    at = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    environment = {"_INGEST_COMPLETE": "complete_bash", **at}
    return CliRunner().invoke(cli.app, prog_name="ingest", env=environment).output.split()


def test_job_ids_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = deployment_on((None, _Jobs()))
    monkeypatch.setattr(deployment, "find", lambda **_: found)
    assert completed("ingest watch m") == ["march-1", "march-2"]
    assert completed("ingest watch april m") == ["march-1", "march-2"]
    assert completed("ingest redrive --job a") == ["april"]


def test_without_a_stack_nothing_is_offered_and_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(**_: Any) -> Deployment:
        raise NothingFound("No embedded AWS runs.")

    monkeypatch.setattr(deployment, "find", nowhere)
    assert completed("ingest inspect m") == []

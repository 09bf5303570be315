"""`ingest local`: what it prints, and what its exit codes mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from local import server
from ops.cli import app
from ops.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "aws"
    yield folder
    server.stop(folder)


def test_status_and_down_where_none_runs(data: Path) -> None:
    status = CliRunner().invoke(app, ["local", "status", "--data", str(data)])
    assert status.exit_code == ExitCode.NOT_FOUND
    assert "`ingest local up` starts one" in status.stderr
    down = CliRunner().invoke(app, ["local", "down", "--data", str(data)])
    assert down.exit_code == 0
    assert "None was running" in down.stdout


def test_status_says_where_it_runs(data: Path) -> None:
    running = server.start(data).server
    shown = CliRunner().invoke(app, ["local", "status", "--data", str(data), "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == {
        "endpoint": running.endpoint.url,
        "region": "us-east-1",
        "accessKeyId": "test",
        "secretAccessKey": "test",
        "outputs": {},
    }
    down = CliRunner().invoke(app, ["local", "down", "--data", str(data)])
    assert down.exit_code == 0
    assert server.find(data) is None

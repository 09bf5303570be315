"""`ingest local`: what it prints, and what its exit codes mean."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local import server
from ops.cli import app
from ops.errors import ExitCode


def local(data: Path, command: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["local", command, "--data", str(data), *options])


def test_status_and_down_where_none_runs(data: Path) -> None:
    status = local(data, "status")
    assert status.exit_code == ExitCode.NOT_FOUND
    assert f"`ingest local up --data {data}` starts one there" in status.stderr
    down = local(data, "down")
    assert down.exit_code == 0
    assert "None was running" in down.stdout


def test_status_says_where_it_runs(data: Path) -> None:
    running = server.start(data).server
    shown = local(data, "status", "--json")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == {
        "endpoint": running.endpoint.url,
        "region": "us-east-1",
        "accessKeyId": "test",
        "secretAccessKey": running.endpoint.secret_access_key,
        "outputs": {},
    }
    assert len(running.endpoint.secret_access_key) >= 32
    assert local(data, "down").exit_code == 0
    assert server.find(data) is None


def test_env_points_a_shell_at_it(data: Path) -> None:
    assert local(data, "env").exit_code == ExitCode.NOT_FOUND
    running = server.start(data).server
    shown = local(data, "env")
    assert shown.exit_code == 0
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    shell = subprocess.run(
        ["sh", "-c", f'{shown.stdout}\nexec "$0" -c "$1"', sys.executable, program],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == "000000000000\n"
    assert running.endpoint.secret_access_key in shown.stdout


def test_each_folder_has_a_secret_of_its_own_and_keeps_it(data: Path) -> None:
    first = server.start(data).server.endpoint
    server.stop(data)
    assert server.start(data).server.endpoint.secret_access_key == first.secret_access_key
    other = data.parent / "other"
    try:
        assert server.start(other).server.endpoint.secret_access_key != first.secret_access_key
    finally:
        server.stop(other)
    assert (data / "secret").stat().st_mode & 0o077 == 0


def test_the_account_s_concurrency_is_passed_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDA_ACCOUNT_CONCURRENCY", "10")
    running = server.start(data).server
    settings = running.endpoint.client("lambda").get_account_settings()
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 10

"""The end-to-end tests run against a stack that was named, as they would against an account."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import server
from ops.model.deployment import Deployment


@pytest.mark.slow
def test_the_main_job_runs_on_a_stack_by_the_environment_alone(
    data: Path, deployed: Deployment
) -> None:
    running = server.find(data)
    assert running is not None
    main_job, commands = "tests/e2e/test_main_job.py", "tests/e2e/test_commands.py"
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rps",
            main_job,
            commands,
            "--stack",
            deployed.stack,
        ],
        cwd=server.PROJECT,
        env={**os.environ, **running.endpoint.environment()},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert f"PASSED {main_job}::" in ended.stdout
    assert f"{commands}: wants an embedded AWS: run without --stack" in ended.stdout

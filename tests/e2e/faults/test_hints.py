"""The commands that a failure prints, pasted into a shell as they are: they cure it.

What a hint says depends on the state and the error alone: each pair of the matrix is tried once.
"""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import flaws
from demo.batch import Batch
from functions.domain.payloads.arrived import Arrival
from functions.domain.plain_text import argument
from local import server
from ops.errors import ExitCode
from tests.e2e.faults.cases import CASES, Case
from tests.e2e.faults.world import FaultyDeployment

_BIN = Path(sys.executable).parent
_NEXT = re.compile(r"^  (?:Next|Instead): (.+)$", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]*ingest [^`]+)`")
_LOOKING = re.compile(r"ingest (?:inspect|jobs|rejects|explain|dead-events)\b")
_IN_EVERY_RUN = {("VerifyLoad", "AccessDenied"), ("LoadRanges", "ResultsObjectMissing")}


def _one_of_each_kind() -> Iterator[Any]:
    kinds: dict[tuple[str, str], Case] = {}
    for case in CASES:
        if not case.heals and case.arrival is Arrival.RESULTS:
            kinds.setdefault((case.state, case.error), case)
    for kind, case in kinds.items():
        marks = () if kind in _IN_EVERY_RUN else (pytest.mark.slow,)
        yield pytest.param(case, id="-".join(kind), marks=marks)


@pytest.mark.parametrize("case", list(_one_of_each_kind()))
def test_the_command_that_inspect_prints_cures(world: FaultyDeployment, case: Case) -> None:
    batch = world.new_batch()
    with world.fault(*case.before, **case.rule):
        upload, arn = world.ingest(batch, ends="FAILED")
        in_the_mail = world.inbox.told(arn, "FAILED").facts["command"]
    shown = _inspected(world, batch)
    (command,) = _NEXT.findall(shown)
    assert _same_command(command, in_the_mail)
    pasted = paste(command)
    assert pasted.returncode == ExitCode.DONE, pasted.stdout + pasted.stderr
    assert world.until_ended(arn) == "SUCCEEDED"
    assert world.differences(batch, upload) == []
    _look(shown)


def test_of_too_many_rejects_the_commands_show_why_and_accept_them(world: FaultyDeployment) -> None:
    batch = world.new_batch(records=40, flawed={flaws.MODEL_ERROR: 25})
    _, arn = world.ingest(batch, ends="FAILED")
    mail = world.inbox.told(arn, "FAILED")
    shown = _inspected(world, batch)
    (command,) = _NEXT.findall(shown)
    assert _same_command(command, mail.facts["command"])
    assert "ModelError" in paste(command).stdout
    assert _look(shown) == ["rejects"]
    (accepting,) = (each for each in _QUOTED.findall(shown) if each.endswith("--accept-rejects"))
    assert argument(batch.key) in accepting
    assert any(_same_command(accepting, each) for each in _QUOTED.findall(mail.text))
    assert paste(accepting).returncode == ExitCode.DONE
    again = world.execution_of(batch, but=[arn])
    assert world.until_ended(again) == "SUCCEEDED"
    assert world.job_status(batch) == "COMPLETED"


def paste(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder, in a shell that has no `ingest`; the answer is yes."""
    path = [each for each in os.environ["PATH"].split(":") if Path(each) != _BIN]
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"y\n")
    try:
        return subprocess.run(
            ["/bin/bash", "-c", command],
            stdin=terminal,
            text=True,
            capture_output=True,
            cwd=server.PROJECT,
            env={**os.environ, "PATH": ":".join(path)},
            timeout=180,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)


def _inspected(world: FaultyDeployment, batch: Batch) -> str:
    """What `ingest inspect` says of a job, typed as README says."""
    assert world.deployed.embedded is not None
    data = argument(str(world.deployed.embedded.data))
    command = f"{_BIN / 'ingest'} inspect {argument(batch.job.job_id)} --data {data}"
    found = paste(command)
    assert found.returncode == ExitCode.JOB_FAILED, found.stdout + found.stderr
    assert "JOB" not in found.stdout
    return found.stdout


def _look(shown: str) -> list[str]:
    """Run the commands of a text that only show something; their names."""
    looking = [each for each in _QUOTED.findall(shown) if _LOOKING.search(each)]
    for command in looking:
        pasted = paste(command)
        assert pasted.returncode in (ExitCode.DONE, ExitCode.JOB_FAILED), pasted.stderr
    return [each.split()[1] for each in looking]


def _same_command(here: str, in_a_mail: str) -> bool:
    """Whether they differ by program and place alone; a redrive's ARN may be a name."""
    words = here.split(" --data ", maxsplit=1)[0].split()[1:]
    others = in_a_mail.removesuffix(" --accept-rejects").split()[1:]
    accepts = in_a_mail.endswith(" --accept-rejects") == here.endswith(" --accept-rejects")
    return accepts and [each.rpartition(":")[2] for each in others] == [
        each.rpartition(":")[2] for each in words
    ]

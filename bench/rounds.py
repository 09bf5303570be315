"""Loaders run in turns, so that a noisy machine is noisy for all of them alike."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.stubs import Stubs

Load = Callable[[], int]
NODE = Path(__file__).parent / "node"


@dataclass(frozen=True)
class Round:
    """One run of one loader.

    Attributes:
        cpu, wall: Seconds.
    """

    records: int
    cpu: float
    wall: float


def measure(load: Load) -> Round:
    """Run a loader in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    records = load()
    return Round(records, time.process_time() - cpu, time.perf_counter() - wall)


def node(stubs: Stubs, path: Path, upto: int) -> Round:
    """Run the baseline in Node, warm: its second round counts."""
    command = ["node", "loader.mjs", stubs.s3, stubs.dynamodb, f"batch-output/job-1/{path.name}"]
    answer = subprocess.run(
        [*command, str(upto), "2"], cwd=NODE, capture_output=True, text=True, check=True
    )
    values = json.loads(answer.stdout.splitlines()[-1])
    return Round(values["records"], values["cpu"], values["wall"])


def node_is_there() -> bool:
    """Whether its dependencies are installed: `npm ci` in bench/node."""
    return (NODE / "node_modules").is_dir()


def in_turns(loaders: Mapping[str, Callable[[], Round]], times: int) -> dict[str, list[Round]]:
    """Run each once a turn."""
    rounds: dict[str, list[Round]] = {name: [] for name in loaders}
    for _ in range(times):
        for name, run in loaders.items():
            rounds[name].append(run())
    return rounds


def peak_kib() -> int:
    """Peak resident size of this process.

    Not `ru_maxrss`: a new process inherits that of the one that started it.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

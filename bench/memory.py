"""One load in a process of its own: its peak resident size over idle, and what else it cost.

`python -m bench.memory S3 DYNAMODB NAME SIZE UPTO` prints them as JSON. Idle is after a first
small load: clients, connections and threads are there, and are not what a range costs.
"""

import gc
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bench import environment
from bench.rounds import measure, peak_kib
from bench.stubs import Stubs

IDLE_BYTES = 200_000


@dataclass(frozen=True)
class Alone:
    """What a load took.

    Attributes:
        cpu: Seconds.
        requests: To S3 and to DynamoDB.
        grown_mib: Peak resident size over idle.
    """

    records: int
    cpu: float
    requests: int
    grown_mib: float


def load_alone(stubs: Stubs, name: str, size: int, *, upto: int | None = None) -> Alone:
    """Load an object, or its head, in a new process."""
    command = [sys.executable, "-m", "bench.memory", stubs.s3, stubs.dynamodb]
    command += [name, str(size), str(upto or size)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return Alone(**json.loads(answer.stdout))


def growth_mib(stubs: Stubs, path: Path, upto: int) -> float:
    """Peak over idle while the head of a file is loaded; MiB."""
    return load_alone(stubs, path.name, path.stat().st_size, upto=upto).grown_mib


def _main(s3: str, dynamodb: str, name: str, size: str, upto: str) -> None:
    environment.pretend()
    from bench.ours import OurLoader  # noqa: PLC0415  the SDK reads the environment

    loader = OurLoader(Stubs(dynamodb=dynamodb, s3=s3))
    loader.load_object(name, int(size), upto=IDLE_BYTES)
    gc.collect()
    idle, loader.requests = peak_kib(), 0
    run = measure(partial(loader.load_object, name, int(size), upto=int(upto)))
    grown = (peak_kib() - idle) / 1024
    print(json.dumps(asdict(Alone(run.records, run.cpu, loader.requests, grown))))


if __name__ == "__main__":
    _main(*sys.argv[1:])

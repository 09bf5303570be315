"""Peak resident size over idle while a range is loaded, in a process of its own.

`python -m bench.memory S3 DYNAMODB FILE UPTO` prints KiB over idle. Idle is after a first small
load: clients, connections and threads are there, and are not what a range costs.
"""

import gc
import subprocess
import sys
from pathlib import Path

from bench import environment
from bench.rounds import peak_kib
from bench.stubs import Stubs

IDLE_BYTES = 200_000


def growth_mib(stubs: Stubs, path: Path, upto: int) -> float:
    """Measure in a new process; MiB."""
    command = [sys.executable, "-m", "bench.memory", stubs.s3, stubs.dynamodb, str(path), str(upto)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(answer.stdout) / 1024


def _main(s3: str, dynamodb: str, file: str, upto: str) -> None:
    environment.pretend()
    from bench.ours import OurLoader  # noqa: PLC0415  the SDK reads the environment

    loader = OurLoader(Stubs(dynamodb=dynamodb, s3=s3))
    loader.load(Path(file), upto=IDLE_BYTES)
    gc.collect()
    idle = peak_kib()
    loader.load(Path(file), upto=int(upto))
    print(peak_kib() - idle)


if __name__ == "__main__":
    _main(*sys.argv[1:])

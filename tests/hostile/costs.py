"""What a case costs, measured in a process of its own that cannot take the machine with it.

`python -m tests.hostile.costs MODULE CASE` prints it as JSON. Time is the processor's, so that a
busy machine does not count; memory is the peak over what was there before the case ran, once its
input was made.
"""

import gc
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEMORY_LIMIT = 3 * 1024**3
"""Of a case's process: more than any bound, less than would hurt."""
SECONDS_LIMIT = 120
_STATUS = Path("/proc/self/status")

Case = tuple[Callable[[], bytes], Callable[[bytes], str]]
"""Makes the input; does with it what is measured, and says what came of it."""


@dataclass(frozen=True)
class Cost:
    """What it took.

    Attributes:
        verdict: What came of it.
        seconds: Of the processor.
        mib: Peak resident size, over what it was before.
    """

    verdict: str
    seconds: float
    mib: float


def cost_of(module: str, case: str) -> Cost:
    """Run a case of a module's `CASES` in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.costs", module, case],
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * SECONDS_LIMIT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _kib(name: str) -> int:
    status = _STATUS.read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


def _main(module: str, case: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_LIMIT, SECONDS_LIMIT))
    cases: dict[str, Case] = importlib.import_module(module).CASES
    make, run = cases[case]
    given = make()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # begins the peak anew
    before = _kib("VmRSS")
    began = time.process_time()
    verdict = run(given)
    seconds = time.process_time() - began
    cost = {"verdict": verdict, "seconds": seconds, "mib": (_kib("VmHWM") - before) / 1024}
    sys.stdout.write(json.dumps(cost) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])

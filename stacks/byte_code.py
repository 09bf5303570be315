"""Byte code for another Python than the running one, by an interpreter of that version."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


def find_interpreter(version: str) -> Path | None:
    """Find an interpreter of a version (`3.13`) on this machine, or none.

    Looks at `PATH` and where pyenv and uv keep theirs. Byte code has one format within a minor
    version, so that any patch of it will do.
    """
    return next((path for path in _candidates(version) if _runs(path, version)), None)


def compile_tree(tree: Path, *, interpreter: Path, installed_at: str) -> None:
    """Compile all modules under `tree`, as they will be found at `installed_at`.

    The byte code is of the unchecked kind: it is valid whatever time stamps the files get on their
    way (https://peps.python.org/pep-0552/), and it holds no time itself.

    Raises:
        subprocess.CalledProcessError: a module does not compile.
    """
    command = [
        *(str(interpreter), "-m", "compileall", "-q", "-f"),
        *("--invalidation-mode", "unchecked-hash"),
        *("-s", str(tree), "-p", installed_at, str(tree)),
    ]
    # Sets are written in the order of their hashes.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    subprocess.run(command, check=True, env=environment)  # noqa: S603 - all arguments are ours


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    if found := shutil.which(name):
        yield Path(found)
    home = Path.home()
    for root in (home / ".pyenv" / "versions", home / ".local" / "share" / "uv" / "python"):
        yield from sorted(root.glob(f"*{version}*/bin/{name}"))


def _runs(path: Path, version: str) -> bool:
    """Whether a file is an interpreter of the version, and not pyenv's stand-in for one."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        command = [str(path), "-I", "-c", script]
        done = subprocess.run(  # noqa: S603 - a fixed script
            command, capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version

"""Byte code for another Python than the running one, by an interpreter of that version."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine.

    Attributes:
        release: Its exact version (`3.13.1`): releases of one minor version read each other's byte
            code, but need not write the same.
    """

    path: Path
    release: str


def find_interpreter(version: str) -> Interpreter | None:
    """Find an interpreter of a version (`3.13`) on this machine, or none.

    Looks at `PATH` and where pyenv and uv keep theirs. Byte code has one format within a minor
    version, so that any patch of it will do.
    """
    for path in _candidates(version):
        release = _release(path)
        if release and release.startswith(f"{version}."):
            return Interpreter(path, release)
    return None


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
    # The user's variables may tell Python to optimize or to keep byte code elsewhere, and the umask
    # may hide files from Lambda's user.
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    subprocess.run(  # noqa: S603 - all arguments are ours
        command, check=True, env=environment, umask=0o022
    )


def _candidates(version: str) -> Iterator[Path]:
    name = f"python{version}"
    if found := shutil.which(name):
        yield Path(found)
    home = Path.home()
    for root in (home / ".pyenv" / "versions", home / ".local" / "share" / "uv" / "python"):
        yield from sorted(root.glob(f"*{version}*/bin/{name}"))


def _release(path: Path) -> str | None:
    """The exact version of an interpreter; None for a file that is not one, as pyenv's shims."""
    script = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        command = [str(path), "-I", "-c", script]
        done = subprocess.run(  # noqa: S603 - a fixed script
            command, capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

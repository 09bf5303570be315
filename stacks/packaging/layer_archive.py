"""The layer's archive: locked wheels for the target platform, pruned, compiled, reproducible.

No Docker, and nothing is resolved: uv unpacks the wheels that `uv.lock` names by hash, for a
processor and a Python that need not be this machine's. The same lock, builder, Python and zlib make
the same bytes, wherever they are built.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from stacks.errors import LayerNotBuilt
from stacks.packaging import byte_code, pruning, service_models
from stacks.packaging.byte_code import Interpreter, compile_tree, find_interpreter
from stacks.packaging.lock import requirements, run_uv
from stacks.packaging.pruning import prune

PYTHON_VERSION = "3.13"
PLATFORM = "aarch64-manylinux2014"

#: The earliest time that a zip entry can have.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Layer:
    """What an archive is built from.

    Attributes:
        requirements: Locked distributions with their hashes: those of the functions alone, so that
            a change of the project's own tools does not rebuild the layer.
        interpreter: Compiles the modules; without one the layer is of source alone.
    """

    requirements: str
    interpreter: Interpreter | None

    @classmethod
    def of(cls, lock: Path) -> Self:
        """The layer that a lock file makes on this machine.

        Raises:
            LockNotRead: uv.lock is missing or invalid.
        """
        return cls(requirements(lock), find_interpreter(PYTHON_VERSION))

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits of all that decides about the archive's content."""
        release = self.interpreter.release if self.interpreter else "source"
        recipe = repr((PYTHON_VERSION, PLATFORM, release))
        parts = [self.requirements.encode(), recipe.encode(), *_builder()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def build(self, directory: Path) -> Path:
        """Return the archive, building it unless `directory` has it.

        Raises:
            LayerNotBuilt: uv could not fetch a wheel, or it is not the one that was locked.
        """
        return _kept(directory / f"layer-{self.fingerprint[:16]}.zip", self._fill)

    def _fill(self, packages: Path) -> None:
        _install(packages, self.requirements)
        prune(packages)
        if self.interpreter:
            path = self.interpreter.path
            compile_tree(packages, interpreter=path, installed_at="/opt/python")


def empty(directory: Path) -> Path:
    """Return an archive without files, which takes the layer's place in a template."""
    return _kept(directory / "layer-empty.zip", lambda _: None)


def _kept(archive: Path, fill: Callable[[Path], None]) -> Path:
    """Make an archive once; a build at the same time as another wins or loses whole."""
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        tree, made = Path(scratch, "layer"), Path(scratch, archive.name)
        (tree / "python").mkdir(parents=True)
        fill(tree / "python")
        _zip(tree, made)
        made.replace(archive)
    return archive


def _builder() -> list[bytes]:
    """The builder's own source: what it makes of a lock file changes with it."""
    return [
        Path(module).read_bytes()
        for module in (
            __file__,
            byte_code.__file__,
            pruning.__file__,
            service_models.__file__,
        )
    ]


def _install(packages: Path, locked: str) -> None:
    """Unpack wheels, none of which has another hash than the locked one."""
    listed = packages.parent.parent / "requirements.txt"
    listed.write_text(locked, encoding="utf-8")
    done = run_uv(
        *("pip", "install", "--target", str(packages), "--requirement", str(listed)),
        *("--python-platform", PLATFORM, "--python-version", PYTHON_VERSION),
        *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--link-mode", "copy"),
    )
    if done.returncode:
        raise LayerNotBuilt(f"The layer of dependencies could not be built:\n{done.stderr.strip()}")


def _zip(tree: Path, archive: Path) -> None:
    """Zip a tree so that the same tree gives the same bytes: sorted, one time, one mode."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        files = [path for path in tree.rglob("*") if path.is_file()]
        for path in sorted(files):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, path.read_bytes())
        if not files:
            target.writestr(zipfile.ZipInfo("python/", _TIME), b"")

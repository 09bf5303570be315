"""The layer's archive: locked wheels for the target platform, pruned, compiled, reproducible.

No Docker, and nothing is resolved: uv unpacks the wheels that `uv.lock` names by hash, for a
processor and a Python that need not be this machine's.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from uv import find_uv_bin

from stacks.byte_code import compile_tree, find_interpreter
from stacks.errors import LayerNotBuilt

PYTHON_VERSION = "3.13"
PLATFORM = "aarch64-manylinux2014"

#: To be raised when this module makes something else of the same lock file.
BUILDER_VERSION = 1

#: What the functions make clients of. The models of botocore's other services stay out: they are
#: most of its size.
SERVICES = frozenset({"dynamodb", "s3", "sns", "stepfunctions"})

#: Of `*.dist-info`, what only an installer reads, and what would differ from build to build.
_INSTALLER_FILES = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
)

#: The earliest time that a zip entry can have.
_TIME = (1980, 1, 1, 0, 0, 0)


def fingerprint(lock: Path) -> str:
    """Name what a lock file becomes: 64 hexadecimal digits of lock, target and builder."""
    recipe = repr((PYTHON_VERSION, PLATFORM, BUILDER_VERSION, sorted(SERVICES)))
    return hashlib.sha256(lock.read_bytes() + recipe.encode()).hexdigest()


def empty(directory: Path) -> Path:
    """Return an archive that holds the layer's place in a template and brings nothing."""
    return _kept(directory / "layer-empty.zip", lambda _: None)


def build(directory: Path, *, lock: Path) -> Path:
    """Return the layer's archive, building it unless `directory` has it.

    Byte code is part of it when an interpreter of `PYTHON_VERSION` is on this machine.

    Raises:
        LayerNotBuilt: uv could not read the lock file or fetch a wheel.
    """
    interpreter = find_interpreter(PYTHON_VERSION)

    def fill(packages: Path) -> None:
        _install(packages, lock=lock)
        _prune(packages)
        if interpreter:
            compile_tree(packages, interpreter=interpreter, installed_at="/opt/python")

    flavour = "compiled" if interpreter else "source"
    return _kept(directory / f"layer-{fingerprint(lock)[:16]}-{flavour}.zip", fill)


def holds_byte_code(archive: Path) -> bool:
    """Whether the modules in an archive are compiled."""
    with zipfile.ZipFile(archive) as source:
        return any(name.endswith(".pyc") for name in source.namelist())


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


def _install(packages: Path, *, lock: Path) -> None:
    requirements = packages.parent.parent / "requirements.txt"
    _uv(
        *("export", "--project", str(lock.parent), "--frozen", "--no-default-groups"),
        *("--no-emit-project", "--format", "requirements-txt", "--output-file", str(requirements)),
    )
    _uv(
        *("pip", "install", "--target", str(packages), "--requirement", str(requirements)),
        *("--python-platform", PLATFORM, "--python-version", PYTHON_VERSION),
        *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--link-mode", "copy"),
    )


def _uv(*arguments: str) -> None:
    command = [find_uv_bin(), "--quiet", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - all arguments are ours
        command, check=False, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise LayerNotBuilt(
            "The layer of dependencies could not be built, for `uv"
            f" {' '.join(arguments[:2])} ...` failed:\n{done.stderr.strip()}"
        )


def _prune(packages: Path) -> None:
    """Take away what no function reads at run time."""
    for directory in (packages / "bin", packages / "boto3" / "examples"):
        shutil.rmtree(directory, ignore_errors=True)
    models = [*(packages / "boto3" / "data").iterdir(), *(packages / "botocore" / "data").iterdir()]
    for directory in models:
        if directory.is_dir() and directory.name not in SERVICES:
            shutil.rmtree(directory)
    for directory in [*packages.rglob("tests"), *packages.rglob("__pycache__")]:
        shutil.rmtree(directory, ignore_errors=True)
    for path in packages.rglob("*"):
        if path.parent.suffix == ".dist-info" and path.name in _INSTALLER_FILES:
            path.unlink()
    # A lock of uv's on the folder that it installs into.
    (packages / ".lock").unlink(missing_ok=True)


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

"""The locked dependencies that are deployed, exported from uv.lock; nothing is resolved."""

import os
import subprocess
from pathlib import Path

from uv import find_uv_bin

from stacks.errors import LockNotRead


def requirements(lock: Path) -> str:
    """Every distribution that the functions run with, each with its version and its hashes.

    Raises:
        LockNotRead: uv.lock is missing or invalid.
    """
    form = ("--format", "requirements-txt", "--no-emit-project", "--no-header", "--no-annotate")
    return _export(lock, *form)


def bill_of_materials(lock: Path) -> str:
    """The same distributions, and what needs them, as a bill of materials (CycloneDX 1.5, JSON).

    Raises:
        LockNotRead: uv.lock is missing or invalid.
    """
    return _export(lock, "--format", "cyclonedx1.5", "--preview-features", "sbom-export")


def run_uv(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the locked uv, outside of the active environment."""
    command = [find_uv_bin(), "--quiet", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    return subprocess.run(  # noqa: S603 - all arguments are ours
        command, check=False, capture_output=True, text=True, env=environment
    )


def _export(lock: Path, *form: str) -> str:
    project = ("--project", str(lock.parent), "--frozen")
    done = run_uv("export", *project, "--no-default-groups", *form)
    if done.returncode:
        raise LockNotRead(f"{lock} could not be read:\n{done.stderr.strip()}")
    return done.stdout

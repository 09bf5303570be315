"""Synthesize the CDK app as its command line would, once for each content that it depends on.

Loading the CDK takes 5 to 14 s, so a synthesized `cdk.out` is kept under the hash of all that
goes into it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.errors import SynthesisFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INPUTS = ("app.py", "cdk.json", "stacks", "statemachine", "functions", "uv.lock")
"""What a synthesis depends on, in addition to its context."""
KEPT = 4
"""How many syntheses are kept: as many as one goes back and forth between."""

_ACCOUNT = "000000000000"  # MiniStack's default account
_REGION = "us-east-1"


def synthesize(project: Path, *, context: Mapping[str, Any] | None = None) -> Path:
    """Return the folder of the synthesized app, made now or earlier from the same content.

    Values of `context` win over those of cdk.json.

    Raises:
        SynthesisFailed: with what `python app.py` printed.
    """
    overrides = dict(context or {})
    cache = project / ".local" / "synth"
    target = cache / _key(project, overrides)
    if (target / "manifest.json").exists():
        os.utime(target)  # the ones used last are kept
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{target.name}.lock").open("w") as lock:
        # Of two at a time, the second waits and finds what the first has made.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "manifest.json").exists():
            # Made aside and renamed, so that a folder is always whole.
            with tempfile.TemporaryDirectory(dir=cache, prefix="making-") as making:
                _run(project, Path(making) / "out", overrides)
                (Path(making) / "out").rename(target)
    _forget_old(cache)
    return target


def _key(project: Path, overrides: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps([sys.version_info[:2], overrides]).encode())
    for path in _files(project):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(project).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()[:32]


def _files(project: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = project / name
        if path.is_dir():
            yield from sorted(
                file
                for file in path.rglob("*")
                if file.is_file() and "__pycache__" not in file.parts
            )
        elif path.exists():
            yield path


def _run(project: Path, out: Path, overrides: Mapping[str, Any]) -> None:
    settings = json.loads((project / "cdk.json").read_text(encoding="utf-8"))
    context = {
        **settings.get("context", {}),
        # The embedded AWS runs functions in the project's own environment: their layer need
        # not be built. With an empty list the CDK bundles for no stack.
        # https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/lib/app.ts
        "aws:cdk:bundling-stacks": [],
        **overrides,
    }
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_DEFAULT_ACCOUNT": _ACCOUNT,
        "CDK_DEFAULT_REGION": _REGION,
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(project / ".local" / "jsii"),
    }
    ran = subprocess.run(
        [sys.executable, "app.py"],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ran.returncode or not (out / "manifest.json").exists():
        raise SynthesisFailed(ran.stdout)


def _forget_old(cache: Path) -> None:
    made = [each for each in cache.iterdir() if (each / "manifest.json").exists()]
    for folder in sorted(made, key=lambda folder: folder.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
        (cache / f"{folder.name}.lock").unlink(missing_ok=True)

"""Removes what no function reads at run time from the installed dependencies."""

import json
import shutil
from pathlib import Path

from stacks.packaging.service_models import SERVICES, trim

#: As botocore's list of endpoints calls them.
_ENDPOINT_PREFIXES = SERVICES - {"stepfunctions"} | {"states"}

#: Of `*.dist-info`, what only an installer reads, and what would differ from build to build.
_INSTALLER_FILES = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"}
)


def prune(packages: Path) -> None:
    """Remove it from a folder of installed packages."""
    shutil.rmtree(packages / "bin", ignore_errors=True)
    prune_data(packages / "botocore" / "data")
    for directory in [*packages.rglob("tests"), *packages.rglob("__pycache__")]:
        shutil.rmtree(directory, ignore_errors=True)
    for path in packages.rglob("*"):
        if path.parent.suffix == ".dist-info" and path.name in _INSTALLER_FILES:
            path.unlink()
    # A lock of uv's on the folder that it installs into.
    (packages / ".lock").unlink(missing_ok=True)


def prune_data(data: Path) -> None:
    """Remove what no client of ours reads from botocore's descriptions of services.

    Those of other services are most of its size.
    """
    for directory in data.iterdir():
        if directory.is_dir() and directory.name not in SERVICES:
            shutil.rmtree(directory)
    trim(data)
    _prune_endpoints(data / "endpoints.json")


def _prune_endpoints(path: Path) -> None:
    """Take other services out of the list of endpoints.

    Each cold start reads all of it: 9 of some 230 ms of processor time (Python 3.13, 1.25 MB).
    """
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {
            name: services[name] for name in sorted(_ENDPOINT_PREFIXES & services.keys())
        }
    path.write_text(json.dumps(endpoints), encoding="utf-8")

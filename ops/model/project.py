"""Settings of the project's cdk.json that commands use as defaults.

A value that was given to a deployment alone (`-c name=value`) is not known here.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from local import server

if TYPE_CHECKING:
    from collections.abc import Mapping


def padding_prefix() -> str:
    """What ids of padding begin with."""
    return str(_context()["paddingPrefix"])


def minimum_records() -> int:
    """The least number of records of a batch job."""
    return number("bedrockMinimumRecords")


def input_prefix() -> str:
    """Where input records are uploaded to, with a final slash."""
    return str(_context()["bedrockInputPrefix"]).rstrip("/") + "/"


def job_role_arn() -> str:
    """The service role of batch jobs; empty where none is set."""
    return str(_context()["bedrockJobRoleArn"])


def number(name: str) -> int:
    """A setting that is a number."""
    return int(_context()[name])


@functools.cache
def _context() -> Mapping[str, Any]:
    context: Mapping[str, Any] = json.loads(
        (server.PROJECT / "cdk.json").read_text(encoding="utf-8")
    )["context"]
    return context

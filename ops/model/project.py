"""Settings of the project's cdk.json that commands use as defaults.

A value that was given to a deployment alone (`-c name=value`) is not known here.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from functions.domain.receipts.image_id import DEFAULT_PADDING_PREFIX
from local import server

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_MINIMUM_RECORDS = 100
"""Of a batch job: https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html."""


def padding_prefix() -> str:
    """What ids of padding begin with."""
    return str(_context().get("paddingPrefix") or DEFAULT_PADDING_PREFIX)


def minimum_records() -> int:
    """The least number of records of a batch job."""
    return int(_context().get("bedrockMinimumRecords") or USUAL_MINIMUM_RECORDS)


def input_prefix() -> str:
    """Where input records are uploaded to, with a final slash."""
    return str(_context().get("bedrockInputPrefix") or "batch-input/").rstrip("/") + "/"


def job_role_arn() -> str:
    """The service role of batch jobs; empty where none is set."""
    return str(_context().get("bedrockJobRoleArn") or "")


def number(name: str) -> int:
    """A setting that is a number."""
    return int(_context()[name])


@functools.cache
def _context() -> Mapping[str, Any]:
    try:
        context = json.loads((server.PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    except (OSError, ValueError, KeyError):
        return {}  # installed without the project
    return context if isinstance(context, dict) else {}

"""The Step Functions and Lambda half of the extensions."""

from __future__ import annotations

from types import ModuleType

from local.emulator import (
    api,
    definitions,
    execution_views,
    lambda_errors,
    lambda_updates,
    lambda_worker_script,
    map_runs,
    saved_state,
    starting,
)

EXTENSIONS: tuple[ModuleType, ...] = (
    lambda_worker_script,
    lambda_updates,
    lambda_errors,
    definitions,
    starting,
    execution_views,
    map_runs,
    saved_state,
    api,
)
"""What is installed, in this order."""

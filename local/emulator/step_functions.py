"""The Step Functions and Lambda half of the extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.emulator import (
    api,
    definitions,
    execution_views,
    lambda_errors,
    lambda_updates,
    lambda_worker_script,
    lambda_workers,
    map_runs,
    saved_state,
    starting,
    status_events,
)

if TYPE_CHECKING:
    from types import ModuleType

EXTENSIONS: tuple[ModuleType, ...] = (
    lambda_worker_script,
    lambda_workers,
    lambda_updates,
    lambda_errors,
    definitions,
    starting,
    execution_views,
    status_events,
    map_runs,
    saved_state,
    api,
)
"""What is installed, in this order."""

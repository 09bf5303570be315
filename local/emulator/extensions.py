"""Every extension of MiniStack, in the order in which they are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.emulator import (
    alarms,
    async_failures,
    cloudformation,
    decisions,
    emf,
    eventbridge,
    fault_gateway,
    metrics,
    queues,
    request_context,
    roles,
    s3_copies,
    s3_events,
    s3_permissions,
    s3_ranges,
    scope,
    step_functions,
)

if TYPE_CHECKING:
    from types import ModuleType

_EXTENSIONS: tuple[ModuleType, ...] = (
    decisions,
    request_context,
    s3_permissions,
    s3_copies,
    s3_ranges,
    s3_events,
    eventbridge,
    metrics,
    emf,
    async_failures,
    alarms,
    cloudformation,
    *step_functions.EXTENSIONS,
    fault_gateway,
)

TOUCHES: tuple[str, ...] = tuple(
    touch for module in (scope, queues, roles, *_EXTENSIONS) for touch in module.TOUCHES
)
"""Every private name of MiniStack that is replaced, called or read."""


def install() -> None:
    """Put every extension in place."""
    for module in _EXTENSIONS:
        module.install()

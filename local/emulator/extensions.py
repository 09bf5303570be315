"""Every extension of MiniStack, in the order in which they are installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from local.emulator import alarms, cloudformation, emf, eventbridge, metrics, roles, s3, scope

_EXTENSIONS: tuple[Any, ...] = (roles, s3, eventbridge, metrics, emf, alarms, cloudformation)
if importlib.util.find_spec("local.emulator.step_functions"):
    _EXTENSIONS += tuple(importlib.import_module("local.emulator.step_functions").EXTENSIONS)

TOUCHES: tuple[str, ...] = tuple(
    touch for module in (scope, *_EXTENSIONS) for touch in module.TOUCHES
)
"""Every private name of MiniStack that is replaced, called or read."""


def install() -> None:
    """Put every extension in place."""
    for module in _EXTENSIONS:
        module.install()

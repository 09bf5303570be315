"""The time of an event that starts an execution."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from functions.domain.timestamps import parse_timestamp

_YEARS: Final = range(2000, 2100)
"""Bounds of a plausible time, to which retention can be added."""


def _whole_seconds(value: Any) -> datetime:
    try:
        at = parse_timestamp(value)
    except (TypeError, ValueError, OverflowError):
        at = None
    if at is None or at.year not in _YEARS:
        raise ValueError(f"no time with a zone from {_YEARS[0]} to {_YEARS[-1]}")
    return at


EventTime = Annotated[datetime, BeforeValidator(_whole_seconds)]
"""Cut to seconds."""

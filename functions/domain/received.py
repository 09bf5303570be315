"""What all messages of AWS have in common: how they are read, and their times."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

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


class Received(BaseModel):
    """Base class: unknown members are ignored, and errors do not quote what was received."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


EventTime = Annotated[datetime, BeforeValidator(_whole_seconds)]
"""Cut to seconds."""

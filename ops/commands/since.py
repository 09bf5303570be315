"""How far back a command looks: `90m`, `12h`, `2d`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ops.errors import Refused
from ops.view.terminal import visible

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(since: str) -> datetime:
    """The moment so long ago (UTC).

    Raises:
        Refused: if it is not a number of minutes, hours or days.
    """
    match = re.fullmatch(r"(\d{1,4})([mhd])", since)
    if match is None:
        raise Refused(f"--since {visible(since)} is not a period of time: write 90m, 12h or 2d.")
    return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]

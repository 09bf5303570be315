"""Durations as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.domain.plain_text import counted

if TYPE_CHECKING:
    from datetime import timedelta


def exact(duration: timedelta) -> str:
    """What something took: `0.42 s`, `3 min 5 s`, `2 h 10 min`."""
    total = max(duration.total_seconds(), 0.0)
    if total < 60:
        return f"{total:.2f} s" if total < 10 else f"{total:.1f} s"
    minutes, rest = divmod(round(total), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def rough(seconds: float) -> str:
    """An age, or an estimate: `50 s`, `4 min`, `2 h 11 min`, `3 days`."""
    if round(seconds) < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return counted(minutes // 1440, "day")

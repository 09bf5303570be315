"""Moments as the embedded AWS keeps them: ISO 8601 in UTC, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The present moment."""
    return text(datetime.now(UTC))


def text(moment: datetime) -> str:
    """A moment in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(moment: str) -> float:
    """A moment in seconds since 1970, as the JSON protocols of AWS give it."""
    return datetime.fromisoformat(moment).timestamp()

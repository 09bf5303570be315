"""Times as this system writes them: UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ`."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

JST: Final = timezone(timedelta(hours=9), "JST")
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


def timestamp(at: datetime) -> str:
    """Write a time; fractions of a second are cut, not rounded."""
    return at.astimezone(UTC).strftime(_FORMAT)


def parse_timestamp(text: str) -> datetime:
    """Read an ISO 8601 time with a zone, cut to seconds.

    Raises:
        ValueError: if it is not a time, or has no zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at.astimezone(UTC).replace(microsecond=0)


def jst_date(at: datetime) -> str:
    """The calendar date in Japan, `YYYY-MM-DD`: the folder of processed images."""
    return at.astimezone(JST).strftime("%Y-%m-%d")

"""Templates: everything is escaped, numbers and times are written as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup, escape

from functions.domain.plain_text import counted, visible
from ops.view.durations import exact, rough

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
UNKNOWN: Final = "\N{EN DASH}"
"""Shown for a value that is not known."""
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")


def _shown(value: object) -> object:
    """Escape the control characters of a text from outside; jinja2 escapes its markup.

    So a value that a browser sends back is encoded before (`urlencode`), or is plain.
    """
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def count(value: int | None) -> str:
    """`1,234`; a dash for what is not known."""
    return UNKNOWN if value is None else f"{value:,}"


def size(value: float) -> str:
    """`195.0 MB`."""
    if value < 1000:
        return f"{value:.0f} {_UNITS[0]}"
    for unit in _UNITS[1:]:
        value /= 1000
        if value < 1000 or unit == _UNITS[-1]:
            break
    return f"{value:.1f} {unit}"


def percent(part: float, whole: float) -> str:
    """`2.5 %`."""
    return f"{part / whole:.1%}".replace("%", " %") if whole else UNKNOWN


def local(moment: datetime) -> datetime:
    """Convert a moment to the time zone of this machine."""
    return moment.astimezone()


def clock(moment: datetime) -> str:
    """`02:57:52`."""
    return f"{local(moment):%H:%M:%S}"


def when(moment: datetime, *, now: datetime) -> str:
    """`02:57` today, `Fri 22:15` in this week, else the date."""
    then, today = local(moment), local(now).date()
    if then.date() == today:
        return f"{then:%H:%M}"
    if today - then.date() < timedelta(days=6):
        return f"{then:%a %H:%M}"
    return f"{then:%Y-%m-%d}"


def day(moment: datetime) -> str:
    """`Fri 27 Nov 19:02`."""
    return f"{local(moment):%a %d %b %H:%M}"


def ago(moment: datetime, *, now: datetime) -> str:
    """`5 h 43 min`."""
    return rough((now - moment).total_seconds())


def left(seconds_left: float) -> str:
    """`50 s`, `4 min`: what is left is not known more exactly."""
    return rough(max(10.0, round(seconds_left, -1)))


def prose(text: str) -> Markup:
    """Format a text, with words in backticks as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(visible(part)) if number % 2 else escape(visible(part))
        for number, part in enumerate(parts)
    )


def lines(text: str) -> Markup:
    """Format a text of several lines."""
    return Markup("\n").join(escape(visible(line)) for line in text.splitlines())


def zone() -> str:
    """`JST (UTC+09:00)`."""
    now = datetime.now(UTC).astimezone()
    offset = f"{now:%z}"
    return f"{now.tzname()} (UTC{offset[:3]}:{offset[3:]})"


_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "count": count,
    "counted": counted,
    "size": size,
    "clock": clock,
    "day": day,
    "left": left,
    "lines": lines,
    "prose": prose,
    "span": exact,
}
_ENVIRONMENT.globals |= {"percent": percent, "when": when, "ago": ago, "zone": zone}


def render(template: str, context: Mapping[str, Any]) -> str:
    """Render the HTML of a page."""
    return _ENVIRONMENT.get_template(template).render(context)

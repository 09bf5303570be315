"""How the page looks: readable colours, and nothing that its policy forbids."""

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.console import templating

CSS = (templating.STATIC / "console.css").read_text("utf-8")
TEMPLATES = sorted((templating.HERE / "templates").glob("*.html"))
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
}
GROUNDS = ("page", "panel", "sunk")
TEXTS = ("ink", "mute", "accent", "done", "fail", "warn", "idle")
LEAST = 4.5
"""Of text: https://www.w3.org/WAI/WCAG21/Understanding/contrast-minimum.html."""


def _channels(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _luminance(channels: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [*itertools.product(TEXTS, GROUNDS)])
def test_texts_stand_out_from_their_ground(text: str, ground: str, theme: int) -> None:
    on = _channels(COLOURS[ground][theme])
    assert _contrast(_channels(COLOURS[text][theme]), on) >= LEAST


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["done", "fail", "warn", "accent", "idle"])
def test_a_status_stands_out_from_its_tint(text: str, theme: int) -> None:
    colour, panel = _channels(COLOURS[text][theme]), _channels(COLOURS["panel"][theme])
    tint = tuple(0.11 * c + 0.89 * p for c, p in zip(colour, panel, strict=True))
    assert _contrast(colour, tint) >= LEAST


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_main_button_can_be_read(theme: int) -> None:
    texts = _channels(COLOURS["on-accent"][theme]), _channels(COLOURS["accent"][theme])
    assert _contrast(*texts) >= LEAST


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_templates_have_nothing_inline_and_nothing_unescaped(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|<style|\|\s*safe", text)
    assert re.findall(r"<script[^>]*>", text) in ([], ['<script src="/static/console.js">'])
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_what_comes_from_outside_is_escaped_and_shown() -> None:
    shown = templating.render(
        "message.html",
        {
            "acts": False,
            "at": datetime.now(UTC),
            "feed": "",
            "heading": "<b>\u202ereversed",
            "place": '"><script>alert(1)</script>',
            "stack": "BatchIngest",
            "text": "`<i>` \x1b[31m",
            "trouble": "",
        },
    )
    assert "<b>" not in shown
    assert "alert(1)</script>" not in shown
    assert "\\u202ereversed" in shown
    assert "<code>&lt;i&gt;</code> \\x1b[31m" in shown

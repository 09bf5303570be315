"""What came from outside is shown, never obeyed."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ops.terminal import outside, visible


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_unshowable_is_left_and_all_of_it_can_be_written(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\t", "a\\r\\nb\\t"),
        ("gpj\u202e.exe", "gpj\\u202e.exe"),
        ("\ud800", "\\ud800"),
        ("レシート 🥐", "レシート 🥐"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_markup_is_text() -> None:
    drawn = io.StringIO()
    Console(file=drawn, force_terminal=True, color_system=None).print(outside("[red]a[/red] :x:"))
    assert drawn.getvalue() == "[red]a[/red] :x:\n"

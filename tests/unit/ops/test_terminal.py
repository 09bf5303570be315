"""What came from outside is shown, never obeyed."""

import io
import os
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from local.server import PROJECT
from ops.view.terminal import outside, prose, visible


def printed(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a process of its own prints, with a terminal as it finds it."""
    return subprocess.run(
        ["sh", "-c", code, sys.executable],
        env={**os.environ, **environment},
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )


def test_letters_that_the_encoding_does_not_have_are_shown_as_escapes() -> None:
    code = """exec "$0" -c "from ops.view.terminal import out; out.print('caf\\u00e9')" """
    assert printed(code, PYTHONIOENCODING="ascii").stdout == b"caf\\xe9\n"


def test_a_closed_output_ends_no_command() -> None:
    code = """exec "$0" -c "from ops.view.terminal import out; out.print('nobody reads')" >&-"""
    ended = printed(code)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_help_on_a_full_disk_is_a_sentence() -> None:
    code = """exec "$0" -c "from ops.cli import main; main()" --help >/dev/full"""
    ended = printed(code)
    assert ended.returncode == 1
    assert ended.stderr == b"This machine does not allow it: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("columns", "width"), [("40", 40), ("", 160), ("0", 160), ("-5", 160), ("wide", 160)]
)
def test_columns_says_how_wide_a_pipe_s_tables_are(columns: str, width: int) -> None:
    code = """exec "$0" -c "from ops.view.terminal import out; print(out.width)" | cat"""
    assert int(printed(code, COLUMNS=columns).stdout) == width


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


@given(
    st.lists(
        st.sampled_from(["images", "are", "`ingest replay job-1 --object k`,", "x" * 90]),
        min_size=1,
    ),
    st.integers(20, 80),
)
def test_sentences_break_between_words_and_never_in_a_command(words: list[str], width: int) -> None:
    lines = prose(" ".join(words), indent=2, width=width).splitlines()
    assert all(line.startswith("  ") for line in lines)
    assert [line.strip() for line in lines if len(line) > width] == [
        word for word in words if len(word) + 2 > width
    ]
    assert " ".join(line.strip() for line in lines) == " ".join(words)

"""`ingest check` says what would become of a file, and what a file of another shape is."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from local import server
from ops import cli
from ops.errors import ExitCode
from ops.model import project
from tests.answers.shapes import TEXT, anthropic, says

ANSWERS = Path(__file__).parents[2] / "answers" / "files"


def check(file: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.app, ["check", str(file), *options])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl.out"


def _write(file: Path, *records: dict[str, Any]) -> None:
    lines = [json.dumps({"recordId": f"r{n}", **each}) for n, each in enumerate(records)]
    file.write_text("\n".join(lines))


def test_it_counts_what_would_load_and_shows_the_first_transactions(file: Path) -> None:
    _write(file, anthropic(TEXT), says(TEXT), says(TEXT), {"recordId": "r1", **says(TEXT)})
    shown = check(file)
    assert shown.exit_code == ExitCode.DONE
    assert "4 records = 3 transactions + 0 rejects + 1 duplicate" in shown.stdout
    assert "answers found in the form: Llama 3, Anthropic Messages 1" in shown.stdout
    assert "Kissa Maru" in shown.stdout
    assert "This product reads receipts" not in shown.stdout


def test_it_judges_by_the_project_s_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The object that the stack is deployed with, `cdk.json`, has another prefix and limit."""
    (file.parent / "cdk.json").write_text(
        json.dumps({"context": {"paddingPrefix": "PAD", "lineBytesLimit": 2_000}})
    )
    monkeypatch.setattr(server, "PROJECT", file.parent)
    project._context.cache_clear()
    _write(file, says(TEXT), {**says(TEXT), "more": "x" * 2_000}, {"recordId": "PAD1"})
    try:
        found = json.loads(check(file, "--json").stdout)
    finally:
        project._context.cache_clear()
    assert (found["transactions"], found["padding"]) == (1, 1)
    assert [each["reason"] for each in found["rejects"]] == ["LineTooLong"]


def test_it_groups_rejects_by_reason_and_detail_with_examples() -> None:
    found = json.loads(check(ANSWERS / "dates-null.jsonl.out", "--json").stdout)
    assert (found["records"], found["transactions"], found["rejected"]) == (60, 15, 45)
    (kind,) = found["rejects"]
    assert (kind["reason"], kind["count"]) == ("InvalidReceipt", 45)
    assert kind["detail"] == "date: must be a string, not null"
    assert [each["recordId"] for each in kind["examples"]] == ["e000", "e001", "e002"]
    assert all("excerpt" not in each for each in kind["examples"])
    assert found["first"][0]["imageId"] == "e045"


def test_what_the_model_wrote_is_shown_on_request_only() -> None:
    file = ANSWERS / "dates-null.jsonl.out"
    assert 'Kissa Maru"' not in check(file).stdout
    assert '"merchant": "Kissa Maru"' in check(file, "--excerpts").stdout


@pytest.mark.parametrize("content", ["", "\n \r\n", "\ufeff"])
def test_a_file_without_a_record_says_so(file: Path, content: str) -> None:
    file.write_text(content)
    shown = check(file)
    assert (shown.exit_code, shown.stdout) == (ExitCode.DONE, f"{file.name}: it holds no record.\n")
    estimated = CliRunner().invoke(cli.app, ["estimate", str(file)])
    assert estimated.exit_code == ExitCode.DONE
    assert estimated.stdout == "Estimate: there is no record, so nothing is to be loaded.\n"


def test_padding_is_counted_apart() -> None:
    shown = check(ANSWERS / "padded.jsonl.out").stdout
    assert "100 records = 30 transactions + 0 rejects + 0 duplicates + 70 padding" in shown


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"recordId": "a"}]', "looks like one JSON array"),
        (b'[\n{"recordId": "a"},\n{"recordId": "b"}\n]', "one JSON array with an object a line"),
        (b'{\n  "recordId": "a",\n  "x": 1\n}', "looks like pretty-printed JSON"),
        (b'{"recordId": "a"}{"recordId": "b"}', "looks like several objects a line"),
        (b"\x00\xff\xfe" * 9, "looks like binary data"),
        ('{"recordId": "a"}'.encode("utf-16"), "looks like UTF-16"),
        (b"PK\x03\x04" + bytes(20), "looks like a ZIP archive"),
    ],
)
def test_a_file_that_is_not_json_lines_is_named(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    shown = check(file)
    assert said in shown.stdout
    assert shown.exit_code == ExitCode.JOB_FAILED


def test_gzip_is_named_and_read_all_the_same() -> None:
    shown = check(ANSWERS / "gzip.jsonl.out")
    assert "The file is gzip" in shown.stdout
    assert "30 records = 30 transactions" in shown.stdout


def test_a_file_of_another_shape_names_what_to_change_in_the_product(file: Path) -> None:
    _write(file, *[says('{"invoice": 1, "total": 2}')] * 3, says(TEXT))
    shown = check(file).stdout
    assert "This product reads receipts" in shown
    root = Path(cli.__file__).parents[1]
    named = [word for word in shown.split() if word.startswith(("functions/", "docs/"))]
    assert len(named) == 4
    assert all((root / name).is_file() for name in named)


def test_the_input_of_a_job_is_recognised(file: Path) -> None:
    _write(file, *[{"modelInput": {}}] * 3)
    assert "looks like the input of a batch job" in check(file).stdout


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda _: None, ExitCode.NOT_FOUND, "There is no file"),
        (Path.mkdir, ExitCode.REFUSED, "is a folder"),
        (os.mkfifo, ExitCode.REFUSED, "such as a pipe"),
        (
            lambda file: file.write_bytes(gzip.compress(b'{"recordId": "a"}' * 1000)[:-20]),
            ExitCode.REFUSED,
            "ends too early",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    file: Path, make: Callable[[Path], object], code: ExitCode, said: str
) -> None:
    make(file)
    shown = check(file)
    assert shown.exit_code == code
    assert said in shown.output

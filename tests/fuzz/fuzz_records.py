"""Fuzz the reading of lines, guided by coverage, against the reference.

It needs atheris, which is no dependency of this project; from the project's folder:

    uv venv .local/fuzz --python 3.11
    uv pip install --python .local/fuzz atheris pydantic typing_extensions
    .local/fuzz/bin/python -m tests.fuzz.fuzz_records -max_total_time=600

Arguments are libFuzzer's (https://llvm.org/docs/LibFuzzer.html#options); a folder among them is
the corpus it grows, else it starts from damaged lines every time. A find ends the run with the
line and the difference: put the line into tests/reference/test_finds.py, then mend what is wrong.
"""

import json
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]

# The reference too: its scanner is in Python, so its branches lead into the grammar of JSON,
# where the product's parser is native and shows none.
with atheris.instrument_imports(include=["functions.domain", "tests.reference"]):
    from tests.reference.compare import comparer
from tests.reference import mutate
from tests.reference.transactions import Job, Retention

LINE_LIMIT = 64 * 1024
SEEDS = 2000
COMPARE = comparer(
    Job(job_id="job-1", intent_id="intent-1", user_id="user-1", model_id="m", trace_id="t"),
    event_time="2026-07-01T00:00:00Z",
    retention=Retention(),
    limit=LINE_LIMIT,
)
DICTIONARY = (
    *('"recordId"', '"customData"', '"modelInput"', '"modelOutput"', '"output"', '"error"'),
    *('"content"', '"message"', '"choices"', '"generation"', '"outputs"', '"text"', '"type"'),
    *('"amount"', '"date"', '"merchant"', '"category"', '"description"', '"2026-07-01"'),
    *("```json\n", "\n```", "\\ud83d\\ude00", "\\ud800", "1e-130", "1e12", "NaN", "null"),
)


class Difference(Exception):  # noqa: N818
    """The product and the reference disagree."""


def check(data: bytes) -> None:
    """Read the bytes as a line, or (for every other first byte) as a model's text in a line."""
    line = data[1:]
    if data[:1] and data[0] % 2:
        text = line.decode("utf-8", "replace")
        line = json.dumps({"recordId": "r", "output": {"text": text}}).encode()
    if difference := COMPARE(line):
        raise Difference(f"{difference}\n{line!r}")


def write_seeds(folder: Path) -> None:
    """Lines to start from: damaged ones of every kind."""
    for number in range(SEEDS):
        line = mutate.case(0, number).line
        if len(line) <= LINE_LIMIT:
            (folder / f"line-{number}").write_bytes(b"\x00" + line)


def write_dictionary(path: Path) -> None:
    """Words that the mutations insert whole."""
    words = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in DICTIONARY)
    path.write_text("".join(f'"{word}"\n' for word in words))


def main() -> None:
    """Fuzz until a find, or as long as told."""
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        write_seeds(seeds)
        write_dictionary(Path(folder) / "words.txt")
        options = [f"-max_len={LINE_LIMIT}", f"-dict={folder}/words.txt", "-timeout=10"]
        atheris.Setup([*sys.argv, *options, str(seeds)], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

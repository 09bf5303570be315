"""Both read the names of objects alike (the contract, section 1.1)."""

import random

import pytest

from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key
from tests.reference.object_keys import Manifest, ResultsObject, read_key

PARTS = (
    *("batch-output", "batch-output", "batch-output", "Batch-output", "uploads", "work", "", ""),
    *(
        "job-1",
        "job-1",
        "a+b",
        "100%",
        "%2F",
        "sp ace",
        "領収書",
        "😀",
        "new\nline",
        ".",
        "..",
        "-",
    ),
    *("output.jsonl", "output.jsonl.out", "x.jsonl.out", "x.jsonl", ".jsonl", ".jsonl.out"),
    *(
        "x.JSONL",
        "x.jsonl.gz",
        "x.json",
        "manifest.json.out",
        "manifest.json",
        "jsonl",
        "x.jsonl\n",
    ),
    *("x.jsonl.out.out", "x.jsonl.jsonl", "manifest.json.out.jsonl", "\u2028.jsonl"),
)


def _both(key: str) -> tuple[object, object]:
    found, expected = parse_key(key), read_key(key)
    match found:
        case ResultsKey():
            return ResultsObject(found.job_id, found.name), expected
        case ManifestKey():
            return Manifest(found.job_id), expected
    return found, expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("batch-output/j/x.jsonl.out", ResultsObject("j", "x.jsonl.out")),
        ("batch-output/j/output.jsonl", ResultsObject("j", "output.jsonl")),
        ("batch-output/j/a/b c/+%20.jsonl.out", ResultsObject("j", "a/b c/+%20.jsonl.out")),
        ("batch-output/j/manifest.json.out", Manifest("j")),
        ("batch-output/j/a/manifest.json.out", None),
        ("batch-output/j/.jsonl", None),
        ("batch-output/j/.jsonl.out", None),
        ("batch-output//x.jsonl", None),
        ("batch-output/x.jsonl", None),
        ("other/batch-output/j/x.jsonl", None),
    ],
)
def test_known_keys(key: str, expected: object) -> None:
    assert _both(key) == (expected, expected)


def test_they_agree_on_any_key() -> None:
    chance = random.Random(1)
    for _ in range(50_000):
        key = "/".join(chance.choices(PARTS, k=chance.randint(1, 5)))
        if chance.random() < 0.5:
            key = f"batch-output/{key}"
        found, expected = _both(key)
        assert found == expected, repr(key)

"""Both read the names of objects alike (the contract, section 1.1)."""

import random

import pytest

from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key
from tests.reference.object_keys import Manifest, NoJob, ResultsObject, read_key

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


ON_RECORD = {"j", "job-1", "a+b", "領収書", "sp ace", ".."}


def _both(key: str) -> tuple[object, object]:
    return _product(key), read_key(key, ON_RECORD)


def _product(key: str) -> object:
    if (parsed := parse_key(key)) is None:
        return None
    job_id = next((folder for folder in parsed.folders if folder in ON_RECORD), None)
    if job_id is None:
        return NoJob(parsed.folders)
    match parsed.of_job(job_id):
        case ResultsKey() as found:
            assert found.key == key == f"{found.folder}{found.name}"
            return ResultsObject(found.job_id, found.name)
        case ManifestKey() as found:
            assert found.folder == key.removesuffix("manifest.json.out")
            return Manifest(found.job_id)
        case None:
            return None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("batch-output/j/x.jsonl.out", ResultsObject("j", "x.jsonl.out")),
        ("batch-output/j/output.jsonl", ResultsObject("j", "output.jsonl")),
        ("batch-output/j/a/b c/+%20.jsonl.out", ResultsObject("j", "a/b c/+%20.jsonl.out")),
        ("batch-output/team/2026/j/x.jsonl.out", ResultsObject("j", "x.jsonl.out")),
        ("batch-output/j/job-1/x.jsonl.out", ResultsObject("j", "job-1/x.jsonl.out")),
        ("batch-output//a#b/j//x.jsonl.out", ResultsObject("j", "/x.jsonl.out")),
        ("batch-output/1/2/3/4/5/6/7/j/x.jsonl", ResultsObject("j", "x.jsonl")),
        ("batch-output/1/2/3/4/5/6/7/8/j/x.jsonl", NoJob(tuple("12345678"))),
        ("batch-output/x/y/z.jsonl", NoJob(("x", "y"))),
        ("batch-output/j/manifest.json.out", Manifest("j")),
        ("batch-output/team/j/manifest.json.out", Manifest("j")),
        ("batch-output/x/y/manifest.json.out", NoJob(("x", "y"))),
        ("batch-output/j/a/manifest.json.out", None),
        ("batch-output/x/j/.jsonl", None),
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
        key = "/".join(chance.choices(PARTS, k=chance.randint(1, 12)))
        if chance.random() < 0.5:
            key = f"batch-output/{key}"
        found, expected = _both(key)
        assert found == expected, repr(key)

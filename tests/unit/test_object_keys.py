"""The names of objects (the contract, section 1.1)."""

import pytest

from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key, results_of

ON_RECORD = {"j", "job-1", "sp ace", ".."}
MANIFEST = "manifest.json.out"


@pytest.mark.parametrize(
    ("key", "job", "name"),
    [
        ("batch-output/j/x.jsonl.out", "j", "x.jsonl.out"),
        ("batch-output/j/output.jsonl", "j", "output.jsonl"),
        ("batch-output/j/a/b c/+%20領収書.jsonl.out", "j", "a/b c/+%20領収書.jsonl.out"),
        ("batch-output/team/2026/j/x.jsonl.out", "j", "x.jsonl.out"),
        ("batch-output/j/job-1/x.jsonl.out", "j", "job-1/x.jsonl.out"),
        ("batch-output//a#b/j//x.jsonl.out", "j", "/x.jsonl.out"),
        ("batch-output/1/2/3/4/5/6/7/j/x.jsonl", "j", "x.jsonl"),
        ("batch-output/#/1/2/3/4/5/6/7//j/x.jsonl", "j", "x.jsonl"),
        ("batch-output/j/j/.jsonl", "j", "j/.jsonl"),
        ("batch-output/sp ace/x.jsonl.jsonl", "sp ace", "x.jsonl.jsonl"),
        ("batch-output/../x.jsonl", "..", "x.jsonl"),
        ("batch-output/j/manifest.json.out.jsonl", "j", "manifest.json.out.jsonl"),
        ("batch-output/j/manifest.json.out", "j", MANIFEST),
        ("batch-output/team/j/manifest.json.out", "j", MANIFEST),
    ],
)
def test_an_object_is_that_of_the_first_folder_that_is_a_job(key: str, job: str, name: str) -> None:
    parsed = parse_key(key)
    assert parsed is not None
    assert next(folder for folder in parsed.folders if folder in ON_RECORD) == job
    found = parsed.of_job(job)
    if name == MANIFEST:
        assert found == ManifestKey(key, job)
        assert results_of(key, job) is None
    else:
        assert found == results_of(key, job) == ResultsKey(key, job, name)
    assert results_of(key, "another") is None
    assert found is not None
    assert found.folder == key.removesuffix(name)


@pytest.mark.parametrize(
    ("key", "tried"),
    [
        ("batch-output/1/2/3/4/5/6/7/8/j/x.jsonl", tuple("12345678")),
        ("batch-output/x/y/z.jsonl", ("x", "y")),
        ("batch-output/x/y/manifest.json.out", ("x", "y")),
        ("batch-output/x/y/.jsonl", ("x", "y")),
        ("batch-output/x#y/z.jsonl", ()),
    ],
)
def test_folders_of_no_job_are_tried_in_their_order(key: str, tried: tuple[str, ...]) -> None:
    parsed = parse_key(key)
    assert parsed is not None
    assert parsed.folders == tried


@pytest.mark.parametrize(
    "key",
    [
        "batch-output/j/a/manifest.json.out",
        "batch-output/j/manifest.json",
        "batch-output/x/j/.jsonl",
        "batch-output/j/.jsonl",
        "batch-output/j/.jsonl.out",
        "batch-output/j/x.jsonl.out.out",
        "batch-output/j/x.JSONL",
        "batch-output/j/x.jsonl\n",
        "batch-output//x.jsonl",
        "batch-output//x/.jsonl",
        "batch-output/x.jsonl",
        "batch-output/manifest.json.out",
        "Batch-output/j/x.jsonl",
        "other/batch-output/j/x.jsonl",
    ],
)
def test_other_keys_are_ignored(key: str) -> None:
    if (parsed := parse_key(key)) is not None:
        jobs = ON_RECORD.intersection(parsed.folders)
        assert [parsed.of_job(job) for job in jobs] == [None]

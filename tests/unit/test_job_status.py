"""The status rule: every combination of what it looks at, written out."""

import itertools

import pytest

from functions.domain.claims import Claim, ClaimState
from functions.domain.jobs import JobStatus, status_of
from functions.domain.timestamps import parse_timestamp

# Claims down; across: records expected, and whether the manifest came, is awaited, or overdue.
TABLE = """
                   unknown         reached         exceeded        missed
                   came await over came await over came await over came await over
none               C    C     C    C    C     C    C    C     C    P    I     P
done               C    C     C    C    C     C    C    C     C    P    I     P
claimed            I    I     I    I    I     I    I    I     I    I    I     I
failed             F    F     F    F    F     F    F    F     F    F    F     F
done+done          C    C     C    C    C     C    C    C     C    P    I     P
done+claimed       I    I     I    I    I     I    I    I     I    I    I     I
done+failed        F    F     F    F    F     F    F    F     F    F    F     F
claimed+claimed    I    I     I    I    I     I    I    I     I    I    I     I
claimed+failed     F    F     F    F    F     F    F    F     F    F    F     F
failed+failed      F    F     F    F    F     F    F    F     F    F    F     F
"""
LETTERS = {
    "C": JobStatus.COMPLETED,
    "P": JobStatus.PARTIALLY_COMPLETED,
    "I": JobStatus.INGESTING,
    "F": JobStatus.FAILED,
}
TOTAL = 10
EXPECTED = {"unknown": None, "reached": 10, "exceeded": 9, "missed": 11}


def _rows() -> list[tuple[str, str, str, JobStatus]]:
    lines = TABLE.strip().splitlines()[2:]
    columns = list(itertools.product(EXPECTED, ("came", "awaited", "overdue")))
    return [
        (claims, expected, manifest, LETTERS[letter])
        for claims, *letters in map(str.split, lines)
        for (expected, manifest), letter in zip(columns, letters, strict=True)
    ]


def _claim(number: int, state: str) -> Claim:
    return Claim(
        key=f"key-{number}",
        etag="e",
        owner="o",
        generation=1,
        state=ClaimState(state),
        event_time=parse_timestamp("2026-11-23T00:00:00Z"),
    )


def test_the_table_has_every_combination_of_none_one_and_two_claims() -> None:
    kinds = {row[0] for row in _rows()}
    two = itertools.combinations_with_replacement(("claimed", "done", "failed"), 2)
    every = {"none", "claimed", "done", "failed", *(frozenset(pair) for pair in two)}
    assert len(kinds) == 1 + 3 + 6
    assert {k if "+" not in k else frozenset(k.split("+")) for k in kinds} == every


@pytest.mark.parametrize(("claims", "expected", "manifest", "status"), _rows())
def test_the_status_is_the_first_that_applies(
    claims: str, expected: str, manifest: str, status: JobStatus
) -> None:
    states = [] if claims == "none" else claims.split("+")
    for order in itertools.permutations(states):
        found = status_of(
            [_claim(number, state) for number, state in enumerate(order)],
            total=TOTAL,
            expected=EXPECTED[expected],
            may_wait=manifest == "awaited",
        )
        assert found is status


@pytest.mark.parametrize("status", list(JobStatus))
def test_completed_and_partially_completed_are_settled(status: JobStatus) -> None:
    settled = {JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED}
    assert status.is_settled is (status in settled)

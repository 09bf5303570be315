"""The status rule: a decision table, held against every combination of what it looks at."""

import itertools
from dataclasses import dataclass

import pytest

from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.claims import ClaimState
from functions.domain.counts import LoadCounts
from functions.domain.jobs import JobFacts, JobStatus, status_of

# The first row whose words all fit says the status; `*` fits anything, `a|b` either.
#   claims     of the job: all done, some claimed, some failed, none
#   young      a results object younger than the grace period that has no claim
#   bedrock    how the job ended there
#   records    good: some became transactions; bad: all were rejected; padding: nothing else;
#              none: there are no records
#   expected   unknown, reached or missed by the records
#   manifest   came or not
#   grace      whether the grace period has passed
TABLE = """
claims     young  bedrock                              records       expected  manifest  grace   status
failed     *      *                                    *             *         *         *       FAILED
claimed    *      *                                    *             *         *         *       INGESTING
*          young  *                                    *             *         *         *       INGESTING
*          none   Failed|Stopped|Expired               none|bad|padding  *     *         *       FAILED
*          none   *                                    bad           *         *         *       FAILED
*          none   *                                    *             reached   *         *       COMPLETED
*          none   unheard|Completed|Failed             *             unknown   *         *       COMPLETED
*          none   PartiallyCompleted|Stopped|Expired   *             unknown   *         *       PARTIALLY_COMPLETED
*          none   unheard                              *             missed    absent    waits   INGESTING
*          none   *                                    *             missed    *         *       PARTIALLY_COMPLETED
"""  # noqa: E501
COLUMNS = {
    "claims": ("none", "done", "claimed", "failed"),
    "young": ("none", "young"),
    "bedrock": ("unheard", *(status.value for status in BedrockStatus)),
    "records": ("good", "bad", "padding", "none"),
    "expected": ("unknown", "reached", "missed"),
    "manifest": ("came", "absent"),
    "grace": ("waits", "passed"),
}
LOADS = {
    "good": LoadCounts(success=3, rejects={"ModelError": 2}),
    "bad": LoadCounts(rejects={"ModelError": 2}, padding=3),
    "padding": LoadCounts(padding=5),
    "none": LoadCounts(),
}


@dataclass(frozen=True)
class Row:
    words: tuple[frozenset[str], ...]
    status: JobStatus

    def fits(self, combination: tuple[str, ...]) -> bool:
        return all(
            word in words or words == {"*"}
            for word, words in zip(combination, self.words, strict=True)
        )


def _rows() -> list[Row]:
    _, *lines = TABLE.strip().splitlines()
    split = [line.split() for line in lines]
    return [
        Row(tuple(frozenset(word.split("|")) for word in words), JobStatus(status))
        for *words, status in split
    ]


ROWS = _rows()
COMBINATIONS = list(itertools.product(*COLUMNS.values()))


def _facts(combination: tuple[str, ...], claims: tuple[ClaimState, ...]) -> JobFacts:
    said = dict(zip(COLUMNS, combination, strict=True))
    loads = LOADS[said["records"]]
    expected = {"unknown": None, "reached": loads.total, "missed": loads.total + 1}
    return JobFacts(
        claims=claims,
        unclaimed=said["young"] == "young",
        loads=loads,
        expected=expected[said["expected"]],
        has_manifest=said["manifest"] == "came",
        bedrock=None if said["bedrock"] == "unheard" else BedrockStatus(said["bedrock"]),
        grace_passed=said["grace"] == "passed",
    )


def _claims(kind: str) -> list[tuple[ClaimState, ...]]:
    """One, two and three claims of which the worst is of a kind, in every order."""
    if kind == "none":
        return [()]
    order = ["done", "claimed", "failed"]
    worst = order.index(kind)
    return [
        tuple(map(ClaimState, states))
        for number in (1, 2, 3)
        for states in itertools.product(order[: worst + 1], repeat=number)
        if kind in states
    ]


def test_every_row_of_the_table_decides_something_and_every_combination_is_decided() -> None:
    assert len(COMBINATIONS) == 4 * 2 * 6 * 4 * 3 * 2 * 2
    firsts = [next(i for i, row in enumerate(ROWS) if row.fits(each)) for each in COMBINATIONS]
    assert set(firsts) == set(range(len(ROWS)))
    assert {row.status for row in ROWS} == set(JobStatus)


@pytest.mark.parametrize("bedrock", COLUMNS["bedrock"])
@pytest.mark.parametrize("claims", COLUMNS["claims"])
def test_the_status_is_the_first_that_applies(claims: str, bedrock: str) -> None:
    for combination in COMBINATIONS:
        if combination[0] != claims or combination[2] != bedrock:
            continue
        expected = next(row.status for row in ROWS if row.fits(combination))
        for states in _claims(claims):
            assert status_of(_facts(combination, states)) is expected, (combination, states)

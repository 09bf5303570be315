"""docs/fault-matrix.md, written by a long run of the matrix."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "fault-matrix.md"

_HEAD = """# The fault matrix

Every fault at every call, on the embedded AWS: an execution meets the fault until it gives up,
people are told, somebody edits a transaction, the fault goes away, and one redrive finishes. Each
case asserts the error's name at the right state, the job and its claim marked, the state's alarm
and a message with the command to use, that only unfinished work ran again, that the edit was kept,
and that transactions, dead letters, images and the job's record equal those of an undisturbed run.

This page is written by `pytest tests/e2e/faults --long`.
"""

_TAIL = """
Two further cases fail nothing: when the answers to *mark the pending image* or *delete the source*
are lost, the call was carried out, and the next attempt finds it done.

## What cannot be produced locally

- Throttles by themselves: the embedded AWS has no quotas. They are put upon it, as faults of
  DynamoDB, of state transitions and of rules, which then answer, wait and count as AWS documents
  it; how much AWS gives, and when DynamoDB splits a partition, is not seen.
- An execution of more than two hours (`execution-slow`): its alarm is driven with a threshold of
  ten seconds.
- Time passes quickly: periods of alarms and waits between attempts are scaled, and a function that
  is stopped at its time limit is stopped at once.
- Delivery of status-change events by EventBridge is best effort on AWS, and reliable here.
- Encryption keys are not enforced here: their grants are held by assertions on the template.
"""


@dataclass(frozen=True)
class Result:
    """A case of the matrix, and how it went."""

    fault: str
    where: str
    state: str
    error: str
    outcome: str
    seconds: float


def write(results: list[Result]) -> None:
    """Write the page."""
    count = Counter(result.outcome for result in results)
    seconds = sum(result.seconds for result in results)
    said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items()))
    lines = [
        _HEAD,
        f"{len(results)} cases ({said}) in {seconds / 60:.0f} minutes.",
        "",
        "| Call | Fault | Fails in | Error | After one redrive |",
        "|---|---|---|---|---|",
        *(
            f"| {each.where} | {each.fault} | `{each.state}` | `{each.error}` |"
            f" {'as undisturbed' if each.outcome == 'passed' else each.outcome} |"
            for each in results
        ),
    ]
    PAGE.write_text("\n".join(lines) + "\n" + _TAIL, encoding="utf-8")

"""docs/generated/fault-matrix.md, written by a long run of all that goes wrong on purpose."""

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[3]
PAGE = _PROJECT / "docs" / "generated" / "fault-matrix.md"

FAULTS = (
    "exception",
    "throttle storm",
    "access denied",
    "function time-out",
    "task time-out",
    "killed process",
    "lost responses",
    "deleted object",
)
"""The columns; what else goes wrong is a row of the second table."""
_DEFINITION = json.loads((_PROJECT / "statemachine" / "ingest.asl.json").read_text("utf-8"))
STATES = tuple(
    name for name, state in _DEFINITION["States"].items() if state["Type"] in ("Task", "Map")
)
"""That can fail, in the order of the flow."""

_HEAD = """# The fault matrix

What goes wrong here goes wrong on the embedded AWS, with the template and the functions that are
deployed to AWS. This page is written by `pytest tests/e2e/faults --long`.
"""

_CALLS = """
## Every fault at every call

Each case does this: an execution meets the fault until it fails, a message is sent, a person edits
a transaction, the fault is removed, and one redrive finishes the execution. It asserts the name of
the error at the right state, a failed job and claim, the alarm of the state, a message with the
command to use, that only unfinished work ran again, that the edit was kept, and that transactions,
dead letters, images and the job's record equal those of an undisturbed run. Each call that a worker
makes in an undisturbed run is a row here, and one alone: a case counts them.

A cell is the error that the execution fails with; of a map's worker, the one that its children fail
with. *heals*: nothing fails, because the next attempt finds the work done or does without it. An
empty cell: there is no such fault at that call."""

_OTHERS = """
## Rules, children of maps, jobs, and faults that pass

The same is asserted, except for what the last column says.

| What goes wrong | Fails in | Error | After the cure |
|---|---|---|---|"""

_TAIL = """
A deleted image fails nothing: it is counted as left, and [has an alarm](../runbook/images-left.md).
A deleted manifest is one that has not come yet.

## What cannot be produced locally

- Throttles by themselves: the embedded AWS has no quotas but Lambda's. DynamoDB, state transitions
  and rules are throttled by faults, and then answer, wait and count as AWS documents it. How much
  AWS gives, and when DynamoDB splits a partition, is not seen.
- An execution of more than two hours (`execution-slow`): its alarm is driven with a threshold of
  ten seconds.
- Time passes quickly: periods of alarms and waits between attempts are scaled, and a function that
  is stopped at its time limit is stopped at once.
- Delivery of status-change events by EventBridge is best effort on AWS, and reliable here.
- Encryption keys are not enforced here: their grants are held by assertions on the template.
"""


@dataclass(frozen=True)
class Result:
    """A case, and how it went.

    Attributes:
        fault: A column of the matrix, or what went wrong in words.
        where: The call in words; empty where `fault` says it all.
        state: Where it failed; empty if nothing failed.
        error: With what.
        cured: What came of it; empty for what an undisturbed run leaves.
        outcome: Of the test.
        seconds: It took.
    """

    fault: str
    where: str
    state: str
    error: str
    cured: str
    outcome: str
    seconds: float


def write(results: list[Result], *, alarms: int) -> None:
    """Write the page.

    Args:
        results: The cases.
        alarms: How many were seen in both states.
    """
    failed = sum(result.outcome != "passed" for result in results)
    minutes = sum(result.seconds for result in results) / 60
    lines = [
        _HEAD,
        f"{len(results)} cases, of which {failed} failed. Together they took {minutes:.0f} min.",
        f"{alarms} alarms, each seen in ALARM and back in OK, and heard if it publishes.",
        _CALLS,
    ]
    calls = sorted((each for each in results if each.where), key=_state)
    for state, of_state in groupby(calls, _state):
        lines += _matrix(STATES[state], list(of_state))
    lines.append(_OTHERS)
    lines += [
        f"| {each.fault} | {_code(each.state)} | {_code(each.error)} |"
        f" {_verdict(each, each.cured or 'as undisturbed')} |"
        for each in results
        if not each.where
    ]
    PAGE.write_text("\n".join(lines) + "\n" + _TAIL, encoding="utf-8")


def _state(result: Result) -> int:
    return STATES.index(result.state)


def _matrix(state: str, results: list[Result]) -> list[str]:
    """A table: a row a call, a column a fault that the state has met."""
    faults = [fault for fault in FAULTS if any(each.fault == fault for each in results)]
    cells = {(each.where, each.fault): each for each in results}
    return [
        f"\n### {state}\n",
        f"| Call | {' | '.join(faults)} |",
        "|---" * (len(faults) + 1) + "|",
        *(
            f"| {where} | {' | '.join(_cell(cells.get((where, fault))) for fault in faults)} |"
            for where in dict.fromkeys(each.where for each in results)
        ),
    ]


def _cell(result: Result | None) -> str:
    if result is None:
        return ""
    return _verdict(result, _code(result.error) if result.error else "heals")


def _verdict(result: Result, good: str) -> str:
    return good if result.outcome == "passed" else f"**{result.outcome}**"


def _code(name: str) -> str:
    return f"`{name}`" if name else ""

"""One message about one outcome, readable in an e-mail, with its facts as JSON beside it."""

import json
from dataclasses import dataclass
from typing import Final

from functions.domain.failures import Cure, Failure
from functions.record_outcome.failed_state import FailedState
from functions.record_outcome.status_change import Execution

MAX_SUBJECT: Final = 100
"""SNS's limit of a subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""
_MAX_CAUSE: Final = 2000


@dataclass(frozen=True)
class Message:
    """What is published.

    Attributes:
        subject: At most 100 printable ASCII characters.
        text: For people, with the facts at its end.
        facts: For machines.
    """

    subject: str
    text: str
    facts: dict[str, object]


def failure_message(
    execution: Execution, failed: FailedState, *, job_id: str, stack: str
) -> Message:
    """Say what failed, why, and what to do about it."""
    facts: dict[str, object] = {
        "outcome": execution.status,
        "job": job_id,
        "object": execution.key,
        "execution": execution.arn,
        "failedState": failed.name,
        "error": execution.error,
        "cause": execution.cause[:_MAX_CAUSE],
        "redrivable": execution.is_redrivable,
        "redriveCount": execution.redrive_count,
        "failedChildren": failed.failed_children,
        "command": _command(execution, job_id),
        "console": console_link(execution.arn),
    }
    lines = [
        f"Ingest of job {job_id or '(none)'} {execution.status} in state {failed.name}.",
        "",
        f"Object:    {execution.key or '(none)'}",
        f"Error:     {execution.error or '(none)'}",
        f"Cause:     {execution.cause[:_MAX_CAUSE] or '(none)'}",
        *_children(failed),
        "",
        f"What to do: {_advice(execution)}",
        f"    {facts['command']}",
        "",
        f"Execution: {execution.arn}",
        f"Console:   {facts['console']}",
    ]
    subject = f"{stack}: {execution.status} {failed.name}, job {job_id}"
    return _message(subject, lines, facts)


def recovery_message(execution: Execution, *, job_id: str, stack: str) -> Message:
    """Say that a redrive has cured an execution."""
    facts: dict[str, object] = {
        "outcome": "RECOVERED",
        "job": job_id,
        "object": execution.key,
        "execution": execution.arn,
        "redriveCount": execution.redrive_count,
        "console": console_link(execution.arn),
    }
    lines = [
        f"Ingest of job {job_id or '(none)'} succeeded after {execution.redrive_count} redrive(s).",
        "",
        f"Object:    {execution.key or '(none)'}",
        f"Execution: {execution.arn}",
        f"Console:   {facts['console']}",
    ]
    return _message(f"{stack}: recovered, job {job_id}", lines, facts)


def console_link(arn: str) -> str:
    """The execution's page in the console."""
    region = arn.split(":")[3]
    return (
        f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        f"#/v2/executions/details/{arn}"
    )


def _advice(execution: Execution) -> str:
    known = execution.error in set(Failure)
    explanation = Failure(execution.error).explanation if known else None
    if explanation is not None:
        return explanation.sentence
    if execution.is_redrivable:
        return "Remove the cause, then redrive the execution."
    reason = execution.redrive_status_reason or "Step Functions does not redrive it"
    return f"It cannot be redriven ({reason}): replay the results object."


def _command(execution: Execution, job_id: str) -> str:
    known = execution.error in set(Failure)
    by_replay = known and Failure(execution.error).explanation.cure is Cure.REPLAY
    if by_replay or not execution.is_redrivable:
        return f"ingest replay {job_id}"
    return f"ingest redrive {execution.arn}"


def _children(failed: FailedState) -> list[str]:
    if not failed.failed_children:
        return []
    shown = [f"  - {c.item or '(item)'}: {c.error} {c.cause}".rstrip() for c in failed.children]
    more = failed.failed_children - len(failed.children)
    return [
        f"Failed children of the map: {failed.failed_children}",
        *shown,
        *([f"  - and {more} more"] if more > 0 else []),
    ]


def _message(subject: str, lines: list[str], facts: dict[str, object]) -> Message:
    printable = "".join(c if " " <= c <= "~" else "?" for c in subject)
    facts_as_json = json.dumps(facts, indent=2, ensure_ascii=False)
    return Message(printable[:MAX_SUBJECT], "\n".join([*lines, "", facts_as_json]), facts)

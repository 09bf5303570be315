"""One message about one outcome, readable in an e-mail, with its facts as JSON at the end.

Job ids, keys and causes come from outside: no line of the text can be made by them, its length is
bounded (SNS takes 256 KiB), and a command is safe to be copied into a shell.
"""

import json
from dataclasses import dataclass
from typing import Final

from functions.aws.failed_state import FailedState
from functions.domain.attempts import tried
from functions.domain.causes import plain_cause
from functions.domain.executions import Execution
from functions.domain.failures import Cure, Explanation
from functions.domain.hints import (
    PUT_BACK_EMBEDDED,
    filled_in,
    is_embedded,
    job_command,
    stack_options,
)
from functions.domain.plain_text import counted, visible
from functions.domain.service_failures import PUT_BACK, explain

MAX_SUBJECT: Final = 100
"""SNS's limit of a subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""
_MAX_CAUSE: Final = 2000
_MAX_ERROR: Final = 256
_MAX_REASON: Final = 500
_NOTHING: Final = "(none)"


@dataclass(frozen=True)
class Message:
    """A message to publish.

    Attributes:
        subject: At most 100 printable ASCII characters.
        text: For people, with the facts at its end.
        facts: For machines.
    """

    subject: str
    text: str
    facts: dict[str, object]


def failure_message(execution: Execution, failed: FailedState, *, stack: str) -> Message:
    """The message of a failure: what failed, why, and what to do about it."""
    error, cause = failed.behind(execution.error, plain_cause(execution.cause))
    explanation = explain(error, status=execution.status)
    options = stack_options(stack, arn=execution.arn)

    def hint(text: str) -> str:
        return _hint(text, execution, options=options)

    error, cause = error[:_MAX_ERROR], hint(cause[:_MAX_CAUSE])
    command = _command(execution, explanation, options=options)
    facts: dict[str, object] = {
        "outcome": execution.status,
        **_subject_facts(execution),
        "failedState": failed.name,
        "error": error,
        "cause": cause,
        "meaning": explanation.meaning,
        "redrivable": execution.is_redrivable,
        "cure": _cure(execution, explanation).value,
        "command": command,
    }
    if failed.items is not None:
        facts |= {
            "itemsSucceeded": failed.items.succeeded,
            "itemsFailed": failed.items.failed,
            "itemsUnfinished": failed.items.unfinished,
            "failedChildren": [
                {"item": c.item, "error": c.error, "cause": c.cause} for c in failed.children
            ],
        }
    lines = [
        (
            f"The ingest of job {_job(execution)} {_ENDED[execution.status]} in the state"
            f" {failed.name}."
        ),
        "",
        f"Object:     {execution.key or _NOTHING}",
        f"Error:      {error or _NOTHING}",
        f"Cause:      {cause or _NOTHING}",
        *_attempts(failed),
        *_children(failed),
        "",
        explanation.meaning,
        f"What to do: {hint(_advice(execution, explanation))}",
        "",
        f"    {command}",
        "",
        *_places(execution),
        f"Runbook:    ingest explain {_page(error)}",
    ]
    subject = f"{stack}: job {_job(execution)} {execution.status} in {failed.name}"
    return message_of(subject, lines, facts)


def redriven_message(execution: Execution, *, stack: str) -> Message:
    """The message that a redrive has begun, so that no second person begins one."""
    number = execution.redrive_count
    return message_of(
        f"{stack}: job {_job(execution)} is being redriven",
        [
            (
                f"Redrive {number} of the ingest of job {_job(execution)} has begun. You will"
                " be notified when it ends. No action is needed."
            ),
            "",
            f"Object:     {execution.key or _NOTHING}",
            *_places(execution),
        ],
        {"outcome": "REDRIVEN", **_subject_facts(execution)},
    )


def recovery_message(execution: Execution, *, stack: str) -> Message:
    """The message that a redriven execution has succeeded."""
    return message_of(
        f"{stack}: job {_job(execution)} has recovered",
        [
            (
                f"The ingest of job {_job(execution)} has succeeded after"
                f" {counted(execution.redrive_count, 'redrive')}. Nothing is left to do."
            ),
            "",
            f"Object:     {execution.key or _NOTHING}",
            *_places(execution),
        ],
        {"outcome": "RECOVERED", **_subject_facts(execution)},
    )


_CONSOLES: Final = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-eusc": "amazonaws-eusc.eu",
    "aws-us-gov": "amazonaws-us-gov.com",
}
"""The console's domain in each partition that has a public one."""


def console_link(arn: str) -> str | None:
    """The execution's page in the console of its partition; the embedded AWS has none."""
    if is_embedded(arn):
        return None
    _, partition, _, region, *_ = arn.split(":")
    return (
        f"https://{region}.console.{_CONSOLES.get(partition, _CONSOLES['aws'])}/states/home"
        f"?region={region}#/v2/executions/details/{arn}"
    )


_ENDED: Final = {"FAILED": "failed", "TIMED_OUT": "ran out of time", "ABORTED": "was stopped"}


def _job(execution: Execution) -> str:
    return execution.job_id or _NOTHING


def _cure(execution: Execution, explanation: Explanation) -> Cure:
    if explanation.cure is Cure.REDRIVE and not execution.is_redrivable:
        return Cure.REPLAY
    return explanation.cure


def _advice(execution: Execution, explanation: Explanation) -> str:
    if explanation.cure is not Cure.REDRIVE or execution.is_redrivable:
        return explanation.instruction
    reason = execution.redrive_status_reason or "Step Functions does not redrive it"
    return f"It cannot be redriven ({reason[:_MAX_REASON]}): replay the results object."


def _command(execution: Execution, explanation: Explanation, *, options: str) -> str:
    job_id = execution.job_id
    match _cure(execution, explanation):
        case Cure.REDRIVE:
            return f"ingest redrive {execution.arn}{options}"
        case Cure.REPLAY:
            return job_command("replay", job_id=job_id, key=execution.key, options=options)
        case Cure.DECISION:
            return job_command("rejects", job_id=job_id, options=options)
        case Cure.NEW_EVENT:
            return f"ingest inspect {execution.arn}{options}"


def _hint(text: str, execution: Execution, *, options: str) -> str:
    """A text with commands about this job, for the place where it runs."""
    return filled_in(
        text,
        command=lambda words: job_command(
            words, job_id=execution.job_id, key=execution.key, options=options
        ),
        put_back=PUT_BACK_EMBEDDED if is_embedded(execution.arn) else PUT_BACK,
    )


def _attempts(failed: FailedState) -> list[str]:
    said = tried(failed.attempts)
    return [f"Attempts:   {said}"] if said else []


def _page(error: str) -> str:
    """What `ingest explain` knows: the error, or what holds for any other."""
    return error if explain(error) != explain("") else "state-failed"


def _children(failed: FailedState) -> list[str]:
    if failed.items is None:
        return []
    items = failed.items
    shown = [f"  - {c.item or '(item)'}: {c.error}: {c.cause}".rstrip() for c in failed.children]
    more = items.failed - len(failed.children)
    return [
        (
            f"Items:      {items.succeeded} of {items.total} done, {items.failed} failed,"
            f" {items.unfinished} unfinished"
        ),
        *shown,
        *([f"  - and {more} more"] if more > 0 else []),
    ]


def _subject_facts(execution: Execution) -> dict[str, object]:
    return {
        "job": execution.job_id,
        "object": execution.key,
        "execution": execution.arn,
        "redriveCount": execution.redrive_count,
        "console": console_link(execution.arn),
    }


def _places(execution: Execution) -> list[str]:
    link = console_link(execution.arn)
    console = [f"Console:    {link}"] if link else []
    return [f"Execution:  {execution.arn}", *console]


def message_of(subject: str, lines: list[str], facts: dict[str, object]) -> Message:
    """A message of these lines, with the facts as JSON at its end."""
    printable = "".join(c if " " <= c <= "~" else "?" for c in subject)
    # As ASCII: characters that look like others are escapes.
    facts_as_json = json.dumps(facts, indent=2)
    text = "\n".join([*map(visible, lines), "", facts_as_json])
    return Message(printable[:MAX_SUBJECT], text, facts)

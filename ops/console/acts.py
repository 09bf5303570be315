"""Acts of the page: each asks the question of its command, and does the same."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.aws.resubmission.bedrock_retries import BedrockRetries, root_job
from functions.domain.failures import Cure
from functions.domain.plain_text import counted
from ops.commands import redrive, replay, tidy
from ops.console.verdict import Act
from ops.errors import NothingFound, Refused
from ops.model import leftovers, replays
from ops.model.failures import read_failed
from ops.model.resubmission import prepare, request_of, submit
from ops.view import resubmission

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from functions.aws.resubmission.submission import Prepared
    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment
    from ops.model.failures import FailedExecution
    from ops.model.leftovers import Leftovers
    from ops.model.replays import Replayable

_CHANGED = "It is no longer as it was when you were asked. Nothing was done."


@dataclass(frozen=True)
class Question:
    """The question before an act.

    Attributes:
        asked: The sentence that the command asks.
        texts: What it will do.
        rows: What it is about: a name, and what becomes of it.
        subjects: Identify it; only these are done.
        option: A further choice, in words; empty without one.
    """

    act: Act
    asked: str
    texts: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    subjects: tuple[str, ...]
    option: str = ""


def question(deployed: Deployment, view: JobView, act: Act) -> Question:
    """Build the question of an act about a job.

    Raises:
        OpsError: there is nothing to do, or it cannot be done.
    """
    if act is Act.REDRIVE:
        return _ask_redrive(deployed, _redrivable(deployed, view))
    if act is Act.REPLAY:
        return _ask_replay(deployed, view, _replayable(deployed, view))
    if act is Act.TIDY:
        return _ask_tidy(deployed, view.report.job_id)
    return _ask_resubmit(deployed, view.report.job_id)


def perform(
    deployed: Deployment, view: JobView, act: Act, *, subjects: Collection[str], option: bool
) -> None:
    """Do what was confirmed, as far as it still holds.

    Raises:
        OpsError: nothing of it is.
    """
    if act is Act.REDRIVE:
        executions = [
            each for each in _redrivable(deployed, view) if each.execution.arn in subjects
        ]
        _require(executions)
        refusals = [each.refusal for each in redrive.restart(deployed, executions) if each.refusal]
        if refusals:
            raise Refused(refusals[0])
    elif act is Act.REPLAY:
        objects = [each for each in _replayable(deployed, view) if _subject(each) in subjects]
        _require(objects)
        for each in objects:
            replays.start(deployed, each, reason="replayed by hand", accept_rejects=option)
    elif act is Act.TIDY:
        found = leftovers.find(deployed, view.report.job_id)
        _require([each for each in (_digest(found),) if each in subjects])
        leftovers.remove(deployed, found)
    else:
        _resubmit(deployed, view.report.job_id, subjects)


def _require(found: Sequence[object]) -> None:
    if not found:
        raise Refused(_CHANGED)


def _redrivable(deployed: Deployment, view: JobView) -> list[FailedExecution]:
    """The job's executions that failed and can be continued."""
    owners = {each.claim.owner for each in view.report.objects if each.claim.failure}
    if view.failed is not None:
        owners.add(view.failed.execution.arn)
    found = [read_failed(deployed, arn) for arn in sorted(owners)]
    return [each for each in found if each.obstacle is None]


def _ask_redrive(deployed: Deployment, chosen: Sequence[FailedExecution]) -> Question:
    if not chosen:
        raise NothingFound("Nothing of the job can be redriven now.")
    return Question(
        Act.REDRIVE,
        redrive.question(deployed, chosen),
        ("Finished work is not repeated.",),
        tuple((each.name, f"runs again: {each.will_run}") for each in chosen),
        tuple(each.execution.arn for each in chosen),
    )


def _replayable(deployed: Deployment, view: JobView) -> Sequence[Replayable]:
    key = view.failed.execution.key if view.failed else None
    return replays.find(deployed, view.report.job_id, key=key or None)


def _ask_replay(deployed: Deployment, view: JobView, found: Sequence[Replayable]) -> Question:
    accepts = view.failed is not None and view.failed.explanation.cure is Cure.DECISION
    return Question(
        Act.REPLAY,
        replay.question(deployed, found),
        (replay.EFFECT,),
        tuple((each.key, f"{counted(each.size, 'byte')}, {each.progress}") for each in found),
        tuple(map(_subject, found)),
        option=replay.ACCEPTED if accepts else "",
    )


def _subject(each: Replayable) -> str:
    return hashlib.sha256(f"{each.etag} {each.key}".encode()).hexdigest()


def _ask_tidy(deployed: Deployment, job_id: str) -> Question:
    found = leftovers.find(deployed, job_id)
    if not found.removable:
        raise NothingFound("Every transaction of the job is answered by its present results.")
    return Question(
        Act.TIDY,
        tidy.question(deployed, found),
        (tidy.summary(found),),
        (),
        (_digest(found),),
    )


def _ask_resubmit(deployed: Deployment, job_id: str) -> Question:
    with _prepared(deployed, job_id) as prepared:
        texts = (
            resubmission.summary(prepared),
            resubmission.not_repeated(prepared),
            resubmission.cost_of(deployed, prepared),
        )
        return Question(
            Act.RESUBMIT,
            resubmission.question(deployed, prepared),
            tuple(filter(None, texts)),
            tuple((each.where, f"not submitted: {each.why}") for each in prepared.export.left),
            (str(prepared.name),),
        )


def _resubmit(deployed: Deployment, job_id: str, subjects: Collection[str]) -> None:
    root = root_job(deployed, job_id)
    if BedrockRetries(deployed, root).write_missing_records():
        return  # an earlier run submitted it and was interrupted
    with _prepared(deployed, job_id) as prepared:
        _require([each for each in (str(prepared.name),) if each in subjects])
        submit(deployed, prepared)


@contextmanager
def _prepared(deployed: Deployment, job_id: str) -> Iterator[Prepared]:
    root, request = root_job(deployed, job_id), request_of()
    with tempfile.TemporaryFile() as file:
        prepared = prepare(deployed, root, request, file)
        if prepared is None:
            command = deployed.command("resubmit", job_id)
            raise NothingFound(
                f"{resubmission.nothing(root, request)} `{command} --reason REASON` names others."
            )
        yield prepared


def _digest(found: Leftovers) -> str:
    """A hash of the ids to remove: there may be too many for a form."""
    removed = "\n".join(sorted(each.transaction_id for each in found.removable))
    return hashlib.sha256(removed.encode()).hexdigest()

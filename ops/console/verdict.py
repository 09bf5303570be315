"""The verdict at the top of a job's page: the outcome, and the one thing to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from functions.domain.failures import Cure
from functions.domain.jobs import JobStatus
from functions.domain.plain_text import counted
from ops.console.templating import clock
from ops.console.words import sentence
from ops.model.job_list import count_in
from ops.view.durations import exact

if TYPE_CHECKING:
    from datetime import datetime

    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment
    from ops.model.failures import FailedExecution
    from ops.model.job_report import JobReport


class Act(StrEnum):
    """An act of the page; it does the same as the command of that name."""

    REDRIVE = "redrive"
    REPLAY = "replay"
    RESUBMIT = "resubmit"
    TIDY = "tidy"


@dataclass(frozen=True)
class Verdict:
    """The outcome of a job.

    Attributes:
        look: done, failed, warn, running or pending.
        title: In one sentence.
        text: More, with commands in backticks.
        error: Its name, where one failed.
        at: When that was.
        cure: What to do; empty where nothing is to be done.
        act: What the page can do about it.
        label: Of its button.
        command: The same, to paste.
    """

    look: str
    title: str
    text: str = ""
    error: str = ""
    at: datetime | None = None
    cure: str = ""
    act: Act | None = None
    label: str = ""
    command: str = ""


_DOING: Final = {
    "ResolveJob": "Finding the job",
    "PlanRanges": "Planning the ranges",
    "LoadRanges": "Loading",
    "VerifyLoad": "Proving that every byte is loaded",
    "MigrateImages": "Moving images",
    "VerifyMigration": "Proving that every image was looked at",
    "SettleJob": "Settling the job",
}


def verdict(view: JobView, *, deployed: Deployment, now: datetime) -> Verdict:
    """Return the outcome of a job, or its present state."""
    if view.failed is not None:
        return _failed(view, view.failed, deployed)
    if view.is_running:
        return Verdict("running", _running(view.report))
    if view.unclaimed:
        return _unclaimed(view, deployed)
    return _by_record(view, deployed, now)


def _by_record(view: JobView, deployed: Deployment, now: datetime) -> Verdict:
    """Return the verdict by the job's record alone."""
    if view.listed.status == JobStatus.COMPLETED:
        return _completed(view.report, now)
    if view.listed.status == JobStatus.FAILED:
        return _in_vain(view, deployed)
    if view.listed.status == JobStatus.PARTIALLY_COMPLETED:
        return _incomplete(view, deployed)
    return Verdict("pending", sentence(view.listed.why) or "Something is still to come")


def _failed(view: JobView, failed: FailedExecution, deployed: Deployment) -> Verdict:
    explanation, obstacle = failed.explanation, failed.obstacle
    text = failed.cause.removesuffix(explanation.sentence).strip()
    if text.startswith(explanation.meaning):
        text = text.removeprefix(explanation.meaning).strip()
    history = view.report.history
    said = Verdict(
        "failed",
        explanation.meaning.rstrip("."),
        text=f" {text}".partition(" Cure: ")[0].strip(),
        error=failed.error,
        at=history.ended if history else None,
        cure=_instruction(deployed, failed),
    )
    if obstacle is None:
        label = f"Redrive from {failed.failed.name}"
        return replace(said, act=Act.REDRIVE, label=label, command=failed.redrive)
    if not failed.is_open:
        return replace(said, cure=obstacle.reason or said.cure)
    said = replace(said, label="Replay the results object", command=obstacle.instead)
    if explanation.cure is Cure.DECISION:
        return replace(said, act=Act.REPLAY, label="Replay, and accept the rejects")
    if explanation.cure is Cure.REPLAY or not failed.execution.is_redrivable:
        return replace(said, act=Act.REPLAY)
    return said


def _instruction(deployed: Deployment, failed: FailedExecution) -> str:
    execution = failed.execution
    text = deployed.filled_in(
        failed.explanation.instruction, job_id=execution.job_id, key=execution.key
    )
    again = f" A redrive runs again: {failed.will_run}." if failed.obstacle is None else ""
    return f"{sentence(text)}{again}"


def _running(report: JobReport) -> str:
    history = report.history
    state = history.current if history else None
    if not state:
        return "Running"
    doing = _DOING.get(state, f"In the state {state}")
    return f"Redriven: {doing[0].lower()}{doing[1:]}" if history and history.redrives else doing


def _unclaimed(view: JobView, deployed: Deployment) -> Verdict:
    files = ", ".join(each.key.rpartition("/")[2] for each in view.unclaimed)
    job_id = view.report.job_id
    return Verdict(
        "warn",
        "No execution has begun its results",
        text=f"In the bucket: {files}. S3's event may come yet; an event that could not be "
        f"delivered waits in the dead-letter queue: `{deployed.command('dead-events')}`.",
        cure="Replay them if no event comes.",
        act=Act.REPLAY,
        label="Replay the results",
        command=deployed.command("replay", job_id),
    )


def _in_vain(view: JobView, deployed: Deployment) -> Verdict:
    job_id = view.report.job_id
    said = Verdict("failed", sentence(view.listed.why) or "It failed")
    if not view.report.loads.failure:
        return said
    return replace(
        said,
        act=Act.RESUBMIT,
        label="Submit the rejects again",
        command=deployed.command("resubmit", job_id),
        cure=f"See why below, or with `{deployed.command('rejects', job_id)}`. Where the answers "
        "are wrong, have these records answered again.",
    )


def _incomplete(view: JobView, deployed: Deployment) -> Verdict:
    missing = count_in(view.listed.stats, "missingCount")
    return Verdict(
        "warn",
        f"{counted(missing, 'record')} missing" if missing else "Bedrock cut it short",
        text=f"{sentence(view.listed.why)}. What has come is settled; "
        "results that come later are ingested and counted.",
        command=deployed.command("inspect", view.report.job_id),
    )


def _completed(report: JobReport, now: datetime) -> Verdict:
    history, loads = report.history, report.loads
    after = ""
    title = "Settled"
    if history is not None and history.ended is not None:
        if history.redrives:
            after = f", after {counted(history.redrives, 'redrive')}"
        title = f"Settled at {clock(history.ended)}{after}"
    text = "Every byte is proven loaded."
    if loads.failure:
        reason, most = max(loads.rejects.items(), key=lambda each: each[1])
        text += f" {counted(loads.failure, 'record')} became no transaction, {most} for {reason}."
    if history is not None:
        text += f" {exact(history.duration(now=now))} of work"
        stood = history.stood_still
        text += f", after standing still for {exact(stood)}." if stood else "."
    return Verdict("done", title, text=text)

"""Waits, each with a deadline."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from ops.model import history
from ops.model.deployment import Deployment
from ops.model.history import History
from ops.model.job_report import JobReport, read_job
from ops.view.follower import Follower, ended

SECONDS = 300.0


def eventually(what: Callable[[], Any], why: str, *, seconds: float = SECONDS) -> Any:
    """The first true value, asked for again and again."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {why}"
        time.sleep(0.02)
    return value


def until_ended(deployed: Deployment, *job_ids: str) -> Sequence[JobReport]:
    """Follow jobs to their end."""
    follower = Follower(
        read=lambda: [read_job(deployed, job_id) for job_id in job_ids],
        is_over=ended,
        now=lambda: datetime.now(UTC),
        look_again=deployed.command("inspect", job_ids[0]),
        patience=SECONDS,
    )
    return follower.follow(live=False)


def next_execution(deployed: Deployment, *, key: str, but: Collection[str]) -> History:
    """The end of an execution for a key that is none of those known."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for arn in executions(deployed) - set(but):
            found = history.read(deployed.step_functions, arn)
            if found.key == key and found.ended is not None:
                return found
        time.sleep(0.2)
    raise AssertionError(f"no further execution for {key} in {SECONDS} s")


def executions(deployed: Deployment) -> set[str]:
    pages = deployed.step_functions.get_paginator("list_executions")
    return {
        each["executionArn"]
        for page in pages.paginate(stateMachineArn=deployed.state_machine)
        for each in page["executions"]
    }

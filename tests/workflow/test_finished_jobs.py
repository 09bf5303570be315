"""`ingest redrive JOB` of a job of which nothing is to be redriven says what is true of the job."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.commands import redrive
from ops.errors import NothingFound
from ops.model import leftovers
from ops.model.deployment import Deployment
from ops.model.transactions import read_transactions
from tests.workflow.aws_tables import deployment_on
from tests.workflow.memory.executions import MemoryExecutions
from tests.workflow.rows import put_claim
from tests.workflow.test_job_list import put_broken_job, put_dated_job

Aws = tuple[Any, Any]
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
OWNER = "arn:aws:states:us-east-1:1:execution:BatchIngest:"
ENDED = "2026-11-22T01:00:00Z"


@pytest.fixture
def deployed(aws: Aws) -> Deployment:
    return deployment_on(aws, stepfunctions=MemoryExecutions())


def _said(deployed: Deployment, *, execution: str | None = None, job: str | None = None) -> str:
    with pytest.raises(NothingFound) as raised:
        redrive.find(deployed, execution=execution, job=job, since=SINCE)
    return str(raised.value)


@pytest.mark.parametrize("by", ["execution", "job"])
@pytest.mark.parametrize(
    ("status", "owners", "said"),
    [
        ("COMPLETED", [], f"it is COMPLETED since {ENDED}. "),
        ("COMPLETED", ["a"], f"it is COMPLETED since {ENDED}, by the execution a. "),
        ("INGESTING", ["a", "b"], "it is INGESTING, by the executions a, b. "),
        ("COMPLETED", list("abcde"), "by the executions a, b, c and 2 others. "),
        (None, [], "it is not begun. "),
    ],
)
def test_a_job_that_has_not_failed_says_so(
    aws: Aws, deployed: Deployment, by: str, status: str | None, owners: list[str], said: str
) -> None:
    ended = {"completedAt": ENDED} if status == "COMPLETED" else {}
    put_dated_job(aws, "march", status, **ended)
    for number, owner in enumerate(owners):
        put_claim(aws[1], "march", f"{number}.jsonl", state="done", owner=OWNER + owner)
    text = _said(deployed, **{by: "march"})
    assert text.startswith("Nothing of job march is to be redriven: ")
    assert said in text
    assert deployed.command("inspect", "march") in text


def test_a_job_that_has_failed_is_redriven_by_its_own_option(
    aws: Aws, deployed: Deployment
) -> None:
    put_broken_job(aws)
    text = _said(deployed, execution="broken")
    assert text.startswith("broken is a job, not an execution. ")
    assert deployed.command("redrive --job", "broken") in text
    assert "Look further back with --since." in _said(deployed, job="broken")


def test_what_is_no_job_is_not_called_one(deployed: Deployment) -> None:
    assert "there is no execution nosuch. " in _said(deployed, execution="nosuch")
    text = _said(deployed, job="nosuch")
    assert "there is no job nosuch" in text
    assert deployed.command("jobs") in text


@pytest.mark.parametrize("look", [read_transactions, leftovers.find])
def test_where_there_is_no_such_job_the_list_of_jobs_is_named(
    deployed: Deployment, look: Callable[[Deployment, str], object]
) -> None:
    with pytest.raises(NothingFound) as raised:
        look(deployed, "nosuch")
    assert "there is no job nosuch. " in str(raised.value)
    assert f"`{deployed.command('jobs')}`" in str(raised.value)
    assert "redrive" not in str(raised.value)

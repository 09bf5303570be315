"""`ingest watch` without a job: those that are open, and those that open later."""

from dataclasses import replace
from typing import Any

from ops.commands.watch import is_settled
from ops.model.deployment import Deployment
from ops.model.job_report import JobReport
from ops.model.open_jobs import LOOK_SECONDS, OpenJobs
from tests.unit.ops.reports import report, unclaimed
from tests.workflow.aws_tables import deployment_on
from tests.workflow.rows import put_job


class _Jobs:
    """Jobs of which some have ended."""

    def __init__(self, aws: tuple[Any, Any], *, at_once: int = 10) -> None:
        self.ended: set[str] = set()
        self.read: list[str] = []
        self.now = 0.0
        self._dynamodb = aws[1]
        self.open = OpenJobs(
            deployment_on(aws), self._report, is_settled, at_once, clock=lambda: self.now
        )

    def submit(self, job: str, status: str = "INGESTING") -> None:
        put_job(self._dynamodb, job, intentId=job, status=status)

    def shown(self) -> list[str]:
        self.now += LOOK_SECONDS
        return [each.job_id for each in self.open.reports()]

    def _report(self, _: Deployment, job: str) -> JobReport:
        self.read.append(job)
        return replace(report() if job in self.ended else unclaimed(), job_id=job)


def test_a_job_that_opens_later_is_added_at_the_end(aws: tuple[Any, Any]) -> None:
    jobs = _Jobs(aws)
    jobs.submit("b")
    jobs.submit("settled", "COMPLETED")
    assert jobs.open.look() == ["b"]
    jobs.submit("a")
    assert jobs.shown() == ["b", "a"]


def test_one_that_has_ended_stays_and_is_not_read_again(aws: tuple[Any, Any]) -> None:
    jobs = _Jobs(aws)
    jobs.submit("a")
    jobs.submit("b")
    jobs.ended.add("a")
    assert sorted(jobs.shown()) == ["a", "b"]
    jobs.submit("a", "COMPLETED")
    jobs.read.clear()
    assert sorted(jobs.shown()) == ["a", "b"]
    assert jobs.read == ["b"]


def test_one_that_opens_again_is_read_again(aws: tuple[Any, Any]) -> None:
    jobs = _Jobs(aws)
    jobs.submit("a")
    jobs.ended.add("a")
    jobs.shown()
    jobs.ended.clear()
    assert jobs.shown() == ["a"]
    assert not is_settled(jobs.open.reports()[0])


def test_of_many_the_next_follow_when_one_has_ended(aws: tuple[Any, Any]) -> None:
    jobs = _Jobs(aws, at_once=1)
    for job in ("a", "b"):
        jobs.submit(job)
    (first,) = jobs.open.look()
    assert jobs.open.is_cut
    jobs.ended.add(first)
    jobs.shown()
    jobs.submit(first, "COMPLETED")
    assert jobs.shown() == [first, *({"a", "b"} - {first})]
    assert not jobs.open.is_cut

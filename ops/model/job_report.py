"""The report of a job, from its record, the ledger and one execution."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import is_any
from functions.aws.unclaimed import claims_that_count
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts, LoadCounts, sum_images, sum_loads
from functions.domain.ledger_rows import object_partition
from functions.domain.progress import Progress
from ops.model import history
from ops.model.job_records import read_job_record
from ops.model.range_progress import load_state, planned_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions.aws.ledger import Ledger
    from ops.model.deployment import Deployment
    from ops.model.history import History
    from ops.model.range_progress import RangeProgress


@dataclass(frozen=True)
class ObjectReport:
    """A results object of a job.

    Attributes:
        claim: Its newest one.
        ranges: As planned first, and how far they are; none where the plan is not known.
        loads: Of the segments of the ledger; as it was verified when the claim is done.
        images: Of the chunks so far.
        dead_letters: Keys.
        loads_under_way, images_under_way: What workers at work report beyond that: a hint.
    """

    claim: Claim
    ranges: tuple[RangeProgress, ...]
    loads: LoadCounts
    images: ImageCounts
    dead_letters: tuple[str, ...]
    loads_under_way: LoadCounts = field(default_factory=LoadCounts)
    images_under_way: ImageCounts = field(default_factory=ImageCounts)

    @property
    def ranges_done(self) -> int:
        """Planned ranges whose every byte is in a segment of the ledger."""
        if self.claim.state is ClaimState.DONE:
            return self.claim.ranges or 0
        return sum(each.is_done for each in self.ranges)

    @property
    def bytes(self) -> tuple[int, int]:
        """Done, those that workers at work report included; and planned."""
        planned = self.ranges[-1].span.end if self.ranges else 0
        if self.claim.state is ClaimState.DONE:
            return planned, planned
        return sum(each.done + each.under_way for each in self.ranges), planned


@dataclass(frozen=True)
class JobReport:
    """A job.

    Attributes:
        record: The item of batch-jobs without its user; None if there is none.
        history: Of the execution that says most: the one asked for, else one that failed,
            else one that runs, else the last.
    """

    job_id: str
    record: Mapping[str, Any] | None
    objects: tuple[ObjectReport, ...]
    history: History | None

    def only(self, of: Callable[[Claim], bool]) -> JobReport:
        """The same with those results objects alone whose claims are wanted."""
        return replace(self, objects=tuple(each for each in self.objects if of(each.claim)))

    @property
    def status(self) -> str | None:
        """Of the job."""
        return str(self.record["status"]) if self.record and "status" in self.record else None

    @property
    def loads(self) -> LoadCounts:
        """Over all objects."""
        return sum_loads(each.loads for each in self.objects)

    @property
    def images(self) -> ImageCounts:
        """Over all objects."""
        return sum_images(each.images for each in self.objects)

    @property
    def loads_so_far(self) -> LoadCounts:
        """Over all objects, with what workers at work report."""
        return sum_loads((self.loads, *(each.loads_under_way for each in self.objects)))

    @property
    def images_so_far(self) -> ImageCounts:
        """Over all objects, with what workers at work report."""
        return sum_images((self.images, *(each.images_under_way for each in self.objects)))

    @property
    def bytes(self) -> tuple[int, int]:
        """Done and planned, over all objects."""
        each = [report.bytes for report in self.objects]
        return sum(done for done, _ in each), sum(planned for _, planned in each)

    @property
    def ranges(self) -> tuple[int, int]:
        """Done, and planned."""
        done = sum(each.ranges_done for each in self.objects)
        return done, sum(each.claim.ranges or 0 for each in self.objects)

    @property
    def has_failed(self) -> bool:
        """Whether the job, or the execution that is shown, failed."""
        return self.status == "FAILED" or self.execution_has_failed

    @property
    def execution_has_failed(self) -> bool:
        """Whether the execution that is shown failed."""
        return self.history is not None and self.history.has_failed


def read_job(
    deployed: Deployment, job_id: str, *, of: Callable[[Claim], bool] = lambda _: True
) -> JobReport:
    """The state of a job, of the results objects whose claims are wanted.

    It takes at most one call to Step Functions.
    """
    claims = list(filter(of, claims_that_count(deployed.ledger, job_id)))
    owner = _most_telling(claims)
    # Before the rest: of an execution that had ended by now, all that follows is final.
    shown = _history(deployed, owner) if owner else None
    return _report(deployed, job_id, claims, shown)


def read_execution(deployed: Deployment, arn: str) -> JobReport | None:
    """Read an execution and its job, with one call; None if there is no such execution."""
    found = _history(deployed, arn)
    if found is None:
        return None
    job_id = _job_of(deployed, found)
    claims = claims_that_count(deployed.ledger, job_id) if job_id else []
    return _report(deployed, job_id, claims, found)


def _report(
    deployed: Deployment, job_id: str, claims: Sequence[Claim], shown: History | None
) -> JobReport:
    return JobReport(
        job_id=job_id,
        record=read_job_record(deployed, job_id) if job_id else None,
        objects=tuple(_object(deployed, job_id, claim) for claim in claims),
        history=shown,
    )


def _job_of(deployed: Deployment, execution: History) -> str:
    """The job of the results object, or of Bedrock's event, that started an execution."""
    if (ended := execution.ended_job) is not None:
        return ended if deployed.jobs.is_on_record(ended) else ""
    return deployed.job_of(execution.key)


def _most_telling(claims: Sequence[Claim]) -> str | None:
    order = (ClaimState.FAILED, ClaimState.CLAIMED, ClaimState.DONE)
    ranked = sorted(claims, key=lambda claim: order.index(claim.state))
    return ranked[0].owner if ranked else None


def _history(deployed: Deployment, arn: str) -> History | None:
    try:
        return history.read(deployed.step_functions, arn)
    except ClientError as error:
        if is_any(error, history.NO_SUCH_EXECUTION):
            return None
        raise


def _object(deployed: Deployment, job_id: str, claim: Claim) -> ObjectReport:
    partition = object_partition(job_id, claim.key, claim.generation)
    segments = deployed.ledger.segments(partition)
    chunks = deployed.ledger.chunks(partition)
    progress = _live(deployed.ledger, partition, claim)
    load = load_state(planned_ranges(deployed, job_id, claim), segments, progress.loads)
    is_done = claim.state is ClaimState.DONE
    stats = claim.stats or {}
    further = (each.counts for number, each in progress.chunks.items() if number not in chunks)
    return ObjectReport(
        claim=claim,
        ranges=load.ranges,
        loads=LoadCounts.from_dict(stats) if is_done else load.proven,
        images=ImageCounts.from_dict(stats) if is_done else sum_images(chunks.values()),
        dead_letters=tuple(each.dead_letters for each in segments if each.dead_letters),
        loads_under_way=load.under_way,
        images_under_way=sum_images(further),
    )


def _live(ledger: Ledger, partition: str, claim: Claim) -> Progress:
    """What workers report, of the present attempt alone: none is at work on a claim that ended."""
    if claim.state is not ClaimState.CLAIMED:
        return Progress()
    said = ledger.progress(partition)
    began = claim.resumed_at or claim.claimed_at or claim.event_time
    return Progress(
        tuple(each for each in said.loads if each.at >= began),
        {number: each for number, each in said.chunks.items() if each.at >= began},
    )

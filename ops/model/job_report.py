"""The report of a job: what its record, the ledger and one execution say, live or in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.objects import WorkFiles
from functions.aws.unclaimed import claims_that_count
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts, LoadCounts, sum_images, sum_loads
from functions.domain.errors import WorkFileDamaged
from functions.domain.ledger_rows import object_partition
from functions.domain.object_keys import ResultsKey, parse_key, work_prefix
from functions.domain.payloads.segment_work import Span
from functions.domain.segments import Segment, cover
from ops.model import history
from ops.model.job_records import read_job_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ops.model.deployment import Deployment
    from ops.model.history import History


@dataclass(frozen=True)
class ObjectReport:
    """A results object of a job.

    Attributes:
        claim: Its newest one.
        ranges_done: Planned ranges whose every byte is in a segment of the ledger.
        loads: Of these segments; of the proven chain when the claim is done.
        images: Of the chunks so far.
        dead_letters: Keys.
    """

    claim: Claim
    ranges_done: int
    loads: LoadCounts
    images: ImageCounts
    dead_letters: tuple[str, ...]


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
        return self.history is not None and self.history.failure is not None


def read_job(
    deployment: Deployment, job_id: str, *, of: Callable[[Claim], bool] = lambda _: True
) -> JobReport:
    """Read the state of a job, with at most one call to Step Functions.

    Args:
        deployment: Where.
        job_id: Which.
        of: Picks the results objects that are wanted, by their claims.
    """
    claims = list(filter(of, claims_that_count(deployment.ledger, job_id)))
    owner = _most_telling(claims)
    # Before the rest: of an execution that had ended by now, all that follows is final.
    shown = _history(deployment, owner) if owner else None
    return JobReport(
        job_id=job_id,
        record=read_job_record(deployment, job_id),
        objects=tuple(_object(deployment, job_id, claim) for claim in claims),
        history=shown,
    )


def read_execution(deployment: Deployment, arn: str) -> JobReport | None:
    """Read an execution and its job, with one call; None if there is no such execution."""
    found = _history(deployment, arn)
    if found is None:
        return None
    parsed = parse_key(found.key or "")
    job_id = (deployment.job_folders.job_id(parsed) if parsed else None) or ""
    claims = claims_that_count(deployment.ledger, job_id) if job_id else []
    return JobReport(
        job_id=job_id,
        record=read_job_record(deployment, job_id) if job_id else None,
        objects=tuple(_object(deployment, job_id, claim) for claim in claims),
        history=found,
    )


def _most_telling(claims: Sequence[Claim]) -> str | None:
    order = (ClaimState.FAILED, ClaimState.CLAIMED, ClaimState.DONE)
    ranked = sorted(claims, key=lambda claim: order.index(claim.state))
    return ranked[0].owner if ranked else None


def _history(deployment: Deployment, arn: str) -> History | None:
    try:
        return history.read(deployment.step_functions, arn)
    except ClientError as error:
        # Step Functions forgets an execution 90 days after its end; the ledger does not.
        if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "InvalidArn"):
            return None
        raise


def _object(deployment: Deployment, job_id: str, claim: Claim) -> ObjectReport:
    partition = object_partition(job_id, claim.key, claim.generation)
    segments = deployment.ledger.segments(partition)
    letters = tuple(each.dead_letters for each in segments if each.dead_letters)
    if claim.state is ClaimState.DONE:
        return ObjectReport(
            claim=claim,
            ranges_done=claim.ranges or 0,
            loads=LoadCounts.from_dict(claim.stats or {}),
            images=ImageCounts.from_dict(claim.stats or {}),
            dead_letters=letters,
        )
    planned = _planned(deployment, job_id, claim)
    done, chain = ranges_done(segments, planned)
    return ObjectReport(
        claim=claim,
        ranges_done=done,
        loads=sum_loads(segment.counts for segment in chain),
        images=sum_images(deployment.ledger.chunks(partition).values()),
        dead_letters=letters,
    )


def ranges_done(
    segments: Sequence[Segment], planned: Sequence[tuple[int, int]]
) -> tuple[int, Sequence[Segment]]:
    """How many planned ranges the segments cover whole, and the chain that they form.

    Args:
        segments: Of the ledger.
        planned: First byte and end of each range; empty where the plan is not known.
    """
    if not planned:
        return 0, segments
    coverage = cover(segments, planned[-1][1])
    open_ranges = sum(
        any(gap.start < end and start < gap.end for gap in coverage.missing)
        for start, end in planned
    )
    return len(planned) - open_ranges, coverage.chain


def _planned(deployment: Deployment, job_id: str, claim: Claim) -> list[tuple[int, int]]:
    if claim.ranges is None:
        return []
    parsed = parse_key(claim.key)
    results = parsed.of_job(job_id) if parsed else None
    if not isinstance(results, ResultsKey):
        return []
    prefix = work_prefix(results, generation=claim.generation)
    try:
        spans = WorkFiles(deployment.s3, deployment.bucket).read_rows(
            f"{prefix}/ranges-0.json", Span
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return []  # it has expired, as all files of work/ do
        raise
    except WorkFileDamaged:
        return []
    return [(span.start, span.end) for span in spans]

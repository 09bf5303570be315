"""The settlement of a job: its record, recomputed from all evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.domain.bedrock_jobs import JobEnd
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts, LoadCounts, sum_images, sum_loads
from functions.domain.jobs import Job, JobFacts, JobStatus, status_of
from functions.domain.manifests import Manifest
from functions.domain.receipts.reject import RejectReason

MAX_EXECUTIONS: Final = 100
"""Named in `ingestState`, the newest first: thousands would not fit into an item."""


@dataclass(frozen=True)
class Evidence:
    """The evidence about a job, besides its record.

    Attributes:
        claims: The newest claim of each of its results objects, and what failed before its claim.
        unclaimed: Results objects in its folder, younger than the grace period, that have no
            claim.
        manifest: Bedrock's, None where none can be read.
        end: How it ended at Bedrock, None where that is not known.
        by_image: Counts by image, where several claims answer the job's images; None: the claims'
            counts add up.
        strays: Images that a retry answers, and that its root has no record of.
        retries: Claims of the job's retries whose load was verified.
    """

    claims: Sequence[Claim]
    unclaimed: int = 0
    manifest: Manifest | None = None
    end: JobEnd | None = None
    by_image: LoadCounts | None = None
    strays: int = 0
    retries: Sequence[Claim] = ()

    @property
    def own_loads(self) -> LoadCounts:
        """What became of all records of the job's own claims, retries left aside."""
        return sum_loads(LoadCounts.from_dict(claim.stats or {}) for claim in self.claims)

    @property
    def loads(self) -> LoadCounts:
        """What became of the job's records."""
        return self.own_loads if self.by_image is None else self.by_image

    @property
    def images(self) -> ImageCounts:
        """What became of the images of its transactions, those of its retries with them."""
        everyone = [*self.claims, *self.retries]
        return sum_images(ImageCounts.from_dict(claim.stats or {}) for claim in everyone)


@dataclass(frozen=True)
class Settlement:
    """The new content of a job's record.

    Attributes:
        status: By the status rule.
        stats: `resultStats`.
        state: `ingestState`, without revision and time.
        missing: Records expected and not there.
        unexpected: Records there and not expected.
        errors_differ: By how much Bedrock's count of errors and the ModelErrors found differ; 0
            where Bedrock does not say.
    """

    status: JobStatus
    stats: dict[str, object]
    state: dict[str, object]
    missing: int
    unexpected: int
    errors_differ: int
    has_retries: bool


def settle(job: Job, evidence: Evidence, *, now: datetime, grace: timedelta) -> Settlement:
    """Recompute a job: the same answer in whatever order the evidence came.

    After the last claim was settled, the manifest is waited for as long as `grace`.
    """
    claims, manifest = evidence.claims, evidence.manifest
    loads, images = evidence.loads, evidence.images
    expected = manifest.total if manifest else job.pending_image_count
    last_settled = max((claim.done_at for claim in claims if claim.done_at), default=now)
    status = status_of(
        JobFacts(
            claims=[claim.state for claim in claims],
            unclaimed=evidence.unclaimed > 0,
            loads=loads,
            expected=expected,
            has_manifest=manifest is not None,
            bedrock=evidence.end.status if evidence.end else None,
            grace_passed=now >= last_settled + grace,
        )
    )
    missing = max(0, expected - loads.total) if expected is not None else 0
    unexpected = evidence.strays
    if expected is not None:
        unexpected += max(0, loads.total - expected)
    stats: dict[str, object] = {**loads.as_dict(), **images.as_dict()}
    if expected is not None:
        stats |= {"missingCount": missing, "unexpectedCount": unexpected}
    elif evidence.strays:
        stats["unexpectedCount"] = unexpected
    if manifest is not None:
        stats["bedrock"] = dict(manifest.counts)
    return Settlement(
        status=status,
        stats=stats,
        state=_state(evidence),
        missing=missing,
        unexpected=unexpected,
        errors_differ=_errors_differ(manifest, evidence.own_loads),
        has_retries=bool(evidence.retries),
    )


def _state(evidence: Evidence) -> dict[str, object]:
    claims = evidence.claims
    done = [claim for claim in claims if claim.state is ClaimState.DONE]
    newest = sorted(claims, key=lambda claim: claim.working_since, reverse=True)
    state: dict[str, object] = {
        "objects": len(claims),
        "objectsDone": len(done),
        "objectsFailed": sum(claim.state is ClaimState.FAILED for claim in claims),
        "ranges": sum(claim.ranges or 0 for claim in claims),
        "rangesDone": sum(claim.ranges or 0 for claim in done),
        "executions": [claim.owner for claim in newest[:MAX_EXECUTIONS]],
    }
    if evidence.retries:
        state["retryObjects"] = len(evidence.retries)
    if evidence.unclaimed:
        state["objectsUnclaimed"] = evidence.unclaimed
    if left_behind := sum(bool(claim.replaced) for claim in claims):
        state["leftBehind"] = left_behind
    if evidence.end is not None:
        state["bedrock"] = evidence.end.as_state()
    return state


def _errors_differ(manifest: Manifest | None, loads: LoadCounts) -> int:
    if manifest is None or manifest.errors is None:
        return 0
    return abs(manifest.errors - loads.rejects.get(RejectReason.MODEL_ERROR, 0))

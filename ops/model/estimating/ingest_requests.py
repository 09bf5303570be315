"""The requests of one results object's ingest, and how long it takes: first pass, nothing fails.

The plan is `plan_load`'s own. How often each state asks which service is counted on the embedded
AWS (tests/e2e/test_estimate.py): a change of the handlers' calls changes the constants here.
All seconds but those of the plan are assumptions: none was measured on AWS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.domain.counts import LoadCounts
from functions.domain.images import plan_chunks
from functions.domain.load_plan import plan_load
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.estimating.prices import Requests

if TYPE_CHECKING:
    from functions.domain.images import Chunk
    from functions.domain.load_plan import LoadLimits, LoadPlan
    from ops.model.estimating.workload import Workload

CALL_SECONDS: Final = 0.3
"""Of a function that plans, verifies or settles."""
START_SECONDS: Final = 1.0
"""Of a worker in a new environment: cold start and first connections."""
WARM_SECONDS: Final = 0.1
"""Of one in an environment that is there."""
STATE_SECONDS: Final = 0.05
"""From one state to the next."""
MAP_SECONDS: Final = 2.0
"""Of starting and ending a Distributed Map."""
CHILD_SECONDS: Final = 0.3
"""Of starting a child of a map."""
SEGMENT_SECONDS: Final = 285.0
"""What one call loads at most: the function's timeout less its margin."""
IMAGES_PER_SECOND: Final = 150.0
"""That one worker moves: 16 at a time, each with HEAD and COPY of 100 ms together."""
LOOKUPS_PER_SECOND: Final = 5_000.0
"""Transactions whose images are looked up, by one worker."""
IMAGE_BATCH: Final = 100

_EXECUTION: Final = Requests(
    transitions=13, calls=4, write_units=11, read_units=17.5, s3_writes=5, s3_reads=2, events=4,
    log_bytes=12_000,
)  # fmt: skip
"""Once: from the event to the settled job, without the maps of ranges and of images."""
_LOAD: Final = Requests(transitions=1, s3_writes=1, s3_reads=1, events=2, log_bytes=1_000)
"""The map of ranges, with its list and its results."""
_MIGRATION: Final = Requests(
    transitions=3, calls=1, read_units=2, s3_writes=2, s3_reads=2, events=2, log_bytes=3_000
)
"""The map of images, with its list and its results, and VerifyMigration."""
_CHILD: Final = Requests(transitions=2)
"""A range or a chunk, without its calls: its start and its end."""
_SEGMENT: Final = Requests(
    transitions=2, calls=1, write_units=5, read_units=7, s3_writes=1, s3_reads=1, events=1,
    log_bytes=3_000,
)  # fmt: skip
_SECOND: Final = Requests(write_units=1.0, read_units=3.5)
"""Of a worker that writes: it looks at the ledger each second, and renews its lease and reports its
progress every other one."""
_CHUNK: Final = Requests(transitions=2, calls=1, write_units=3, read_units=4, log_bytes=3_000)
_MOVING_SECOND: Final = Requests(write_units=1.0, read_units=0.5)
"""Of a worker that moves images: its lease and its progress, every other second."""
_LIST: Final = Requests(s3_reads=1)
"""Of image ids: a segment has one."""
_BATCH: Final = Requests(read_units=1)
"""Of images: the claim is looked at before each."""
_RECORDED_IMAGE: Final = Requests(read_units=0.5)
"""Of each transaction, whether its image is known or not."""
_IMAGE: Final = Requests(write_units=3, read_units=0.5, s3_writes=1, s3_reads=1, events=2)
"""One that is moved: `s3Key` with its index, the mark, COPY and HEAD; the delete is free."""
_EXTRA_READ_BYTES: Final = 512 * 1024
"""The bytes past a range that its first request reaches; a longer line takes another."""


@dataclass(frozen=True)
class IngestLimits:
    """Settings of a deployment that time and cost depend on, and where they are from."""

    load: LoadLimits
    migrate_concurrency: int
    images_per_chunk: int
    origin: str

    @property
    def gigabytes(self) -> float:
        """Memory of a function."""
        return self.load.memory_megabytes / 1024


@dataclass(frozen=True)
class Ingest:
    """What one results object takes, from its event to the settled job, alone in its account."""

    plan: LoadPlan
    requests: Requests
    seconds: float


def ingest_of(workload: Workload, limits: IngestLimits) -> Ingest:
    """The ingest of an object that nothing disturbs."""
    spans = [Range(0, workload.size)] if workload.size else []
    plan = plan_load(
        spans,
        line_bytes=workload.line_bytes,
        conditional=workload.is_conditional,
        limits=limits.load,
    )
    loading = _load_seconds(workload, plan, limits) if plan.ranges else 0.0
    migrating, migration = _migration(workload, plan, limits)
    requests = _EXECUTION + _compute(4 * CALL_SECONDS, limits) + migration
    if plan.ranges:
        requests += _load(workload, plan, limits, loading)
    seconds = 12 * STATE_SECONDS + 4 * CALL_SECONDS + loading + migrating
    return Ingest(plan, requests, seconds)


def _load_seconds(workload: Workload, plan: LoadPlan, limits: IngestLimits) -> float:
    """Of the state LoadRanges: what is written may cost more units than the plan knows."""
    units = workload.transactions * workload.item_units
    waves = math.ceil(len(plan.ranges) / plan.workers)
    work = max(plan.seconds, units / limits.load.write_units_per_second)
    return MAP_SECONDS + START_SECONDS + work + waves * CHILD_SECONDS


def _load(workload: Workload, plan: LoadPlan, limits: IngestLimits, loading: float) -> Requests:
    ranges = len(plan.ranges)
    at_work = (loading - MAP_SECONDS) * plan.workers
    calls = max(ranges, math.ceil(at_work / SEGMENT_SECONDS))
    writing = max(0.0, plan.seconds * plan.workers - calls)
    rejects = min(workload.records - workload.transactions, calls)
    extended = ranges - 1 if workload.line_bytes > _EXTRA_READ_BYTES else 0
    written = Requests(
        write_units=2 * workload.transactions * workload.item_units,
        s3_writes=rejects,
        s3_reads=extended,
        events=rejects,
    )
    return (
        _LOAD
        + _CHILD.times(ranges)
        + _SEGMENT.times(calls)
        + _SECOND.times(writing)
        + written
        + _compute(at_work, limits)
    )


def _migration(workload: Workload, plan: LoadPlan, limits: IngestLimits) -> tuple[float, Requests]:
    """Seconds and requests of the states about images; none without a transaction."""
    recorded = workload.transactions
    planned = chunks_of(workload, plan, limits)
    if not planned:
        return 0.0, Requests()
    chunks, lists = len(planned), sum(map(len, planned))
    workers = min(chunks, limits.migrate_concurrency)
    known = min(workload.images, recorded)
    moving = known / min(IMAGES_PER_SECOND, limits.load.write_units_per_second / workers)
    work = moving + recorded / LOOKUPS_PER_SECOND
    requests = (
        _MIGRATION
        + (_CHILD + _CHUNK).times(chunks)
        + _LIST.times(lists)
        + _BATCH.times(max(0, math.ceil(recorded / IMAGE_BATCH) - chunks))
        + _RECORDED_IMAGE.times(recorded)
        + _IMAGE.times(known)
        + _MOVING_SECOND.times(moving)
        + _compute(chunks * START_SECONDS + work + CALL_SECONDS, limits)
    )
    waves = math.ceil(chunks / workers)
    seconds = MAP_SECONDS + START_SECONDS + work / workers + waves * CHILD_SECONDS + CALL_SECONDS
    return seconds, requests


def chunks_of(workload: Workload, plan: LoadPlan, limits: IngestLimits) -> list[Chunk]:
    """The chunks of images, if each range is one segment."""
    segments, before = [], 0
    for span in plan.ranges:
        upto = round(workload.transactions * span.end / workload.size)
        if upto > before:
            segments.append(Segment(span, LoadCounts(success=upto - before), images="images"))
        before = upto
    return plan_chunks(segments, images_per_chunk=limits.images_per_chunk)


def _compute(seconds: float, limits: IngestLimits) -> Requests:
    return Requests(gigabyte_seconds=seconds * limits.gigabytes)

"""One call of the worker: whose claim, which attempt, how to write, what is left."""

import random
import time

from functions.aws import clients, wiring
from functions.aws.deadline import Deadline, LambdaContext
from functions.aws.objects import PinnedObject
from functions.aws.settings import LoadSettings
from functions.aws.telemetry import MetricUnit, Telemetry
from functions.aws.write_budget import WriteBudget
from functions.aws.writer import Pacing, TransactionWriter
from functions.domain.events import Event, Metric
from functions.domain.ledger_rows import object_partition
from functions.domain.payloads import SegmentWork, Span
from functions.domain.transactions import TransactionBuilder
from functions.load_segment.groups import RecordSorter
from functions.load_segment.loader import SegmentLoader

MARGIN_SECONDS = 15.0
"""Kept for the segment's files and its row."""
FIRST_GENERATION = 1


def load_segment(
    work: SegmentWork, *, context: LambdaContext, settings: LoadSettings, say: Telemetry
) -> SegmentWork:
    """Load the next segment of a range, if the execution has its claim still.

    BatchWriteItem replaces whatever is there, so it is allowed only where nobody can have
    touched the transactions: on the first attempt at every part of the range so far, of a key
    that was never claimed before. The attempt is on record before the first write.
    """
    ledger = wiring.ledger(settings)
    claim = ledger.owns(work.execution, work.job.job_id, work.object.key)
    if claim is None:
        say.warn(Event.CLAIM_LOST)
        return work.model_copy(update={"finished": True})
    job = wiring.batch_jobs(settings).read(work.job.job_id, work.job.key)
    expires = settings.expires(time.time())
    first = ledger.begin_attempt(
        object_partition(work.job.job_id, work.object.key, work.claim.generation),
        work.range.start,
        caller=context.aws_request_id,
        expires=expires,
    )
    undisturbed = work.undisturbed and first and work.claim.generation == FIRST_GENERATION
    say.info(Event.SEGMENT_STARTED, undisturbed=undisturbed)
    deadline = Deadline.of(context, margin=MARGIN_SECONDS, clock=time.monotonic)
    budget = WriteBudget(work.write_units_per_second, clock=time.monotonic, sleep=time.sleep)
    builder = TransactionBuilder(
        job, event_time=work.claim.event_time, retention=settings.retention
    )
    with TransactionWriter(
        clients.dynamodb(),
        settings.transactions_table,
        pacing=Pacing(budget, deadline, time.sleep, random.random),
        undisturbed=undisturbed,
    ) as writer:
        segment = SegmentLoader(
            source=_source(work),
            sorter=RecordSorter(work.object, builder, line_bytes_limit=settings.line_bytes_limit),
            writer=writer,
            files=wiring.work_files(settings),
            ledger=ledger,
            deadline=deadline,
            line_bytes_limit=settings.line_bytes_limit,
            expires=expires,
        ).load(work)
    if writer.throttles:
        say.warn(Event.WRITES_THROTTLED, throttles=writer.throttles, rate=budget.rate)
    say.info(
        Event.SEGMENT_LOADED,
        segment=Span.of(segment.span).as_json(),
        counts=segment.counts.as_dict(),
        deadLetters=segment.dead_letters,
    )
    say.count(Metric.WRITE_THROTTLES, writer.throttles)
    say.count(Metric.WRITE_UNITS_PER_SECOND, budget.rate, MetricUnit.CountPerSecond)
    return _left(work, end=segment.span.end, undisturbed=undisturbed)


def _source(work: SegmentWork) -> PinnedObject:
    results = work.object
    return PinnedObject(
        clients.s3(), results.bucket, results.key, results.etag, results.version_id, results.size
    )


def _left(work: SegmentWork, *, end: int, undisturbed: bool) -> SegmentWork:
    if end == work.range.end:
        return work.model_copy(update={"finished": True, "undisturbed": undisturbed})
    rest = Span(start=end, end=work.range.end)
    return work.model_copy(update={"range": rest, "undisturbed": undisturbed})

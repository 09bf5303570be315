"""One call of the worker: whose claim, which attempt, how to write, what is left."""

import random
import time

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline, LambdaContext
from functions.aws.runtime.telemetry import MetricUnit, Telemetry
from functions.aws.writing.attempts import AttemptRow
from functions.aws.writing.leased_budget import leased_budget
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.write_permit import ClaimLost, WritePermit
from functions.aws.writing.writer import TransactionWriter
from functions.domain.claims import FIRST_GENERATION
from functions.domain.counts import LoadCounts
from functions.domain.events import Event, Metric
from functions.domain.ledger_rows import load_progress_sk
from functions.domain.payloads.segment_work import SegmentWork, Span
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.transaction import TransactionBuilder
from functions.load_segment.groups import RecordSorter
from functions.load_segment.loader import Loaded, SegmentLoader
from functions.load_segment.settings import LoadSettings

MARGIN_SECONDS = 15.0
"""Seconds kept for the segment's files and its row."""


def load_segment(
    work: SegmentWork, *, context: LambdaContext, settings: LoadSettings, log: Telemetry
) -> SegmentWork:
    """Load the next segment of a range, if the execution still has its claim."""
    claim = wiring.ledger(settings).owns(work.execution, work.job.job_id, work.object.key)
    if claim is None:
        return _superseded(work, log)
    deadline = Deadline.of(context, margin=MARGIN_SECONDS, clock=time.monotonic)
    row = AttemptRow(
        clients.dynamodb(),
        settings.ledger_table,
        work.ledger_partition,
        work.range.start,
        caller=context.aws_request_id,
        expires=settings.expires(time.time()),
    )
    permit = _begin(row, work, context, settings)
    log.info(Event.SEGMENT_STARTED, undisturbed=permit.alone)
    began = time.monotonic()
    try:
        loaded = _load(
            work,
            permit,
            caller=context.aws_request_id,
            deadline=deadline,
            settings=settings,
            log=log,
        )
    except ClaimLost:
        return _superseded(work, log)
    finally:
        row.end()
    return _left(_counted(work, loaded, seconds=time.monotonic() - began), loaded, permit)


def _superseded(work: SegmentWork, log: Telemetry) -> SegmentWork:
    """Nothing is left to do for an execution without its claim."""
    log.warn(Event.CLAIM_LOST)
    return work.but(finished=True)


def _begin(
    row: AttemptRow, work: SegmentWork, context: LambdaContext, settings: LoadSettings
) -> WritePermit:
    """Put the attempt on record, before its first write, and let a predecessor take notice.

    Items may be replaced only on the first attempt at every part of the range so far, of a key
    that was never claimed before, while no other key of the job has ever been claimed. A retry
    replaces nothing: its root has been claimed.
    """
    ledger = wiring.ledger(settings)
    job_id, key = work.job.job_id, work.object.key
    now = time.time()
    succession = row.begin(now=now, ends_by=now + context.get_remaining_time_in_millis() / 1000)
    if succession.seconds:
        time.sleep(succession.seconds)
    first = work.undisturbed and not work.range.again and succession.first
    return WritePermit(
        alone=first and work.claim.generation == FIRST_GENERATION and work.job.root is None,
        is_named=row.is_still_mine,
        owns_claim=lambda: ledger.owns(work.execution, job_id, key) is not None,
        is_only_key=lambda: ledger.is_only_key(job_id, key),
        clock=time.monotonic,
    )


def _is_of_retry(work: SegmentWork) -> bool:
    """Whether its records answer rejects for the first time: images that have no transactions."""
    return work.job.root is not None and work.claim.generation == FIRST_GENERATION


def _load(
    work: SegmentWork,
    permit: WritePermit,
    *,
    caller: str,
    deadline: Deadline,
    settings: LoadSettings,
    log: Telemetry,
) -> Loaded:
    job = wiring.batch_jobs(settings).read(work.job.job_id, work.job.key)
    interpret = Interpreter(
        TransactionBuilder(
            job,
            root_id=work.job.root_id,
            event_time=work.claim.event_time,
            retention=settings.retention,
        ),
        line_bytes_limit=settings.line_bytes_limit,
        padding_prefix=settings.padding_prefix,
    )
    with (
        leased_budget(
            settings.ledger_table,
            user_id=job.user_id,
            execution=work.execution,
            caller=caller,
            units_per_second=work.write_units_per_second,
            clock=time.monotonic,
            now=time.time,
            sleep=time.sleep,
        ) as budget,
        TransactionWriter(
            clients.transaction_writes(),
            settings.transactions_table,
            pacing=Pacing(budget, deadline, time.sleep, random.random),
            permit=permit,
            expects_items=not permit.alone and not _is_of_retry(work),
        ) as writer,
    ):
        loaded = SegmentLoader(
            source=wiring.results_object(work),
            sorter=RecordSorter(work.object, interpret),
            writer=writer,
            files=wiring.work_files(settings),
            ledger=wiring.ledger(settings),
            reports=wiring.progress_reports(
                work,
                settings,
                load_progress_sk(work.range.start),
                expires=settings.expires(time.time()),
            ),
            deadline=deadline,
            line_bytes_limit=settings.line_bytes_limit,
            expires=settings.expires(time.time()),
        ).load(work)
    _report(loaded, log, throttles=writer.throttles, rate=budget.rate)
    return loaded


def _report(loaded: Loaded, log: Telemetry, *, throttles: int, rate: float) -> None:
    if throttles:
        log.warn(Event.WRITES_THROTTLED, throttles=throttles, rate=rate)
    segment = loaded.segment
    log.info(
        Event.SEGMENT_LOADED,
        segment=Span.of(segment.span).as_json(),
        counts=segment.counts.as_dict(),
        deadLetters=segment.dead_letters,
        writeUnitsPerSecond=rate,
    )
    log.count(Metric.WRITE_THROTTLES, throttles)
    log.count(Metric.WRITE_UNITS_PER_SECOND, rate, MetricUnit.CountPerSecond)


def _counted(work: SegmentWork, loaded: Loaded, *, seconds: float) -> SegmentWork:
    """The same with its counts and rate, which Step Functions' console shows."""
    counts = loaded.segment.counts
    so_far = LoadCounts.from_dict(work.counts) + counts
    rate = round(counts.total / max(seconds, 0.001), 1)
    return work.but(counts=so_far.as_dict(), records_per_second=rate)


def _left(work: SegmentWork, loaded: Loaded, permit: WritePermit) -> SegmentWork:
    """What the next call is given: it is the first only where nothing was written ahead of it."""
    end = loaded.segment.span.end
    done = work.but(undisturbed=permit.alone and loaded.nothing_beyond)
    if end == work.range.end:
        return done.but(finished=True)
    return done.but(range=work.range.but(start=end))

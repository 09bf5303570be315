"""How an object is loaded: how many workers, ranges of which size, which share of the write budget.

PlanRanges, VerifyLoad, `ingest estimate` and the simulation in `bench/` all call `plan_load`.

Three things bind a load: what DynamoDB takes of one user (the write budget), what a function reads
from S3 a second, and its processor. There are as many workers as fill the write budget: more would
wait for it, and are paid for. All ranges are equally long, and each worker has as many as the
others, so that none of them trails.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.domain.ranges import Range, plan

READ_BYTES_PER_SECOND: Final = 60e6
"""What one function reads from S3. Its network is limited to 625 Mbit/s, 78 MB/s
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
RANGE_SECONDS: Final = 60.0
"""How long a range takes at most. What a failed call has done is done again: no more than this.
Each range costs four state transitions, and the pause of a second between two of them."""
LEAST_WORKER_SECONDS: Final = 3.0
"""With less work than this for each, fewer workers: starting one takes about a second."""
MEGABYTES_OF_A_PROCESSOR: Final = 1769
"""Memory that buys a function one processor
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""
PROCESSOR_SECONDS: Final = 120e-6
"""Of a record that is put while writes are paced (docs/adr/0012-plan-and-write-budget.md)."""
CONDITIONAL_PROCESSOR_SECONDS: Final = 300e-6
"""Of a record that is written on condition, paced as well: a replay, another object of a job."""
UNITS_PER_RECORD: Final = 1
"""Write units of a transaction at least; a larger one only makes the load slower."""

SAMPLE_BYTES: Final = 1024 * 1024
"""Of an object's beginning, from which the length of its lines is learnt."""
UNKNOWN_LINE_BYTES: Final = float(SAMPLE_BYTES)
"""Where it could not be learnt: then reading binds, and no worker too few is planned."""


@dataclass(frozen=True)
class LoadLimits:
    """What a deployment allows.

    Attributes:
        range_bytes: Largest size of a range, unless there would be too many ranges.
        max_ranges: Ranges of a span at most: all are listed by one worker, and each costs a child
            execution.
        load_concurrency: Workers of an execution at most.
        write_units_per_second: Write budget of a user.
        memory_megabytes: Of the function.
    """

    range_bytes: int
    max_ranges: int
    load_concurrency: int
    write_units_per_second: float
    memory_megabytes: int


@dataclass(frozen=True)
class LoadPlan:
    """How some spans are loaded.

    Attributes:
        workers: Ranges that are loaded at a time.
        range_bytes: Length of a range; the last one of a span may be shorter.
        ranges: They tile the spans.
        share: Write units a second of each worker, while the user has no other execution.
        seconds: How long the load takes at least, without starting anything.
    """

    workers: int
    range_bytes: int
    ranges: tuple[Range, ...]
    share: float
    seconds: float


def plan_load(
    spans: Sequence[Range], *, line_bytes: float, conditional: bool, limits: LoadLimits
) -> LoadPlan:
    """Plan the load of some spans of an object.

    Args:
        spans: The whole object, or what is missing of it.
        line_bytes: Mean length of its lines.
        conditional: Transactions are written on condition, which costs more processor time.
        limits: What the deployment allows.
    """
    total = sum(len(span) for span in spans)
    each = worker_bytes_per_second(line_bytes, conditional=conditional, limits=limits)
    budget = limits.write_units_per_second / UNITS_PER_RECORD * line_bytes
    workers = max(
        1,
        min(
            math.ceil(budget / each),
            math.ceil(total / (each * LEAST_WORKER_SECONDS)),
            limits.load_concurrency,
            limits.max_ranges,
        ),
    )
    seconds = total / min(workers * each, budget)
    rounds = max(
        math.ceil(seconds / RANGE_SECONDS), math.ceil(total / limits.range_bytes / workers), 1
    )
    length = max(1, math.ceil(total / (rounds * workers)))
    ranges = tuple(
        part
        for span in spans
        for part in plan(span, range_bytes=length, max_ranges=limits.max_ranges)
    )
    return LoadPlan(
        workers=min(workers, max(1, len(ranges))),
        range_bytes=length,
        ranges=ranges,
        share=limits.write_units_per_second / workers,
        seconds=seconds,
    )


def worker_bytes_per_second(line_bytes: float, *, conditional: bool, limits: LoadLimits) -> float:
    """What one worker loads a second if it may write as much as it can."""
    processor = processor_bytes_per_second(line_bytes, conditional=conditional, limits=limits)
    return min(READ_BYTES_PER_SECOND, processor)


def processor_bytes_per_second(
    line_bytes: float, *, conditional: bool, limits: LoadLimits
) -> float:
    """What the processor of one worker loads a second."""
    processor = min(1.0, limits.memory_megabytes / MEGABYTES_OF_A_PROCESSOR)
    taken = CONDITIONAL_PROCESSOR_SECONDS if conditional else PROCESSOR_SECONDS
    return processor / taken * line_bytes


def mean_line_bytes(sample: bytes, *, object_bytes: int) -> float:
    """Mean length of the records at the beginning of an object, line ends included.

    Args:
        sample: Its first bytes. The line that they cut short does not count, unless it is the only
            one: then it is at least as long as the sample.
        object_bytes: Of the whole object.

    Returns:
        At least 1. Blank lines are not records, but their bytes count.
    """
    whole = sample if len(sample) >= object_bytes else sample[: sample.rfind(b"\n") + 1] or sample
    records = sum(1 for line in whole.split(b"\n") if line.strip(b" \t\r"))
    return max(1.0, len(whole) / max(1, records))

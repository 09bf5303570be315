"""The product and the reference agree on every line, however damaged.

`INGEST_DIFFERENTIAL_LINES` sets how many damaged lines are compared (by default 80,000, and 120,000
more in the long form), `INGEST_DIFFERENTIAL_SEED` which (1 by default): the same two give the same
lines.
"""

import faulthandler
import itertools
import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.reference import lines, mutate, product
from tests.reference.compare import comparer
from tests.reference.records import LINE_LIMIT
from tests.reference.transactions import (
    ITEM_LIMIT,
    Context,
    Job,
    Retention,
    Stored,
    item_size,
    judge,
)

LINES = int(os.environ.get("INGEST_DIFFERENTIAL_LINES", "80000"))
LONG_LINES = max(LINES, 200_000)
SEED = int(os.environ.get("INGEST_DIFFERENTIAL_SEED", "1"))
LINES_PER_OBJECT = 100
OBJECTS_PER_TASK = 20
SECONDS_PER_TASK = 120
"""A task takes about one; only a hang takes this long."""

EVENT_TIMES = ("2026-07-01T00:00:00Z", "2026-07-01T23:59:59.999Z", "2024-02-29T15:00:00.000Z")
JOBS = (
    Job(job_id="job-1", intent_id="intent-1", user_id="device1", model_id="model", trace_id="t"),
    Job(job_id="abc123", intent_id="意図", user_id="device-9"),
    Job(job_id="j#b", intent_id="i", user_id="ephemeral-", model_id="m"),
    Job(job_id="j", intent_id="i", user_id="u" * 2048, trace_id="Root=1-2-3"),
    Job(job_id="j", intent_id="i", user_id="my-device-1"),
)
RETENTIONS = (
    Retention(),
    Retention(guest_days=None, account_days=None),
    Retention(guest_days=1, account_days=3650),
)


def differences_of_object(number: int, case_numbers: range) -> list[str]:
    """Damaged lines in one object: the same records at the same places, the same verdicts."""
    chance = random.Random(f"object {SEED} {number}")
    limit = chance.choice((40_000, LINE_LIMIT))
    data = mutate.joined((mutate.case(SEED, number).line for number in case_numbers), chance)
    expected = list(lines.split(data))
    found = list(product.split(_blocks(data, chance), start=0, limit=limit))
    places = [(line.start, line.offset, line.length) for line in expected]
    if [(line.start, line.offset, line.length) for line in found] != places:
        return [f"the records are at other places in {data[:2000]!r}"]
    compare = comparer(
        Context(
            job=chance.choice(JOBS),
            event_time=_event_time(chance),
            retention=chance.choice(RETENTIONS),
            limit=limit,
        )
    )
    differences: list[str] = []
    for ours, theirs in zip(expected, found, strict=True):
        if theirs.content != (ours.content if ours.length <= limit else b""):
            differences.append(f"other content at {ours.start}: {ours.content[:500]!r}")
        if difference := compare(ours.content):
            differences.append(difference)
    return differences


def _event_time(chance: random.Random) -> str:
    """Both are given the event time as it is kept, cut to seconds."""
    return chance.choice(EVENT_TIMES)[:19] + "Z"


def _blocks(data: bytes, chance: random.Random) -> list[bytes]:
    """The data in blocks of odd sizes."""
    size = chance.choice((1 + len(data), 65_536, 4096, 1021))
    return [data[start : start + size] for start in range(0, len(data), size)]


def differences_of_objects(first: int, count: int) -> list[str]:
    """A task: some objects, until enough was found to look at. A hang ends its process."""
    faulthandler.dump_traceback_later(SECONDS_PER_TASK, exit=True)
    differences: list[str] = []
    for number in range(first, first + count):
        cases = range(number * LINES_PER_OBJECT, (number + 1) * LINES_PER_OBJECT)
        differences += differences_of_object(number, cases)
        if len(differences) > 20:
            break
    faulthandler.cancel_dump_traceback_later()
    return differences


@pytest.mark.parametrize(
    ("first_line", "end_line"),
    [(0, LINES), pytest.param(LINES, LONG_LINES, marks=pytest.mark.slow)],
)
def test_they_agree_on_every_damaged_line(first_line: int, end_line: int) -> None:
    objects = -(-end_line // LINES_PER_OBJECT)
    firsts = range(first_line // LINES_PER_OBJECT, objects, OBJECTS_PER_TASK)
    counts = [min(OBJECTS_PER_TASK, objects - first) for first in firsts]
    workers = min(2, os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        results = pool.map(differences_of_objects, firsts, counts)
        differences = list(itertools.chain.from_iterable(results))
    assert not differences, _report(differences)


def _report(differences: list[str]) -> str:
    """Few, and each once: one fault makes many of them."""
    kinds = {difference.partition("\n")[0]: difference for difference in differences}
    shown = "\n\n".join(list(kinds.values())[:5])
    return f"{len(differences)} lines differ, of them one of a kind:\n\n{shown}"


def test_every_kind_of_damage_occurs() -> None:
    done = {step for number in range(2000) for step in mutate.case(SEED, number).steps}
    assert done == set(mutate.STEPS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.user_id[:12])
@pytest.mark.parametrize("amount", ["1", "1.5", "0.1", "12345678901.5", "1e-130", "1" * 12])
@pytest.mark.parametrize("over", [-1, 0, 1, 2])
def test_they_agree_about_the_largest_item(job: Job, amount: str, over: int) -> None:
    context = Context(job=job)

    def line(description: str) -> bytes:
        receipt = (
            f'{{\\"amount\\":{amount},\\"type\\":\\"income\\",\\"date\\":\\"2026-07-01\\",'
            f'\\"merchant\\":\\"m\\",\\"category\\":\\"fee\\",\\"description\\":\\"{description}\\"}}'
        )
        return f'{{"recordId":"r","output":{{"text":"{receipt}"}}}}'.encode()

    empty = judge(line(""), context)
    assert isinstance(empty, Stored)
    description = "é" + "x" * (ITEM_LIMIT - item_size(empty.item) - 2 + over)
    verdict = judge(line(description), context)
    assert isinstance(verdict, Stored) == (over <= 0)
    difference = comparer(context)(line(description))
    assert difference is None, difference


@pytest.mark.parametrize("seed", range(20))
def test_they_agree_on_whose_record_it_is(seed: int) -> None:
    """Section 3.1: a record is its range's that holds its first byte, wherever a range begins."""
    chance = random.Random(seed)
    pieces = chance.choices((b"{}", b"x", b"", b" ", b"\t\r", b"a\rb", b"\xef\xbb\xbf{}"), k=30)
    data = mutate.joined(pieces, chance)
    for start in range(len(data)):
        expected = lines.of_segment(data, start, len(data))
        rest = data[max(start - 1, 0) :]
        found = list(product.split(_blocks(rest, chance), start=start, limit=LINE_LIMIT))
        assert found == expected

"""A worker says now and then how far it has come: rarely, truly, and at no risk to its work."""

import itertools

from functions.aws.progress_reports import AFTER_FAILURE_SECONDS, EVERY_SECONDS, LEAST_DONE
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import load_progress_row, read_progress
from functions.domain.ranges import Range
from tests.unit.load.segment_loading import SegmentLoading, failure, good

MANY = 10 * LEAST_DONE


def test_a_report_is_due_after_two_seconds_and_a_hundred_records() -> None:
    world = SegmentLoading(b"")
    reports = world.reports()
    done = 0

    def rows_after(seconds: float, more: int) -> int:
        nonlocal done
        world.time.now += seconds
        done += more
        reports.note(done, lambda: {"to": done})
        return len(world.progress.rows)

    assert rows_after(EVERY_SECONDS / 2, MANY) == 0
    assert rows_after(EVERY_SECONDS / 2, 0) == 1
    assert rows_after(EVERY_SECONDS / 2, MANY) == 1
    assert rows_after(EVERY_SECONDS * 9, LEAST_DONE - MANY - 1) == 1
    assert rows_after(0, MANY) == 2
    assert world.progress.rows[-1] == {
        "pk": "p", "sk": "s", "ttl": 9, "to": done, "at": int(world.time.now)
    }  # fmt: skip


def test_a_report_that_cannot_be_written_is_left_out_and_not_tried_again_soon() -> None:
    world = SegmentLoading(b"")
    world.progress.error = failure("AccessDeniedException")
    reports = world.reports()
    tries = []
    for second in range(1, 70):
        world.time.now += 1
        reports.note(second * MANY, dict)
        tries.append(len(world.progress.rows))
    again = [second for second in range(1, 69) if tries[second] > tries[second - 1]]
    assert again == [1, 1 + AFTER_FAILURE_SECONDS, 1 + 2 * AFTER_FAILURE_SECONDS]


def test_what_a_worker_reports_is_true_of_the_records_before_that_byte() -> None:
    lines = [good(f"image-{n}") if n % 7 else b"no record" for n in range(1_000)]
    world = SegmentLoading(b"\n".join(lines) + b"\n", block=4_096)
    ticks = itertools.count(1_000.0, 0.5)
    world.time.clock = lambda: next(ticks)  # type: ignore[method-assign]
    world.load(Range(0, len(world.s3.data)))
    assert len(world.progress.rows) > 2
    ends = list(itertools.accumulate(len(line) + 1 for line in lines))
    for row in world.progress.rows:
        records = ends.index(row["to"]) + 1
        rejects = (records + 6) // 7
        counts = LoadCounts(success=records - rejects, rejects={"InvalidJson": rejects})
        assert {**row, **load_progress_row(row["to"], counts)} == row


def test_a_row_is_read_as_it_was_written() -> None:
    counts = LoadCounts(success=3, rejects={"ModelError": 1})
    row = {**load_progress_row(70, counts), "sk": "progress#000000000000050", "at": 0}
    (load,) = read_progress([row]).loads
    assert (load.span, load.counts) == (Range(50, 70), counts)

"""How far a job is: what workers report included, with a rate and the time that is left."""

from dataclasses import replace

import pytest

from functions.domain.claims import ClaimState
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.ranges import Range
from ops.model.job_report import JobReport, ObjectReport
from ops.model.progress import WINDOW_SECONDS, JobProgress, Meter, progress_of
from ops.model.range_progress import RangeProgress
from tests.unit.ops.reports import NOW, RUNNING, claim, unclaimed

RANGES = (
    RangeProgress(Range(0, 500), done=500),
    RangeProgress(Range(500, 1_000), done=100, under_way=150),
)
LOADING = ObjectReport(
    claim=claim(state=ClaimState.CLAIMED),
    ranges=RANGES,
    loads=LoadCounts(success=50, rejects={"ModelError": 10}),
    images=ImageCounts(),
    dead_letters=(),
    loads_under_way=LoadCounts(success=12, rejects={"ModelError": 3}),
)


def job(*objects: ObjectReport) -> JobReport:
    return JobReport("job1", {"status": "INGESTING"}, objects, RUNNING)


def test_a_load_counts_what_workers_report_and_its_mean_rate() -> None:
    found = progress_of(job(LOADING), now=NOW)  # loading for 10 s
    assert (found.phase, found.state) == ("load", "LoadRanges")
    assert (found.ranges_done, found.ranges_of) == (1, 4)
    assert (found.bytes_done, found.bytes_of, found.share) == (750, 1_000, 0.75)
    assert (found.records, found.rejects) == (75, 13)
    assert found.rate == pytest.approx(7.5)
    assert found.seconds_left == pytest.approx(10 / 3)


def test_once_every_byte_is_loaded_images_are_the_phase() -> None:
    loaded = replace(
        LOADING,
        ranges=(RangeProgress(Range(0, 1_000), done=1_000),),
        loads_under_way=LoadCounts(),
        images=ImageCounts(migrated=10),
        images_under_way=ImageCounts(migrated=4, left={"ImageMissing": 1}),
    )
    found = progress_of(job(loaded), now=NOW)
    assert (found.phase, found.done, found.of) == ("images", 15, 50)
    assert (found.images_moved, found.images_left) == (14, 1)


def test_nothing_is_known_of_a_job_that_has_not_begun() -> None:
    found = progress_of(unclaimed(), now=NOW)
    assert (found.phase, found.share, found.rate, found.seconds_left) == ("", 0.0, 0.0, None)
    assert found.state == "waiting for S3's event"


def seen(*, done: int, phase: str = "load") -> JobProgress:
    return JobProgress(
        "job1", "LoadRanges", phase=phase, bytes_done=done, bytes_of=10_000,
        records=done // 10, images_done=done, images_of=10_000, rate=1.0, seconds_left=9_999.0,
    )  # fmt: skip


def test_a_meter_shows_the_present_rate_not_that_of_the_whole_load() -> None:
    meter = Meter()
    assert meter.measure(seen(done=0), at=100).rate == 1.0  # the mean, until there is a present
    for second in range(1, 60):
        last = meter.measure(seen(done=100 * second), at=100.0 + second)
    assert last.rate == pytest.approx(10)
    assert last.seconds_left == pytest.approx(41)
    for second in range(60, 81):  # it stands
        last = meter.measure(seen(done=5_900), at=100.0 + second)
    assert (last.rate, last.seconds_left) == (0.0, None)
    assert len(meter._seen) <= WINDOW_SECONDS + 2


def test_a_meter_starts_again_with_another_phase() -> None:
    meter = Meter()
    for second in range(10):
        meter.measure(seen(done=100 * second), at=second)
    assert meter.measure(seen(done=1, phase="images"), at=10).rate == 1.0
    assert meter.measure(seen(done=51, phase="images"), at=15).rate == pytest.approx(10)

"""How progress looks."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from ops.model.progress import JobProgress
from ops.view.progress import line, table

LOADING = JobProgress(
    "march",
    "LoadRanges",
    phase="load",
    is_running=True,
    ranges_done=3,
    ranges_of=16,
    bytes_done=6_200_000,
    bytes_of=12_400_000,
    records=12_345,
    rejects=12,
    images_of=12_333,
    rate=1_240.4,
    seconds_left=118.0,
)
MOVING = replace(
    LOADING,
    state="MigrateImages",
    phase="images",
    images_done=120,
    images_left=3,
    images_of=500,
    rate=4.25,
    seconds_left=7_900.0,
)


def test_a_line_of_a_load() -> None:
    assert line(LOADING) == (
        "march: LoadRanges, 50% of 12.4 MB in 16 ranges, 12,345 records (1,240/s), 12 rejects, "
        "2 min left"
    )


def test_a_line_of_a_migration_counts_the_images_that_moved() -> None:
    assert line(replace(MOVING, rejects=0)) == (
        "march: MigrateImages, 12,345 records, 117 of 500 images moved (4.2/s), "
        "3 left in place, 2 h 12 min left"
    )


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_table_fits_the_terminal(width: int) -> None:
    rows = [LOADING, MOVING, JobProgress("april", "waiting for S3's event")]
    shown = drawn(rows, width)
    assert len(shown) == 4
    assert all(len(each) <= width for each in shown)
    assert "50%" in shown[1]
    assert "2 min" in shown[1]


def test_a_wide_table_shows_everything() -> None:
    head, loading, moving, waiting = drawn(
        [LOADING, MOVING, JobProgress("april", "waiting for S3's event")], 140
    )
    assert head.split() == ["Job", "State", "Records", "Rejects", "Images", "Rate", "Left"]
    assert loading.split()[-6:] == ["12,345", "12", "-", "1,240/s", "2", "min"]
    assert "117/500, 3 left" in moving
    assert waiting.split()[-5:] == ["0", "0", "-", "-", "-"]


def drawn(rows: list[JobProgress], width: int) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=width).print(table(rows, width=width))
    return [each.rstrip() for each in screen.getvalue().splitlines()]

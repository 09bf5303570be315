"""A server that runs for weeks: memory and saved state stop growing with finished work."""

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded_aws.server import bounds, saving
from embedded_aws.tests import running
from embedded_aws.tests.conftest import Aws, eventually, only, task

ROUND = bounds.EXECUTIONS + 200
"""Executions a round: more than are kept."""
MIB = 1024 * 1024


def resident(pid: int) -> int:
    """The bytes of memory that a process has."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * 4096


def saved(data: Path, mark: str) -> int:
    """The bytes of a save that has an object; 0 while there is none."""
    try:
        if not any((data / "saved").glob(f"s3/*/soak/{mark}")):
            return 0
        return sum(each.stat().st_size for each in (data / "saved").rglob("*") if each.is_file())
    except FileNotFoundError:  # it is being replaced
        return 0


@pytest.mark.slow
def test_finished_work_is_kept_up_to_a_bound(tmp_path: Path) -> None:
    data = tmp_path / "aws"
    server = running.start(data, settings={saving.SECONDS_VARIABLE: "0.5"}).server
    try:
        aws = Aws(server)
        work = task(aws.function())
        machine = aws.machine(only(work))

        def kept() -> int:
            pages = aws.states.get_paginator("list_executions").paginate(stateMachineArn=machine)
            return sum(len(page["executions"]) for page in pages)

        aws.s3.create_bucket(Bucket="soak")
        sizes = []
        for number in range(4):
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda _: aws.run(machine, {"log": "a line"}), range(ROUND)))
            eventually(lambda: kept() == bounds.EXECUTIONS, "the others are forgotten", seconds=120)
            mark = f"round-{number}"
            aws.s3.put_object(Bucket="soak", Key=mark, Body=b"")
            size = eventually(functools.partial(saved, data, mark), "it is saved", seconds=120)
            sizes.append((resident(server.pid), size))
        print(f"resident and saved bytes after each {ROUND} executions: {sizes}")  # noqa: T201
        (first, first_saved), *_, (last, _) = sizes
        assert last - first < 32 * MIB, sizes
        # Datapoints are merged when they are two minutes old.
        merged = bounds.RAW_SECONDS + 120
        eventually(
            lambda: saved(data, mark) < 1.1 * first_saved, f"it ends as {sizes}", seconds=merged
        )
    finally:
        running.stop(data)

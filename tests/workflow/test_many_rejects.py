"""A job of 100,000 rejects and its retry: what settling them takes, in memory and in requests."""

import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest

from tests.workflow.machine import JOB
from tests.workflow.memory.interruptions import calls_of
from tests.workflow.test_retries import Jobs, bad, good

REJECTS = 100_000
LIMIT_MIB = 64
"""Of a function's 1,024 MiB: about 300 bytes a reject, its digest, reason and set entries."""


def _measured(deed: Callable[[], object]) -> float:
    """The peak of the memory that it takes, in MiB; printed with its processor time."""
    began = time.process_time()
    deed()
    seconds = time.process_time() - began
    tracemalloc.start()
    try:
        deed()
        peak = tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
    print(f"{seconds:.2f} s of processor time, {peak:.0f} MiB")  # noqa: T201
    return peak


@pytest.mark.slow
def test_their_settlement_is_bounded() -> None:
    jobs = Jobs()
    jobs.expect(REJECTS)
    images = [f"upload/2026/11/image-{number:08}" for number in range(REJECTS)]
    cured, left = images[10_000:], images[:10_000]
    jobs.ingest(bad(*images))
    assert jobs.record()["status"] == "FAILED"
    jobs.retry("retry-1", pendingImageCount=REJECTS)
    jobs.ingest([*good(*cured), *bad(*left)], job="retry-1")
    stats = jobs.stats()
    assert jobs.record()["status"] == "COMPLETED"
    assert (stats["totalCount"], stats["successCount"], stats["failureCount"]) == (
        REJECTS,
        90_000,
        10_000,
    )

    settler = jobs.machine.settler
    for job_id in (JOB, "retry-1"):
        settle = partial(settler.settle, job_id, settler.jobs.find(job_id).key)
        assert _measured(settle) < LIMIT_MIB

    assert len(jobs.open_rejects()) == 10_000
    assert _measured(jobs.open_rejects) < LIMIT_MIB


def test_the_files_of_each_claim_are_read_once_a_settlement() -> None:
    """The requests follow from the claims, not from the rejects."""
    jobs = Jobs()
    jobs.expect(3)
    jobs.ingest(bad("a", "b", "c"))
    jobs.retry("retry-1")
    jobs.ingest(good("a"), job="retry-1", name="x")
    jobs.ingest(good("b"), job="retry-1", name="y")
    key = jobs.machine.settler.jobs.find("retry-1").key
    calls = calls_of(
        lambda through: jobs.machine.seen_through(through).settler.settle("retry-1", key)
    )
    # An image list and dead letters of each claim, the root's included.
    assert calls.count("get_object") == 2 * 3

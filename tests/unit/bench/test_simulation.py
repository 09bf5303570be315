"""The simulation of many jobs: its model of retries, and what it says of small jobs."""

import pytest

from bench.simulation.account import AccountLimits
from bench.simulation.retriers import Retrier, Retries, read
from bench.simulation.scenario import Scenario, simulate
from ops.model.estimating.ingest_requests import ingest_of

SMALL = [
    Scenario(1, 10, 1_000),
    Scenario(1, 60, 2_000, has_images=True),
    Scenario(1, 3_000, 20_000),
]


def test_it_has_the_definitions_retriers() -> None:
    found = read()
    assert found.keys() >= {"ResolveJob", "LoadSegment", "MigrateChunk", "SettleJob"}
    (throttled,) = (
        each for each in found["LoadSegment"] if "Lambda.TooManyRequestsException" in each.errors
    )
    half_an_hour = sum(throttled.delay(n, 1.0) for n in range(throttled.attempts)) / 2
    assert half_an_hour >= 1800


def test_each_retrier_counts_its_own_attempts() -> None:
    retriers = (Retrier(frozenset("a"), 1, 2, 2, 10), Retrier(frozenset("b"), 4, 1, 2, 10))
    retries = Retries(retriers, jitter=lambda: 1.0)
    assert [retries.delay(each) for each in "abaab"] == [1, 4, 2, None, None]
    assert retries.delay("another") is None


@pytest.mark.parametrize("scenario", SMALL, ids=lambda each: f"{each.records} records")
def test_of_a_small_job_it_counts_what_the_estimate_counts(scenario: Scenario) -> None:
    """An estimate is held against the embedded AWS (tests/e2e/test_estimate.py)."""
    simulated = simulate(scenario).requests
    estimated = ingest_of(scenario.workload, scenario.limits).requests
    assert (simulated.transitions, simulated.calls) == (estimated.transitions, estimated.calls)


def test_nothing_fails_for_want_of_a_place() -> None:
    few = AccountLimits(lambda_concurrency=10)
    outcome = simulate(Scenario(100, 1_000, 600_000, account=few))
    assert outcome.failed == 0
    assert outcome.most_at_once == 10
    assert outcome.refused["Lambda.TooManyRequestsException"] > 0


def test_a_user_gets_no_more_than_the_budget() -> None:
    scenario = Scenario(10, 1_000, 800, is_one_user=True)
    outcome = simulate(scenario)
    written = scenario.jobs * scenario.workload.transactions
    assert outcome.wall >= written / scenario.limits.load.write_units_per_second


def test_a_backfill_runs_no_more_at_a_time_than_it_may() -> None:
    outcome = simulate(Scenario(30, 1_000, 800, backfill=(100, 3)))
    assert (outcome.failed, outcome.most_at_once) == (0, 3)


def test_moving_images_waits_for_s3() -> None:
    outcome = simulate(Scenario(60, 2_000, 800, has_images=True, arrival_seconds=2))
    assert outcome.refused["SlowDown"] > 0
    assert outcome.failed == 0


def test_loading_is_close_to_what_bytes_and_writes_take_at_least() -> None:
    short, long = (simulate(Scenario(1, 100_000, each)) for each in (800, 400_000))
    assert short.loading_ratio <= 1.05
    assert short.loading_gigabyte_seconds <= 100
    assert long.loading_ratio <= 1.1
    assert long.transitions_cost <= 0.01

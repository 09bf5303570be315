"""150 jobs at once in an account of 10 concurrent functions: none fails for want of a place."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from demo import seeding
from demo.batch import Batch
from demo.forms import NOVA
from demo.generator import Recipe, make_batch
from ops.model.deployment import Deployment
from ops.model.job_report import read_job
from tests.e2e.content import metric_sum
from tests.e2e.own_aws import deploy_product, own_aws
from tests.e2e.waiting import eventually

JOBS = 150
USERS = 5
SETTINGS = {"LAMBDA_ACCOUNT_CONCURRENCY": "10", "EMBEDDED_AWS_WAIT_SCALE": "0.5"}
"""Waits are half of those on AWS, where functions do not share two processors."""
PATIENCE_SECONDS = 1800.0


@pytest.fixture
def small_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with own_aws(tmp_path_factory.mktemp("small-aws"), **SETTINGS) as folder:
        yield deploy_product(folder)


def _batch(number: int) -> Batch:
    run = uuid.uuid4().hex[:10]
    recipe = Recipe(
        user_id=f"user-{number % USERS}",
        form=NOVA,
        records=5,
        image_bytes=(500, 1_000),
        flaws={},
        left=(),
        duplicates=0,
    )
    submitted = datetime.now(UTC) - timedelta(seconds=number)  # a part of the record's key
    return make_batch(recipe, run=run, now=submitted, seed=number)


@pytest.mark.slow
def test_150_jobs_at_once_all_settle_in_an_account_of_10(small_account: Deployment) -> None:
    deployed = small_account
    batches = [_batch(number) for number in range(JOBS)]
    for batch in batches:
        seeding.seed(deployed, batch)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda batch: seeding.deliver(deployed, batch), batches))

    def all_have_ended() -> bool:
        time.sleep(5)
        return _executions(deployed)["RUNNING"] == 0

    eventually(all_have_ended, "all executions end", seconds=PATIENCE_SECONDS)
    assert _executions(deployed) == {"SUCCEEDED": 2 * JOBS}  # of results and of manifests
    jobs = [read_job(deployed, batch.job.job_id) for batch in batches]
    assert Counter(job.status for job in jobs) == {"COMPLETED": JOBS}
    assert all(job.images.migrated == 5 for job in jobs)
    assert _throttles(deployed) > 0, "there were places enough: this shows nothing"


def _executions(deployed: Deployment) -> Counter[str]:
    pages = deployed.step_functions.get_paginator("list_executions")
    return Counter(
        each["status"]
        for page in pages.paginate(stateMachineArn=deployed.state_machine)
        for each in page["executions"]
    )


def _throttles(deployed: Deployment) -> float:
    functions = deployed.make_client("lambda").list_functions()["Functions"]
    return sum(
        metric_sum(deployed, "AWS/Lambda", "Throttles", FunctionName=function["FunctionName"])
        for function in functions
    )

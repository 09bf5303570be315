"""The deployment under a key that was made before, whose policy is what the page asks for."""

import json
import re
from pathlib import Path

import pytest

from local.server import PROJECT
from ops.model.deployment import Deployment
from tests.e2e.deployments.standing import endpoint_of, run_job, stand
from tests.e2e.deployments.theirs import ACCOUNT
from tests.e2e.held import JobRecord, deliver
from tests.e2e.waiting import eventually

PAGE = PROJECT / "docs" / "encryption.md"


@pytest.fixture(scope="module")
def key(data: Path) -> str:
    endpoint = endpoint_of(data)
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    services = (
        block.replace("REGION", endpoint.region)
        .replace("ACCOUNT", ACCOUNT)
        .replace("STACK", "Keyed")
    )
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Statement": [account, *json.loads(services)]}
    made = endpoint.client("kms").create_key(Policy=json.dumps(policy))
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def keyed(data: Path, key: str) -> Deployment:
    return stand(data, "Keyed", customerManagedKeyArn=key)


def test_a_job_is_completed_as_it_must_be(keyed: Deployment) -> None:
    ran = run_job(keyed)
    assert (ran.status, ran.differences) == ("COMPLETED", [])


def test_a_failure_is_recorded_though_its_event_has_no_data(keyed: Deployment) -> None:
    job = JobRecord()
    job.write(keyed, userId=None)
    failed = deliver(keyed, job.key(), b"{}")
    assert failed.status == "FAILED"
    eventually(lambda: job.read(keyed).get("status") == "FAILED", "the job is marked")

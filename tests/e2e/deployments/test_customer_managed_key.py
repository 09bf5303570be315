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


def test_all_that_it_made_is_under_the_key(keyed: Deployment, key: str) -> None:
    assert keyed.embedded is not None
    client = keyed.embedded.endpoint.client
    tables = [name for output, name in keyed.outputs.items() if output.endswith("TableName")]
    queues = client("sqs").list_queues(QueueNamePrefix="Keyed-")["QueueUrls"]
    groups = [
        each
        for prefix in ("/aws/lambda/Keyed-", "/aws/vendedlogs/states/Keyed")
        for each in client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    ]
    functions = [
        each
        for each in client("lambda").list_functions()["Functions"]
        if each["FunctionName"].startswith("Keyed-")
    ]
    bucket = keyed.s3.get_bucket_encryption(Bucket=keyed.bucket)
    (rule,) = bucket["ServerSideEncryptionConfiguration"]["Rules"]
    machine = keyed.step_functions.describe_state_machine(stateMachineArn=keyed.state_machine)
    keys = {
        "tables": [
            keyed.dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"][
                "KMSMasterKeyArn"
            ]
            for name in tables
        ],
        "queues": [
            client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])[
                "Attributes"
            ]["KmsMasterKeyId"]
            for url in queues
        ],
        "logs": [each["kmsKeyId"] for each in groups],
        "functions": [each["KMSKeyArn"] for each in functions],
        "bucket": [rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]],
        "machine": [machine["encryptionConfiguration"]["kmsKeyId"]],
    }

    assert {what: len(each) for what, each in keys.items()} == {
        "tables": 4,
        "queues": 2,
        "logs": 10,
        "functions": 9,
        "bucket": 1,
        "machine": 1,
    }
    assert {each for found in keys.values() for each in found} == {key}

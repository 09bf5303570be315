"""The deployment that submits the rejects of a settled job again, once."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.inference import job_role
from local.deploy import Assembly
from ops.model.deployment import Deployment
from tests.e2e.calling import invoke
from tests.e2e.deployments.standing import endpoint_of, stand
from tests.e2e.grants.removal import RoleGrant, grants_of
from tests.e2e.held import JobRecord
from tests.e2e.retrying import RECORDS, Loop
from tests.e2e.waiting import eventually
from tests.infrastructure.documented import documented
from tests.lines import ANSWER

STACK = "Resubmitting"
ACCOUNT = "000000000000"
OTHER_CASES = {
    ("s3:GetObjectVersion", "StorageBucket/batch-output/*"): "a bucket with versions",
    ("s3:ListBucket", "StorageBucket, keys batch-output/*"): "results that have expired",
    ("s3:ListBucket", "StorageBucket, keys dead-letters/*"): "ledger rows that have expired",
    ("s3:ListBucket", "StorageBucket, keys work/*"): "image lists that have expired",
    ("bedrock:CreateModelInvocationJob", "custom-model/*"): "a job of such a model",
    ("bedrock:CreateModelInvocationJob", "inference-profile/*"): "a job of such a model",
}
"""Grants that the case below does not use, and what uses them."""


@pytest.fixture(scope="module")
def resubmitting(data: Path) -> Deployment:
    role = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-demo-bedrock"
    deployed = stand(data, STACK, autoResubmitRecords=50, bedrockJobRoleArn=role)
    assert job_role(deployed) == role
    return deployed


def test_a_job_s_rejects_are_answered_again_without_being_asked(
    resubmitting: Deployment, data: Path
) -> None:
    loop = Loop(resubmitting, data)
    loop.rule("POST", jobName="retry-*", text=ANSWER)
    loop.run_root()

    def cured() -> bool:
        stats = loop.job.read(resubmitting)["resultStats"]
        return bool(stats["successCount"] == RECORDS)

    eventually(cured, "the retry's answers are counted")
    assert not loop.open_rejects()
    assert len(loop.asked_again()) == 18
    assert set(loop.asked_again().values()) == {1}
    again = _call(resubmitting, loop.job.job_id)
    assert again == {"retry": None}
    loop.rule("DELETE", jobName="retry-*")


@pytest.mark.slow
@pytest.mark.causes_denials("*")
def test_each_grant_is_needed_and_all_are_enough(resubmitting: Deployment, data: Path) -> None:
    template = Assembly.read(data.with_name(f"{STACK}.out")).template
    grants = [
        each
        for each in grants_of(resubmitting, template)
        if each.granted.who == "ResubmitRejects"
        and documented(each.granted) is None
        and not _is_of_another_case(each)
    ]
    assert len(grants) == 13
    endpoint_of(data).client("events").disable_rule(Name=f"{STACK}-resubmission")
    for grant in grants:
        job = _job_with_rejects(resubmitting)
        with grant.removed(resubmitting):
            assert _call(resubmitting, job) == "it fails", grant.granted.row
        answer = _call(resubmitting, job)
        assert answer["retry"], grant.granted.row


def _is_of_another_case(grant: RoleGrant) -> bool:
    _, action, where = grant.granted.row
    return any(action == other and where.endswith(end) for other, end in OTHER_CASES)


def _job_with_rejects(deployed: Deployment) -> str:
    """A job of two results objects with a reject each, so that image lists are read, too."""
    job = JobRecord()
    job.write(deployed, pendingImageCount=4)
    for number in range(2):
        records = [
            {"recordId": f"bad-{number}", "modelInput": {}, "error": {"errorCode": 500}},
            {
                "recordId": f"good-{number}",
                "modelInput": {},
                "modelOutput": {"content": [{"type": "text", "text": ANSWER}]},
            },
        ]
        deployed.s3.put_object(
            Bucket=deployed.bucket,
            Key=f"batch-output/{job.job_id}/{number}.jsonl.out",
            Body="\n".join(map(json.dumps, records)).encode(),
        )

    def is_settled() -> bool:
        return deployed.jobs.find(job.job_id).written.status == "COMPLETED"

    eventually(is_settled, f"{job.job_id} is settled")
    return job.job_id


def _call(deployed: Deployment, job_id: str) -> Any:
    """What ResubmitRejects answers to the event of a job."""
    event = {"detail": {"jobId": job_id, "resultStats": {"rejectsByReason": {"ModelError": 1}}}}
    answer = invoke(deployed, "ResubmitRejects", event)
    return "it fails" if "errorType" in answer else answer

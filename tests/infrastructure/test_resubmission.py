"""Rejects are submitted again by the stack where the settings ask for it, and only there."""

import json

from functions.resubmit_rejects.settings import ResubmitSettings
from tests.infrastructure.granted import of_role
from tests.infrastructure.template import Template

BUCKET = "<StorageBucket.Arn>"
JOBS = "<StorageBatchJobs.Arn>"
BEDROCK = "arn:aws:bedrock:eu-west-1:111122223333"
BATCH_JOBS = f"{BEDROCK}:model-invocation-job/*"


def _listing(prefix: str) -> str:
    condition = json.dumps({"StringLike": {"s3:prefix": prefix}})
    return f"s3:ListBucket {BUCKET} {condition}"


def test_nothing_of_it_is_in_the_stack_by_default(created: Template) -> None:
    assert not [name for name in created.resources if "esubmi" in name]
    text = json.dumps(created.resources)
    assert "iam:PassRole" not in text
    assert "bedrock:CreateModelInvocationJob" not in text


def test_the_function_may_do_what_it_does_and_nothing_else(resubmitting: Template) -> None:
    granted = {
        str(grant)
        for grant in of_role(resubmitting, "WorkersResubmitRejectsRole")
        if grant.action.split(":")[0] not in {"logs", "xray", "kms"}
    }
    assert granted == {
        f"dynamodb:Query {JOBS}/index/jobIdIndex",
        f"dynamodb:PutItem {JOBS}",
        f"dynamodb:Query {JOBS}",
        "dynamodb:Query <StorageLedger.Arn>",
        f"s3:PutObject {BUCKET}/batch-input/*",
        f"s3:GetObject {BUCKET}/batch-output/*",
        f"s3:GetObjectVersion {BUCKET}/batch-output/*",
        f"s3:GetObject {BUCKET}/dead-letters/*",
        f"s3:GetObject {BUCKET}/work/*",
        _listing("batch-output/*"),
        _listing("dead-letters/*"),
        _listing("work/*"),
        f"bedrock:GetModelInvocationJob {BATCH_JOBS}",
        f"bedrock:CreateModelInvocationJob {BATCH_JOBS}",
        "bedrock:CreateModelInvocationJob arn:aws:bedrock:eu-west-1::foundation-model/*",
        f"bedrock:CreateModelInvocationJob {BEDROCK}:custom-model/*",
        f"bedrock:CreateModelInvocationJob {BEDROCK}:inference-profile/*",
        "bedrock:ListModelInvocationJobs *",
        "iam:PassRole arn:aws:iam::111122223333:role/batch "
        + json.dumps({"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}),
    }


def test_the_function_finds_its_settings(resubmitting: Template) -> None:
    function = resubmitting.one("AWS::Lambda::Function", "WorkersResubmitRejects")
    request = ResubmitSettings.read(function["Environment"]["Variables"]).request
    assert (request.most_records, request.minimum) == (500, 100)
    assert (request.role, request.model) == ("arn:aws:iam::111122223333:role/batch", None)
    assert (request.input_prefix, request.padding_prefix) == ("batch-input/", "__pad__")


def test_it_is_called_when_a_job_has_settled(resubmitting: Template) -> None:
    rule = resubmitting.one("AWS::Events::Rule", "OutcomesResubmission")
    assert rule["EventPattern"] == {
        "source": ["batch-ingest"],
        "detail-type": ["Batch Ingest Job Status Change"],
        "detail": {"status": ["COMPLETED", "PARTIALLY_COMPLETED"]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == "<WorkersResubmitRejectsFunction.Arn>"


def test_what_it_fails_to_do_rings(resubmitting: Template) -> None:
    alarms = {
        each["AlarmName"]: each["AlarmDescription"]
        for each in resubmitting.of_type("AWS::CloudWatch::Alarm").values()
    }
    for name, page in {
        "function-errors-resubmit-rejects": "function-errors",
        "resubmission-failed-invocations": "rejects",
    }.items():
        assert f" docs/runbook/{page}.md," in alarms[f"BatchIngest-{name}"]

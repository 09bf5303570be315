"""The demo's job on the embedded Bedrock, from its submission to its results object.

The job is held until its record is written. On AWS hours pass between the two.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from functions.domain.object_keys import RESULTS_PREFIX
from local import owner
from ops.errors import ResultDiffers
from ops.model.uploads import Upload

if TYPE_CHECKING:
    from demo.batch import Batch, Question
    from ops.model.deployment import Deployment

_LOOK_SECONDS = 0.1
_ENDED = frozenset({"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"})


def submit(deployed: Deployment, batch: Batch) -> Batch:
    """Upload the input records and submit the job, held; the batch with the job's id."""
    key = f"batch-input/{batch.job.intent_id}/{batch.name.removesuffix('.out')}"
    lines = [json.dumps({"recordId": each.record_id, "modelInput": each.model_input})
             for each in batch.questions]  # fmt: skip
    deployed.s3.put_object(
        Bucket=deployed.bucket, Key=key, Body="".join(f"{line}\n" for line in lines).encode()
    )
    _ask(deployed, "POST", {
        "jobName": batch.job.intent_id,
        "answers": _answers(batch),
        "holdAt": "Submitted",
    })  # fmt: skip
    arn = deployed.make_client("bedrock").create_model_invocation_job(
        jobName=batch.job.intent_id,
        roleArn=job_role(deployed),
        modelId=batch.job.model_id,
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{deployed.bucket}/{key}"}},
        outputDataConfig={
            "s3OutputDataConfig": {"s3Uri": f"s3://{deployed.bucket}/{RESULTS_PREFIX}"}
        },
    )["jobArn"]
    return replace(batch, job=replace(batch.job, job_id=arn.rpartition("/")[2]))


def complete(deployed: Deployment, batch: Batch) -> Upload:
    """Let Bedrock answer a job that was submitted; its results object, or ResultDiffers."""
    since = datetime.now(UTC).replace(microsecond=0)
    _ask(deployed, "DELETE", {"jobName": batch.job.intent_id})
    bedrock = deployed.make_client("bedrock")
    job: Any = {"status": "Submitted"}
    while job["status"] not in _ENDED:
        time.sleep(_LOOK_SECONDS)
        job = bedrock.get_model_invocation_job(jobIdentifier=batch.job.job_id)
    if job["status"] != "Completed":
        raise ResultDiffers([f"Bedrock's job is {job['status']}: {job.get('message', '')}"])
    etag = deployed.s3.head_object(Bucket=deployed.bucket, Key=batch.key)["ETag"].strip('"')
    return Upload(deployed, batch.job.job_id, batch.key, etag, since)


def _answers(batch: Batch) -> dict[str, list[dict[str, Any]]]:
    answers: dict[str, list[dict[str, Any]]] = {}
    for question in batch.questions:
        answers.setdefault(question.record_id, []).append(_answer(question))
    return answers


def _answer(question: Question) -> dict[str, Any]:
    """The model's output or error; the whole line where Bedrock would not write such a one."""
    try:
        record = json.loads(question.line)
    except ValueError:
        return {"line": question.line.decode()}
    if record.get("recordId") != question.record_id:
        return {"line": question.line.decode()}
    return {name: record[name] for name in ("modelOutput", "error") if name in record}


def job_role(deployed: Deployment) -> str:
    """The role of the demo's jobs: made once, allowed what the service role's guide names.

    https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html
    """
    iam, name = deployed.make_client("iam"), f"{deployed.stack}-demo-bedrock"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    bucket = f"arn:aws:s3:::{deployed.bucket}"
    allowed: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            "Resource": [bucket, f"{bucket}/*"],
        },
        {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"},
    ]
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="batch", PolicyDocument=_policy(*allowed))
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _ask(deployed: Deployment, method: str, value: dict[str, Any]) -> None:
    if deployed.embedded is None:
        raise ValueError("only the embedded Bedrock answers by a rule")
    owner.ask(deployed.embedded.endpoint, "bedrock", method, value)

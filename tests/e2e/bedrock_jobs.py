"""Jobs at the embedded Bedrock, whose answers a rule decides."""

import json
from collections.abc import Iterable
from typing import Any

from demo.inference import job_role
from local import owner
from ops.model.deployment import Deployment

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


def rule(deployed: Deployment, method: str, **rule: Any) -> None:
    """Set the rule of jobs of a name, or delete it and let the held jobs go on."""
    assert deployed.embedded is not None
    owner.ask(deployed.embedded.endpoint, "bedrock", method, rule)


def submit(
    deployed: Deployment,
    name: str,
    *files: Iterable[str],
    model: str = CLAUDE,
    output: str = "batch-output/",
) -> str:
    """Submit a job of input files, each with the ids of its records; the job's id."""
    folder, bucket = f"batch-input/{name}/", deployed.bucket
    for number, ids in enumerate(files):
        records = (
            {"recordId": each, "modelInput": {"messages": [], "max_tokens": 9}} for each in ids
        )
        body = "\n".join(map(json.dumps, records)).encode()
        deployed.s3.put_object(Bucket=bucket, Key=f"{folder}{number}.jsonl", Body=body)
    source = folder if len(files) > 1 else f"{folder}0.jsonl"
    arn: str = deployed.bedrock.create_model_invocation_job(
        jobName=name,
        roleArn=job_role(deployed),
        modelId=model,
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{bucket}/{source}"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://{bucket}/{output}"}},
    )["jobArn"]
    return arn.rpartition("/")[2]

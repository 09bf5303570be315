"""The Lambda function that the status event of a settled job starts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.aws import wiring
from functions.aws.batch_jobs import BatchJobs
from functions.aws.ledger import Ledger
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import telemetry
from functions.resubmit_rejects.automatic import AutomaticResubmission
from functions.resubmit_rejects.settings import ResubmitSettings

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Account:
    """The services of the function's account."""

    bedrock: "BedrockClient"
    bucket: str
    dynamodb: "DynamoDBClient"
    jobs: BatchJobs
    ledger: Ledger
    s3: "S3Client"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Submit the rejects of a job again.

    Args:
        event: "Batch Ingest Job Status Change".
        context: Lambda's.

    Returns:
        `{"retry": the id of the new job, or null}`.
    """
    settings = ResubmitSettings.read()
    account = Account(
        bedrock=clients.bedrock(),
        bucket=settings.bucket_name,
        dynamodb=clients.dynamodb(),
        jobs=wiring.batch_jobs(settings),
        ledger=wiring.ledger(settings),
        s3=clients.s3(),
    )
    settled = event["detail"]
    job_id: str = settled["jobId"]
    with telemetry().invocation(execution=context.aws_request_id, jobId=job_id) as log:
        automatic = AutomaticResubmission(account, settings.request, log)
        rejects = settled["resultStats"].get("rejectsByReason", {})
        return {"retry": automatic.run(job_id, rejects=rejects)}

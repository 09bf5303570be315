"""Clients and tables of a resubmission."""

from typing import TYPE_CHECKING, Protocol

from functions.aws.batch_jobs import BatchJobs
from functions.aws.ledger import Ledger

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


class Services(Protocol):
    """Clients, tables and the image bucket."""

    @property
    def bedrock(self) -> "BedrockClient":
        """Amazon Bedrock's control plane."""
        ...

    @property
    def bucket(self) -> str:
        """The image bucket."""
        ...

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """Amazon DynamoDB."""
        ...

    @property
    def jobs(self) -> BatchJobs:
        """The application's jobs."""
        ...

    @property
    def ledger(self) -> Ledger:
        """Claims, segments and chunks."""
        ...

    @property
    def s3(self) -> "S3Client":
        """Amazon S3."""
        ...

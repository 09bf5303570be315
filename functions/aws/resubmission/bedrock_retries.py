"""The jobs at Bedrock that answer rejects of a root job, and their records.

The name of such a job holds what its record needs and Bedrock does not say: a hash of the root's
id, which retry it is, and how many records it has. So a job whose record was never written, as
after a crash, is found again and gets its record.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from functions.aws.dynamodb import query
from functions.aws.resubmission.services import Services
from functions.aws.runtime.service_errors import NO_SUCH_JOB, is_any
from functions.domain.attribute_values import to_item
from functions.domain.jobs import ENDED_JOB_STATUSES, Job
from functions.domain.retries import root_of

_HASH_LETTERS: Final = 16
_NAME: Final = re.compile(r"retry-[0-9a-f]{16}-(?P<number>\d+)-(?P<records>\d+)")
_BY_ID: Final = re.compile(r"arn:[^:]+:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/")


@dataclass(frozen=True)
class RetryName:
    """The name of a retry at Bedrock.

    Attributes:
        number: 1 for the first retry of the root.
        records: Records submitted, padding included.
    """

    root_id: str
    number: int
    records: int

    def __str__(self) -> str:
        """At most 63 letters, as Bedrock wants it."""
        return f"{name_prefix(self.root_id)}{self.number}-{self.records}"

    @classmethod
    def parse(cls, name: str, *, root_id: str) -> Self | None:
        """Read a name; None where it is not of a retry of this root."""
        found = _NAME.fullmatch(name)
        if found is None or not name.startswith(name_prefix(root_id)):
            return None
        return cls(root_id, int(found["number"]), int(found["records"]))


def under_way(retries: Mapping[str, str]) -> list[str]:
    """Ids of those that have not ended, of retries with their statuses."""
    return sorted(each for each, status in retries.items() if status not in ENDED_JOB_STATUSES)


def name_prefix(root_id: str) -> str:
    """What the names of all retries of a root begin with."""
    return f"retry-{hashlib.sha256(root_id.encode()).hexdigest()[:_HASH_LETTERS]}-"


def root_job(services: Services, job_id: str) -> Job:
    """The job itself, or the root of a retry."""
    return root_of(services.jobs.find(job_id), services.jobs.find)


@dataclass(frozen=True)
class BedrockRetries:
    """The retries of one root, at Bedrock and on record."""

    services: Services
    root: Job

    @property
    def bedrock(self) -> Any:
        """Amazon Bedrock's control plane."""
        return self.services.bedrock

    def on_record(self) -> dict[str, str]:
        """The status of each retry on record by its job id, in the order of their submission."""
        rows = query(
            self.services.dynamodb,
            TableName=self.services.jobs.table,
            KeyConditionExpression="intentId = :intent",
            ExpressionAttributeValues={":intent": {"S": self.root.intent_id}},
        )
        return {
            str(row["jobId"]): str(row.get("status", ""))
            for row in rows
            if row.get("retryOf") == self.root.job_id and "jobId" in row
        }

    def write_missing_records(self) -> list[str]:
        """Write the records of jobs that an interrupted run has left without one; their ids."""
        known = self.on_record()
        arns = [arn for arn in self._at_bedrock() if arn.rpartition("/")[2] not in known]
        return [self.write_record(arn) for arn in arns]

    def write_record(self, arn: str) -> str:
        """Write the record of a job at Bedrock, unless it is there; the job's id.

        All that is written follows from the root and from what Bedrock says of the job, so that two
        runs write the same record.
        """
        job = self.bedrock.get_model_invocation_job(jobIdentifier=arn)
        name = RetryName.parse(job["jobName"], root_id=self.root.job_id)
        attributes: dict[str, object] = {
            "intentId": self.root.intent_id,
            "submitTime": _timestamp(job),
            "jobId": arn.rpartition("/")[2],
            "userId": self.root.user_id,
            "modelId": model_id(job["modelId"], like=self.root.model_id),
            "retryOf": self.root.job_id,
            "status": "SUBMITTED",
        }
        if name is not None:
            attributes["pendingImageCount"] = name.records
        if self.root.trace_id:
            attributes["traceId"] = self.root.trace_id
        try:
            self.services.dynamodb.put_item(
                TableName=self.services.jobs.table,
                Item=to_item(attributes),
                ConditionExpression="attribute_not_exists(intentId)",
            )
        except self.services.dynamodb.exceptions.ConditionalCheckFailedException:
            if str(attributes["jobId"]) not in self.on_record():
                raise
        return str(attributes["jobId"])

    def input_of(self, arn: str) -> str:
        """The address of the records that a job at Bedrock answers."""
        job = self.bedrock.get_model_invocation_job(jobIdentifier=arn)
        uri: str = job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
        return uri

    def of_root(self) -> Mapping[str, Any]:
        """What Bedrock says of the root's own job; empty where it does not know it."""
        try:
            found: Mapping[str, Any] = self.bedrock.get_model_invocation_job(
                jobIdentifier=self.root.job_id
            )
        except ClientError as error:
            if is_any(error, NO_SUCH_JOB):
                return {}
            raise
        return found

    def _at_bedrock(self) -> Iterator[str]:
        prefix = name_prefix(self.root.job_id)
        pages = self.bedrock.get_paginator("list_model_invocation_jobs").paginate(
            nameContains=prefix.rstrip("-")
        )
        for each in (each for page in pages for each in page["invocationJobSummaries"]):
            if RetryName.parse(each["jobName"], root_id=self.root.job_id) is not None:
                yield each["jobArn"]


def model_id(arn: str, *, like: str | None) -> str:
    """A model as records name it: its id, unless the root's record has the ARN."""
    return arn if arn == like else _BY_ID.sub("", arn)


def _timestamp(job: Mapping[str, Any]) -> str:
    """Two retries of a root are never submitted in the same millisecond."""
    at: str = job["submitTime"].isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")

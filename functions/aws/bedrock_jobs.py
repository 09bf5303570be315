"""Batch inference jobs as Bedrock knows them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import NO_SUCH_JOB, is_any
from functions.domain.bedrock_jobs import BedrockStatus, JobEnd
from functions.domain.object_keys import RESULTS_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient

_ID: Final = re.compile(r"[a-z0-9]{12}")
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelInvocationJob.html"""


@dataclass(frozen=True)
class BedrockJob:
    """A job as Bedrock describes it now.

    Attributes:
        end: How it ended, None if it has not.
        folder: Where it writes results, with its final slash; None if not in the bucket.
    """

    end: JobEnd | None
    folder: str | None


@dataclass(frozen=True)
class BedrockJobs:
    """Reads jobs from Bedrock.

    Attributes:
        client: Makes the client, when it is first needed.
    """

    client: Callable[[], "BedrockClient"]
    bucket: str

    def get(self, job_id: str, *, now: datetime) -> BedrockJob | None:
        """A job by its id; None if Bedrock does not know it."""
        if not _ID.fullmatch(job_id):
            return None
        try:
            found = self.client().get_model_invocation_job(jobIdentifier=job_id)
        except ClientError as error:
            if is_any(error, NO_SUCH_JOB):
                return None
            raise
        try:
            status = BedrockStatus(found.get("status", ""))
        except ValueError:
            end = None
        else:
            at = found.get("endTime") or found.get("lastModifiedTime") or now
            end = JobEnd(status, at, found.get("message", ""))
        uri = found["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]
        return BedrockJob(end, self._folder(uri, job_id))

    def _folder(self, uri: str, job_id: str) -> str | None:
        _, _, path = uri.partition(f"s3://{self.bucket}/")
        folder = f"{path.rstrip('/')}/{job_id}/"
        return folder if folder.startswith(RESULTS_PREFIX) else None

"""Results objects in a job's folder that no execution has claimed yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from functions.domain.claims import Claim, Content, Precedence, precedence
from functions.domain.object_keys import results_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_PAGES: Final = 5
"""Pages of 1,000 keys listed for each folder. Bedrock writes one object for each input file."""


@dataclass(frozen=True)
class ArrivedObjects:
    """The results objects of jobs in the bucket."""

    s3: "S3Client"
    bucket: str

    def unclaimed(
        self, job_id: str, folders: Iterable[str], claims: Iterable[Claim], *, since: datetime
    ) -> int:
        """Count the results objects in a job's folders that have neither a claim nor a failure.

        Objects created before `since` (UTC) do not count. `claims` are the job's, with its failures
        before a claim.
        """
        by_key = {claim.key: claim for claim in claims}
        return sum(self._unclaimed_in(folder, job_id, by_key, since) for folder in folders)

    def _unclaimed_in(
        self, folder: str, job_id: str, claims: Mapping[str, Claim], since: datetime
    ) -> int:
        count, after = 0, ""
        for _ in range(_MAX_PAGES):
            page = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=folder, StartAfter=after)
            for each in page.get("Contents", []):
                after = each["Key"]
                if each["LastModified"] <= since or results_of(after, job_id) is None:
                    continue
                content = Content(each["ETag"].strip('"'), created=each["LastModified"])
                count += precedence(claims.get(after), content) is Precedence.CONTENT
            if not page["IsTruncated"]:
                break
        return count

"""List objects under batch-output/, up to a bound a run."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from functions.aws.job_folders import JobFolders
from functions.aws.runtime.deadline import Deadline
from functions.aws.search_cursors import Cursor
from functions.domain.object_keys import MANIFEST_NAME, RESULTS_PREFIX, parse_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

MAX_PAGES: Final = 100
"""Of 1,000 keys, $0.0005: an imported bucket may keep the results of years."""

MAX_JOBS: Final = 500
"""Looked at in one run, but for those of its last page: each costs several calls."""


@dataclass(frozen=True)
class ResultsObject:
    """A results object as the bucket lists it."""

    key: str
    etag: str
    created: datetime


@dataclass
class JobObjects:
    """The listed objects of a job.

    Attributes:
        folder: Where the first of them lies.
        after: The key that is listed before the first of them; empty for none.
        latest: When the newest object of the job was created.
    """

    folder: str
    after: str = ""
    results: list[ResultsObject] = field(default_factory=list)
    latest: datetime | None = None


@dataclass(frozen=True)
class ObjectListing:
    """Lists objects that are younger than a moment."""

    s3: "S3Client"
    bucket: str
    folders: JobFolders
    since: datetime

    def read(self, cursor: Cursor, *, until: Deadline) -> tuple[dict[str, JobObjects], Cursor]:
        """The objects of jobs from a cursor on, and the cursor of the next run."""
        jobs: dict[str, JobObjects] = {}
        after = str(cursor.after["key"]) if cursor.after else ""
        for _ in range(MAX_PAGES):
            page = self.s3.list_objects_v2(
                Bucket=self.bucket, Prefix=RESULTS_PREFIX, StartAfter=after
            )
            after = self._take(jobs, page, after=after)
            if not page["IsTruncated"]:
                return jobs, replace(cursor, after=None)
            if until.has_passed or len(jobs) >= MAX_JOBS:
                break
        return jobs, replace(cursor, after={"key": after})

    def of_job(self, job_id: str, folder: str) -> JobObjects | None:
        """The objects of a job in a folder, up to a page of the listing; None without any."""
        jobs: dict[str, JobObjects] = {}
        self._take(jobs, self.s3.list_objects_v2(Bucket=self.bucket, Prefix=folder))
        return jobs.get(job_id)

    def has_results(self, folder: str) -> bool:
        """Whether a folder holds anything that may be results."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=folder)
        keys = [each["Key"] for each in listed.get("Contents", [])]
        return any(parse_key(key) and not _is_manifest(key) for key in keys)

    def _take(
        self, jobs: dict[str, JobObjects], page: "ListObjectsV2OutputTypeDef", *, after: str = ""
    ) -> str:
        """Add the young objects of a page to their jobs; its last key, or the one before it."""
        for entry in page.get("Contents", []):
            created, etag = entry["LastModified"], entry["ETag"].strip('"')
            if created >= self.since:
                self._add(jobs, ResultsObject(entry["Key"], etag, created), after=after)
            after = entry["Key"]
        return after

    def _add(self, jobs: dict[str, JobObjects], listed: ResultsObject, *, after: str) -> None:
        key = listed.key
        if (parsed := parse_key(key)) is None:
            return
        job_id = self.folders.job_id(parsed)
        if job_id is not None and parsed.of_job(job_id) is None:
            # ResolveJob ignores it: below this job's folder, its name is of neither kind.
            return
        named = job_id or "/".join(parsed.folders)
        job = jobs.setdefault(named, JobObjects(key.rpartition("/")[0] + "/", after))
        job.latest = max(job.latest or listed.created, listed.created)
        if not _is_manifest(key):
            job.results.append(listed)


def _is_manifest(key: str) -> bool:
    return key.endswith(f"/{MANIFEST_NAME}")

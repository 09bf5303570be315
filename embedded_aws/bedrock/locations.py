"""S3 locations of a job: where its input lies, and where its output is written.

`s3://bucket/prefix/{jobId}/{input file}.jsonl.out` and `s3://bucket/prefix/{jobId}/manifest.json.out`.
AWS documents the files (user guide, "batch-inference-results") but not their folder; public code
that reads them does so as `{s3Uri}/{jobId}/...`. A file of a nested input folder keeps its folders
below the job's: this is not confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded_aws.bedrock.jobs import Job


@dataclass(frozen=True)
class Location:
    """A bucket and a key or the first part of keys."""

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Location:
        """Read `s3://bucket/key`."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    @property
    def arn(self) -> str:
        """The object's ARN."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"

    @property
    def folder(self) -> Location:
        """The location with a `/` at its end, unless it is the whole bucket."""
        return Location(self.bucket, f"{self.key.rstrip('/')}/" if self.key else "")


def input_of(job: Job) -> Location:
    """Where the input lies: an object, or a folder."""
    return Location.of(job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])


def output_of(job: Job, name: str) -> Location:
    """Where an output file of a job is written."""
    base = Location.of(job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]).folder
    return Location(base.bucket, f"{base.key}{job['jobArn'].rpartition('/')[2]}/{name}")

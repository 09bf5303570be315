"""Which images a claim's records answer, read from its segments' files."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.ledger import Ledger
from functions.aws.objects import is_absent
from functions.domain.answered_images import ClaimAnswers, image_digest
from functions.domain.claims import Claim
from functions.domain.counts import LoadCounts, sum_loads
from functions.domain.ledger_rows import object_partition
from functions.domain.segments import cover

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Expired(Exception):  # noqa: N818  a turn of events, not a fault
    """A file of a segment is no longer there."""


@dataclass(frozen=True)
class Answers:
    """Which images claims answer.

    Attributes:
        read: Of the claims whose files are there.
        is_partial: Whether there are claims whose files have expired.
    """

    read: Sequence[ClaimAnswers]
    is_partial: bool


@dataclass(frozen=True)
class AnswersReader:
    """Reads the image lists and dead letters of verified loads, one line at a time.

    Memory: about 100 bytes an image, whatever the length of its id.
    """

    ledger: Ledger
    s3: "S3Client"
    bucket: str

    def read_all(self, claims: Mapping[str, Sequence[Claim]]) -> "Answers":
        """Which images the claims of jobs answer.

        Args:
            claims: By the job that made them, all with a verified load.
        """
        found = [self.read(job_id, claim) for job_id, of_job in claims.items() for claim in of_job]
        read = [answers for answers in found if answers is not None]
        return Answers(read, is_partial=len(read) < len(found))

    def read(self, job_id: str, claim: Claim) -> ClaimAnswers | None:
        """Which images a claim answers; None if its rows or files have expired."""
        segments = self.ledger.segments(object_partition(job_id, claim.key, claim.generation))
        size = max((segment.span.end for segment in segments), default=0)
        coverage = cover(segments, size)
        loads = sum_loads(segment.counts for segment in coverage.chain)
        if coverage.missing or loads != LoadCounts.from_dict(claim.stats or {}):
            return None
        good: set[bytes] = set()
        rejected: dict[bytes, str] = {}
        nameless = Counter[str]()
        try:
            for segment in coverage.chain:
                if segment.images:
                    good.update(image_digest(each) for each in self._lines(segment.images))
                if segment.dead_letters:
                    for letter in self._lines(segment.dead_letters):
                        if isinstance(record_id := letter.get("recordId"), str):
                            rejected[image_digest(record_id)] = letter["reason"]
                        else:
                            nameless[letter["reason"]] += 1
        except _Expired:
            return None
        return ClaimAnswers(
            event_time=claim.event_time,
            key=claim.key,
            loads=loads,
            good=frozenset(good),
            rejected=rejected,
            nameless=nameless,
        )

    def _lines(self, key: str) -> Iterator[Any]:
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if is_absent(error, self.s3, bucket=self.bucket, key=key):
                raise _Expired from error
            raise
        for line in body.iter_lines(256 * 1024):
            yield json.loads(line)

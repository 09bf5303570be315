"""A job's counts by image, from the files of the claims that answer its images."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypedDict

from functions.aws.batch_jobs import BatchJobs
from functions.aws.claim_answers import AnswersReader
from functions.aws.ledger import Ledger
from functions.domain.answered_images import count_by_image, unexpected_images
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import LoadCounts
from functions.domain.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ByImage(TypedDict, total=False):
    """Members of `Evidence`."""

    by_image: LoadCounts
    strays: int
    retries: list[Claim]


@dataclass(frozen=True)
class ImageCounter:
    """Counts what several claims answer. The files of each claim are read at most once."""

    jobs: BatchJobs
    ledger: Ledger
    s3: "S3Client"
    bucket: str

    def count(self, job: Job, claims: Sequence[Claim]) -> ByImage:
        """What counts where several claims answer the same images.

        Empty while one of the job's own claims is at work: files are read once all are done.
        """
        if any(claim.state is ClaimState.CLAIMED for claim in claims):
            return {}
        own = [claim for claim in claims if claim.stats]
        retries = {each: self._verified(each) for each in self.ledger.retries(job.job_id)}
        found: ByImage = {"retries": list(chain.from_iterable(retries.values()))}
        are_several = len(own) + len(found["retries"]) > 1
        root = self.jobs.root(job) if own and job.retry_of is not None else None
        if not are_several and root is None:
            return found
        reader = AnswersReader(self.ledger, self.s3, self.bucket)
        answers = reader.read_all({job.job_id: own})
        if are_several and not answers.is_partial:
            found["by_image"] = count_by_image(answers.read, reader.read_all(retries).read)
        if root is not None:
            asked = reader.read_all({root.job_id: self._verified(root.job_id)})
            if not asked.is_partial:
                found["strays"] = unexpected_images(answers.read, asked.read)
        return found

    def _verified(self, job_id: str) -> list[Claim]:
        return [claim for claim in self.ledger.claims(job_id) if claim.stats]

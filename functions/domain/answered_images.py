"""Counts by image, where several claims answer the same images.

A job's rejects are answered again by a retry, or by corrected records put into its own folder.
Sums over claims would count such an image twice, once as a reject and once as a success. By
image, and whatever the order in which claims were made or settled, an image is a success if any
claim answered it well, else the reject of the latest claim.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.domain.counts import LoadCounts

_DIGEST_BYTES: Final = 12
"""Of an image's id: among ten million images two digests are equal once in 10^15 jobs."""

ImageDigest = bytes


def image_digest(image_id: str) -> ImageDigest:
    """An image's id as it is kept while images are counted: short, whatever its length."""
    return hashlib.blake2b(image_id.encode(), digest_size=_DIGEST_BYTES).digest()


@dataclass(frozen=True)
class ClaimAnswers:
    """What one claim's records answer.

    Attributes:
        event_time: Of the claim: the later of two rejects of an image counts.
        key: Its results object; decides where two claims have one event time.
        loads: Its counts, over all of its records.
        good: Images that it answered well.
        rejected: Images that it rejected, with the reason; an image may be in `good`, too.
        nameless: Rejects without an image id, by reason.
    """

    event_time: datetime
    key: str
    loads: LoadCounts
    good: frozenset[ImageDigest]
    rejected: Mapping[ImageDigest, str]
    nameless: Mapping[str, int]

    @property
    def images(self) -> frozenset[ImageDigest]:
        """All images that it has a record of."""
        return self.good | self.rejected.keys()

    @property
    def repeated(self) -> int:
        """Records that name an image which another record of the claim names as well."""
        named = self.loads.unpadded - sum(self.nameless.values())
        return max(0, named - len(self.images))


def count_by_image(own: Sequence[ClaimAnswers], retries: Sequence[ClaimAnswers] = ()) -> LoadCounts:
    """The counts of a job over all claims that answer its images.

    Args:
        own: The job's own claims: repeated records and padding of theirs are records of the job.
        retries: Claims of its retries, of which only what they answer counts.
    """
    everyone = [*own, *retries]
    good = frozenset[ImageDigest]().union(*(claim.good for claim in everyone))
    rejected: dict[ImageDigest, str] = {}
    for claim in sorted(everyone, key=lambda claim: (claim.event_time, claim.key)):
        rejected |= claim.rejected
    rejects = Counter(reason for image, reason in rejected.items() if image not in good)
    for claim in everyone:
        rejects.update(claim.nameless)
    return LoadCounts(
        success=len(good),
        duplicate=sum(claim.repeated for claim in own),
        rejects=dict(rejects),
        padding=sum(claim.loads.padding for claim in own),
    )


def unexpected_images(retry: Iterable[ClaimAnswers], root: Iterable[ClaimAnswers]) -> int:
    """Images that a retry answers and its root has no record of."""
    asked = frozenset[ImageDigest]().union(*(claim.images for claim in root))
    answered = frozenset[ImageDigest]().union(*(claim.images for claim in retry))
    return len(answered - asked)

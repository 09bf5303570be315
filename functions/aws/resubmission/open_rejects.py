"""The rejects of a job that are still open: no later claim has answered their images."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from functions.aws.claim_answers import AnswersReader
from functions.aws.resubmission.rejects import Reject, read_rejects
from functions.aws.resubmission.services import Services
from functions.domain.answered_images import ImageDigest, image_digest
from functions.domain.claims import Claim

_OFFSETS: Final = 2**48
"""More than the bytes of any object of S3."""


def answering_claims(services: Services, job_id: str) -> list[tuple[str, Claim]]:
    """The claims that answer a job's images, with their jobs: its own, then its retries'."""
    ledger = services.ledger
    jobs = [job_id, *sorted(ledger.retries(job_id))]
    return [(each, claim) for each in jobs for claim in ledger.claims(each)]


@dataclass
class _Answered:
    """What claims answer, by image; about 150 bytes an image.

    Attributes:
        good: Images that a claim answered well.
        latest: Of each rejected image, the place of its latest reject.
    """

    good: set[ImageDigest] = field(default_factory=set)
    latest: dict[ImageDigest, int] = field(default_factory=dict)


def read_open_rejects(
    services: Services,
    claims: Iterable[tuple[str, Claim]],
    *,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Reject]:
    """The rejects that are open, by claim and place, one at a time.

    Of several claims, an image that any of them answered well is not open, and of the others the
    latest claim's reject is yielded. Rejects without an image id are all yielded. A single claim's
    rejects are all open. `note` gets sentences about what has expired.
    """
    ordered = sorted(claims, key=lambda each: (each[1].event_time, each[1].key))
    answered = _read_answers(services, ordered) if len(ordered) > 1 else None
    for number, (job_id, claim) in enumerate(ordered):
        for reject in read_rejects(services, job_id, [claim], note=note):
            if answered is None or _is_open(reject, number, answered):
                yield reject


def _is_open(reject: Reject, number: int, answered: _Answered) -> bool:
    if reject.record_id is None:
        return True
    image = image_digest(reject.record_id)
    return image not in answered.good and answered.latest.get(image) == _place(number, reject)


def _read_answers(services: Services, ordered: Sequence[tuple[str, Claim]]) -> _Answered:
    reader = AnswersReader(services.ledger, services.s3, services.bucket)
    answered = _Answered()
    for number, (job_id, claim) in enumerate(ordered):
        if claim.stats and (answers := reader.read(job_id, claim)) is not None:
            answered.good |= answers.good
        for reject in read_rejects(services, job_id, [claim]):
            if reject.record_id is not None:
                answered.latest[image_digest(reject.record_id)] = _place(number, reject)
    return answered


def _place(number: int, reject: Reject) -> int:
    return number * _OFFSETS + reject.offset

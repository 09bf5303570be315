"""Transactions that replaced content of a job has left behind, and how they are removed.

A transaction of the job is left behind if no record of the present content became it. What that
content answers is in the lists of images that its load has written. Nothing is removed where such a
list is missing, or where an object is still being ingested.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.batch_jobs import item_key
from functions.aws.dynamodb import conditional_update, query
from functions.aws.resubmission.open_rejects import answering_claims
from functions.aws.runtime.service_errors import CONDITION_FAILED, NOT_FOUND, is_any
from functions.domain.attribute_values import to_item
from functions.domain.claims import ClaimState
from functions.domain.ledger_rows import claim_key, object_partition
from functions.domain.plain_text import visible
from functions.domain.segments import cover
from functions.domain.transactions import transaction_id
from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.domain.claims import Claim
    from functions.domain.jobs import Job
    from ops.model.deployment import Deployment

_BLOCK_BYTES: Final = 64 * 1024
_CHECK_EVERY: Final = 25
"""Removals between two looks at the claims."""


@dataclass(frozen=True)
class Leftover:
    """A transaction that the present content does not answer.

    Attributes:
        is_untouched: No person has edited or confirmed it: it may be removed.
        has_image: It points at a moved image, which stays where it is.
        updated_at: When it was written last.
    """

    transaction_id: str
    image_id: str
    is_untouched: bool
    has_image: bool
    updated_at: str


@dataclass(frozen=True)
class Leftovers:
    """What was found of a job.

    Attributes:
        claims: The present content, by job: what is left behind is only so while these stand.
    """

    job: Job
    claims: Sequence[tuple[str, Claim]]
    found: Sequence[Leftover]

    @property
    def removable(self) -> list[Leftover]:
        """Those that no person has touched."""
        return [each for each in self.found if each.is_untouched]


def find(deployed: Deployment, job_id: str) -> Leftovers:
    """Compare the job's transactions with what its present content answers.

    Reads all transactions of the job's user. Of each that the content answers twelve bytes are kept
    in memory, so that hundreds of thousands fit.

    Raises:
        NothingFound: there is no such job.
        Refused: it cannot be known yet, or any more, what the content answers.
    """
    if not deployed.jobs.is_on_record(job_id):
        raise deployed.no_such_job(job_id)
    job = deployed.jobs.find(job_id)
    if job.retry_of is not None:
        raise Refused(
            f"Job {visible(job_id)} is a retry; its transactions are those of job "
            f"{visible(job.retry_of)}: `{deployed.command('tidy', job.retry_of)}`."
        )
    claims = answering_claims(deployed, job_id)
    answered: set[bytes] = set()
    for owner, claim in claims:
        for image in _answered(deployed, owner, claim):
            answered.add(bytes.fromhex(transaction_id(job_id, image)))
    found = [
        each
        for each in _transactions(deployed, job)
        if bytes.fromhex(each.transaction_id) not in answered
    ]
    return Leftovers(job, claims, found)


def remove(deployed: Deployment, leftovers: Leftovers) -> int:
    """Remove what no person has touched; how many. Refused if results were claimed meanwhile."""
    removed = 0
    for number, each in enumerate(leftovers.removable):
        if number % _CHECK_EVERY == 0:
            _require_same_claims(deployed, leftovers)
        removed += _remove(deployed, leftovers.job, each)
    _require_same_claims(deployed, leftovers)
    _forget(deployed, leftovers)
    return removed


def _answered(deployed: Deployment, job_id: str, claim: Claim) -> Iterator[str]:
    """The images of the transactions that the present content of a key became."""
    if claim.stats is None or claim.state is ClaimState.CLAIMED:
        raise Refused(
            f"{visible(claim.key)} is not ingested to its end, so what it answers is not known: "
            f"`{deployed.command('inspect', job_id)}` shows why."
        )
    segments = deployed.ledger.segments(object_partition(job_id, claim.key, claim.generation))
    size = max((segment.span.end for segment in segments), default=0)
    chain = cover(segments, size)
    if chain.missing or sum(each.counts.success for each in chain.chain) != claim.stats.get(
        "successCount", 0
    ):
        raise Refused(_gone(deployed, job_id, claim))
    for segment in chain.chain:
        if segment.images is None:
            continue
        try:
            body = deployed.s3.get_object(Bucket=deployed.bucket, Key=segment.images)["Body"]
        except ClientError as error:
            if is_any(error, NOT_FOUND):
                raise Refused(_gone(deployed, job_id, claim)) from error
            raise
        yield from (json.loads(line) for line in body.iter_lines(_BLOCK_BYTES))


def _gone(deployed: Deployment, job_id: str, claim: Claim) -> str:
    return (
        f"The lists of what {visible(claim.key)} answers have expired. "
        f"`{deployed.command('replay', job_id)}` makes them again; then tidy."
    )


def _transactions(deployed: Deployment, job: Job) -> Iterator[Leftover]:
    """All transactions of the job, as candidates."""
    items = query(
        deployed.dynamodb,
        TableName=deployed.outputs["TransactionsTableName"],
        KeyConditionExpression="userId = :user",
        FilterExpression="jobId = :job",
        ProjectionExpression="transactionId, imageId, #status, version, s3Key, updatedAt",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues=to_item({":user": job.user_id, ":job": job.job_id}),
    )
    for item in items:
        yield Leftover(
            transaction_id=item["transactionId"],
            image_id=str(item.get("imageId", "")),
            is_untouched=item.get("status") == "unconfirmed" and item.get("version") == 1,
            has_image="s3Key" in item,
            updated_at=str(item.get("updatedAt", "")),
        )


def _remove(deployed: Deployment, job: Job, each: Leftover) -> bool:
    """Delete it, unless it changed since it was found."""
    try:
        deployed.dynamodb.delete_item(
            TableName=deployed.outputs["TransactionsTableName"],
            Key=to_item({"userId": job.user_id, "transactionId": each.transaction_id}),
            ConditionExpression=(
                "jobId = :job AND #status = :unconfirmed AND version = :one"
                " AND updatedAt = :updated"
            ),
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item(
                {
                    ":job": job.job_id,
                    ":unconfirmed": "unconfirmed",
                    ":one": 1,
                    ":updated": each.updated_at,
                }
            ),
        )
    except ClientError as error:
        if is_any(error, CONDITION_FAILED):
            return False
        raise
    return True


def _require_same_claims(deployed: Deployment, leftovers: Leftovers) -> None:
    now = answering_claims(deployed, leftovers.job.job_id)
    if _identities(now) != _identities(leftovers.claims):
        raise Refused(
            "Results of the job were claimed meanwhile, and may answer what was to be removed: "
            f"wait for their end, then `{deployed.command('tidy', leftovers.job.job_id)}` again."
        )


def _identities(claims: Sequence[tuple[str, Claim]]) -> set[tuple[object, ...]]:
    return {(job, each.key, each.owner, each.generation, each.etag) for job, each in claims}


def _forget(deployed: Deployment, leftovers: Leftovers) -> None:
    """Remove the record's note of transactions left behind."""
    for job_id, claim in leftovers.claims:
        if claim.replaced:
            deployed.dynamodb.update_item(
                TableName=deployed.outputs["LedgerTableName"],
                Key=claim_key(job_id, claim.key).as_item(),
                UpdateExpression="DELETE written :replaced",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":replaced": {"SS": sorted(claim.replaced)}},
            )
    conditional_update(
        deployed.dynamodb,
        TableName=deployed.outputs["BatchJobsTableName"],
        Key=item_key(leftovers.job.key),
        UpdateExpression="REMOVE ingestState.leftBehind",
        ConditionExpression="attribute_exists(ingestState.leftBehind)",
    )

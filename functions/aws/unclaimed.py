"""Failures of executions that had no claim yet: no claim shows them.

A failed execution gets no claim, so that a second event of the same content can still be ingested.
Its failure has a row of its own, which counts until that content, or later content, is claimed
(`functions.domain.claims.counting_claims`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.aws.dynamodb import conditional_update
from functions.aws.ledger import Ledger
from functions.domain.attribute_values import to_item
from functions.domain.claims import Claim, ClaimState, counting_claims
from functions.domain.ledger_rows import CLAIM_PREFIX, unclaimed_key, unclaimed_partition
from functions.domain.timestamps import timestamp


@dataclass(frozen=True)
class UnclaimedFailures:
    """The rows: for each results object the last failure of its newest event."""

    ledger: Ledger

    def for_job(self, job_id: str) -> list[Claim]:
        """All of a job, as claims of generation 0."""
        rows = self.ledger.rows(unclaimed_partition(job_id), CLAIM_PREFIX)
        return [Claim.from_row(row) for row in rows]

    def fail(
        self, unclaimed: Claim, job_id: str, *, failure: Mapping[str, object], now: datetime
    ) -> bool:
        """Record a failure; False if the failure of a later event is recorded."""
        return conditional_update(
            self.ledger.client,
            TableName=self.ledger.table,
            Key=unclaimed_key(job_id, unclaimed.key).as_item(),
            UpdateExpression=(
                "SET #owner = :owner, etag = :etag, sequencer = :sequencer, #state = :failed,"
                " generation = :generation, eventTime = :eventTime, failure = :failure,"
                " failedAt = :now"
            ),
            # `functions.domain.claims.replaces_failure`, of what is recorded.
            ConditionExpression=(
                "attribute_not_exists(pk) OR #owner = :owner OR "
                + (
                    "(sequencer > :none AND sequencer <= :sequencer)"
                    " OR (sequencer = :none AND eventTime <= :eventTime)"
                    if unclaimed.sequencer
                    else "eventTime <= :eventTime"
                )
            ),
            ExpressionAttributeNames={"#owner": "owner", "#state": "state"},
            ExpressionAttributeValues=to_item(
                {
                    ":owner": unclaimed.owner,
                    ":etag": unclaimed.etag,
                    ":sequencer": unclaimed.sequencer,
                    ":failed": ClaimState.FAILED.value,
                    ":generation": unclaimed.generation,
                    ":eventTime": timestamp(unclaimed.event_time),
                    ":failure": dict(failure),
                    ":now": timestamp(now),
                    **({":none": ""} if unclaimed.sequencer else {}),
                }
            ),
        )

    def resume(self, execution: str, job_id: str, key: str, *, now: datetime) -> bool:
        """Record that the execution was redriven; False if it has no row here."""
        return conditional_update(
            self.ledger.client,
            TableName=self.ledger.table,
            Key=unclaimed_key(job_id, key).as_item(),
            UpdateExpression="SET #state = :claimed, resumedAt = :now",
            ConditionExpression="#owner = :owner AND #state = :failed",
            ExpressionAttributeNames={"#owner": "owner", "#state": "state"},
            ExpressionAttributeValues=to_item(
                {
                    ":owner": execution,
                    ":claimed": ClaimState.CLAIMED.value,
                    ":failed": ClaimState.FAILED.value,
                    ":now": timestamp(now),
                }
            ),
        )


def claims_that_count(ledger: Ledger, job_id: str) -> list[Claim]:
    """The claims of a job, and the failures before a claim that count."""
    return counting_claims(ledger.claims(job_id), UnclaimedFailures(ledger).for_job(job_id))

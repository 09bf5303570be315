"""An uploaded results object, followed from S3's event on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ops.model import history
from ops.model.job_report import read_job

if TYPE_CHECKING:
    from datetime import datetime

    from functions.domain.claims import Claim
    from ops.model.deployment import Deployment
    from ops.model.history import History
    from ops.model.job_report import JobReport

_LOOKED_AT = 20


@dataclass
class Upload:
    """A results object and its content.

    Attributes:
        since: When it was uploaded by S3's clock, in whole seconds.
    """

    deployed: Deployment
    job_id: str
    key: str
    etag: str
    since: datetime
    _waiting: deque[str] = field(default_factory=deque, repr=False)
    _seen: set[str] = field(default_factory=set, repr=False)

    def read(self) -> JobReport:
        """The state of its ingest, with at most one call to Step Functions.

        The ledger knows whose claim the content is. An execution that failed before it had
        claimed anything is in no ledger, and is looked for among the latest executions.
        """
        report = read_job(self.deployed, self.job_id, of=self._is_mine)
        if report.objects:
            return report
        return replace(report, history=self._failed_unclaimed())

    def _is_mine(self, claim: Claim) -> bool:
        return claim.key == self.key and claim.etag == self.etag

    def _failed_unclaimed(self) -> History | None:
        if not self._waiting:
            self._list()
            return None
        arn = self._waiting.popleft()
        found = history.read(self.deployed.step_functions, arn)
        if found.key != self.key:
            return None
        if not found.has_failed:
            self._seen.discard(arn)  # it still runs: look again
            return None
        self._waiting.appendleft(arn)
        return found

    def _list(self) -> None:
        answer = self.deployed.step_functions.list_executions(
            stateMachineArn=self.deployed.state_machine, maxResults=_LOOKED_AT
        )
        latest = {
            each["executionArn"] for each in answer["executions"] if each["startDate"] >= self.since
        }
        self._waiting.extend(latest - self._seen)
        self._seen |= latest

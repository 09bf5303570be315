"""Events, duplicates, overwrites, failures, redrives, replays and late events in any order.

A model of claims as plain values says what the job's record must be, whatever happened.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.claims import REDRIVE_PERIOD
from functions.domain.errors import ResultsObjectChanged
from functions.domain.timestamps import timestamp
from tests.workflow.machine import GRACE, JOB, Machine

KEYS = [f"batch-output/{JOB}/{name}.jsonl.out" for name in ("a", "b")]


@dataclass
class Known:
    """What must be true of a claim."""

    owner: str
    etag: str
    order: str
    generation: int
    state: str = "claimed"
    total: int = 0
    rejects: int = 0
    done_at: datetime | None = None
    until: datetime | None = None


@dataclass
class Running:
    """An execution that has had a claim."""

    arn: str
    key: str
    failed_at: datetime | None = None


@dataclass
class Delivery:
    """An event of S3's, delivered any number of times, at any time."""

    event: dict[str, Any]
    etag: str
    versioned: bool
    key: str = field(default="")
    order: str = field(default="")

    def __post_init__(self) -> None:
        self.key = self.event["detail"]["object"]["key"]
        self.order = self.event["detail"]["object"]["sequencer"]


class JobModel(RuleBasedStateMachine):
    events = Bundle("events")
    executions = Bundle("executions")

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine()
        self.machine.write_record(pendingImageCount=4)
        self.known: dict[str, Known] = {}
        self.unclaimed: dict[str, tuple[str, Delivery]] = {}
        self.manifest_total: int | None = None
        self.completed_at: str | None = None
        self.end: BedrockStatus | None = None

    # What happens ---------------------------------------------------------------------------

    @rule(target=events, key=st.sampled_from(KEYS), body=st.binary(max_size=1), v=st.booleans())
    def upload(self, key: str, body: bytes, v: bool) -> Delivery:
        event = self.machine.upload(key, body, versioned=v)
        return Delivery(event, event["detail"]["object"]["etag"], v)

    @rule(target=executions, delivery=events)
    def deliver(self, delivery: Delivery) -> Running:
        return self._start(delivery, delivery.event, replay=False)

    @rule(target=executions, delivery=events)
    def replay(self, delivery: Delivery) -> Running:
        event = {**delivery.event, "replay": {"reason": "on purpose"}}
        return self._start(delivery, event, replay=True)

    def _start(self, delivery: Delivery, event: dict[str, Any], *, replay: bool) -> Running:
        """Start an execution, and say whether it must have got the claim."""
        current = self.machine.s3.objects[delivery.key].etag
        try:
            arn, after = self.machine.start(event)
        except ResultsObjectChanged:
            assert not delivery.versioned
            assert current != delivery.etag
            self._fail_unclaimed(delivery)
            return Running("none", delivery.key)
        claims = self._may_claim(delivery, delivery.order, replay=replay)
        assert (after == "PlanRanges") is claims
        if claims:
            before = self.known.get(delivery.key)
            generation = before.generation + 1 if before else 1
            self.known[delivery.key] = Known(arn, delivery.etag, delivery.order, generation)
            self.machine.plan(arn, ranges=1)
        return Running(arn, delivery.key)

    def _fail_unclaimed(self, delivery: Delivery) -> None:
        """It failed before it had a claim: the last failure of the latest event is remembered."""
        arn = f"arn:unclaimed:{next(self.machine.numbers)}"
        known = self.unclaimed.get(delivery.key)
        is_latest = known is None or known[1].order <= delivery.order
        assert self.machine.fail_unclaimed(arn, delivery.event) is is_latest
        if is_latest:
            self.unclaimed[delivery.key] = arn, delivery

    def _open(self) -> dict[str, str]:
        """Keys whose failure before a claim no claim tells of, with the execution."""
        return {
            key: arn
            for key, (arn, delivery) in self.unclaimed.items()
            if (known := self.known.get(key)) is None
            or (known.etag != delivery.etag and known.order < delivery.order)
        }

    def _may_claim(self, delivery: Delivery, order: str, *, replay: bool) -> bool:
        known = self.known.get(delivery.key)
        if known is None or replay:
            return True
        if order < known.order:
            return False
        if known.etag != delivery.etag:
            return True
        return known.state == "failed" and known.until < self.machine.now  # type: ignore[operator]

    def _of(self, execution: Running) -> Known | None:
        """The claim, if the execution still has it."""
        known = self.known.get(execution.key)
        return known if known is not None and known.owner == execution.arn else None

    @rule(execution=executions, good=st.integers(0, 4), bad=st.integers(0, 2))
    def finish(self, execution: Running, good: int, bad: int) -> None:
        if execution.arn not in self.machine.arrived or execution.failed_at:
            return
        counts = {"successCount": good, "rejectsByReason": {"InvalidReceipt": bad} if bad else {}}
        settled = self.machine.finish(execution.arn, **counts)
        known = self._of(execution)
        assert settled.superseded is (known is None)
        if known is not None:
            known.state, known.total, known.rejects = "done", good + bad, bad
            known.done_at, known.until = known.done_at or self.machine.now, None

    @rule(execution=executions, redrivable=st.booleans())
    def fail(self, execution: Running, redrivable: bool) -> None:
        if execution.arn not in self.machine.arrived:
            return
        known = self._of(execution)
        if known is not None and known.state == "done":
            return
        execution.failed_at = self.machine.now
        assert self.machine.fail(execution.arn, redrivable=redrivable) is (known is not None)
        if known is not None:
            wait = REDRIVE_PERIOD if redrivable else timedelta()
            known.state, known.until = "failed", self.machine.now + wait

    @rule(execution=executions)
    def redrive(self, execution: Running) -> None:
        if execution.failed_at is None or self.machine.now > execution.failed_at + REDRIVE_PERIOD:
            return
        execution.failed_at = None
        known = self._of(execution)
        assert self.machine.redrive(execution.arn) is (known is not None)
        if known is not None:
            known.state, known.until = "claimed", None

    @rule(total=st.integers(0, 6))
    def manifest(self, total: int) -> None:
        self.manifest_total = total
        self.machine.manifest(total)
        self.machine.settle()

    @rule()
    def unreadable_manifest(self) -> None:
        self.manifest_total = None
        self.machine.manifest(b"{")
        self.machine.settle()

    @rule(end=st.sampled_from(BedrockStatus))
    def ends_at_bedrock(self, end: BedrockStatus) -> None:
        self.end = end
        assert self.machine.end_at_bedrock(end.value) == "SettleJob"

    @precondition(lambda self: self.known)
    @rule(hours=st.sampled_from([1, 23, 24, 25, 14 * 24 + 1]))
    def pass_time(self, hours: int) -> None:
        self.machine.pass_time(timedelta(hours=hours))
        self.machine.settle()

    @rule(execution=consumes(executions))
    def forget(self, execution: Running) -> None:
        """An execution that is never heard of again."""

    # What must hold -------------------------------------------------------------------------

    @invariant()
    def claims_are_as_known(self) -> None:
        claims = self.machine.claims()
        assert claims.keys() == self.known.keys()
        for key, known in self.known.items():
            claim = claims[key]
            assert (claim.owner, claim.etag) == (known.owner, known.etag)
            assert (claim.generation, claim.state.value) == (known.generation, known.state)

    @invariant()
    def the_record_is_what_the_claims_imply(self) -> None:
        record = self.machine.record
        assert record["note"] == "the application's"
        if "ingestState" not in record:
            assert not self.known
            assert not self.unclaimed
            assert self.end is None
            return
        done = [known for known in self.known.values() if known.state == "done"]
        total = sum(known.total for known in done)
        stats = record["resultStats"]
        assert stats["totalCount"] == total
        assert stats["failureCount"] == sum(known.rejects for known in done)
        assert record["status"] == self._status(total, sum(known.rejects for known in done))
        if record["status"] in ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED"):
            assert self.machine.bus.details[-1]["status"] == record["status"]
        revisions = [each["revision"] for each in self.machine.bus.details]
        assert revisions == sorted(set(revisions))
        if record["status"] in ("COMPLETED", "PARTIALLY_COMPLETED"):
            self.completed_at = self.completed_at or timestamp(self.machine.now)
        assert record.get("completedAt") == self.completed_at
        owners = {known.owner for known in self.known.values()}
        assert set(record["ingestState"]["executions"]) == owners | set(self._open().values())

    def _status(self, total: int, rejects: int) -> str:
        states = {known.state for known in self.known.values()}
        if "failed" in states or self._open():
            return "FAILED"
        if "claimed" in states:
            return "INGESTING"
        expected = 4 if self.manifest_total is None else self.manifest_total
        if self.end in ("Failed", "Stopped", "Expired") and total == rejects:
            return "FAILED"
        if total == rejects > 0:
            return "FAILED"
        if total >= expected:
            return "COMPLETED"
        last = max((k.done_at for k in self.known.values() if k.done_at), default=self.machine.now)
        told = self.manifest_total is not None or self.end is not None
        waits = not told and self.machine.now < last + GRACE
        return "INGESTING" if waits else "PARTIALLY_COMPLETED"


TestJobModel = JobModel.TestCase
TestJobModel.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

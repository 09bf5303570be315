"""What runs next to the executions: the rules, the messages, the search, and what they keep."""

import contextlib
import uuid

from demo.batch import Batch
from embedded_aws.iam.uses import Denial
from local.decisions import Decisions
from ops.commands import dead_events
from tests.e2e.content import metric_sum
from tests.e2e.faults.permissions import denied_to_trigger, not_callable_by_rules
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import (
    RECORDS,
    Attempt,
    Scenario,
    dead_outcomes,
    forget_outcome,
    put_manifest,
    reopen,
)
from tests.e2e.waiting import eventually

RULES = "events.amazonaws.com"
DENIED = {"kind": "error", "code": "AccessDeniedException", "status": 403}


class Arrives(Scenario):
    """What the trigger does with an event."""

    name = "an object arrives"
    ends = "an execution starts"
    shows = frozenset({"WorkflowTrigger"})

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        upload = world.deliver(batch)

        def ended() -> str:
            if arn := next(world.executions_for(batch.key), None):
                world.until_ended(arn)
                return self.ends
            return "none starts: the event waits in TriggerDeadLetters" * _waits(world, batch)

        def finish() -> None:
            (waiting,) = _waiting(world)
            execution = dead_events.send_again(waiting).became
            assert execution is not None
            assert world.until_ended(execution) == "SUCCEEDED"
            self.compare(world, batch, upload)

        return Attempt(eventually(ended, f"the event of {batch.key} goes somewhere"), finish)


class NotStarted(Scenario):
    """The trigger may not start an execution: its event is kept."""

    name = "the trigger cannot start an execution"
    ends = "the event waits in TriggerDeadLetters"
    shows = frozenset({RULES})
    causes = frozenset({"states:StartExecution"})

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        lost = _not_kept(world, "results")

        def ended() -> str:
            if _waits(world, batch):
                return self.ends
            more = _not_kept(world, "results") > lost
            return "the event is lost; InvocationsFailedToBeSentToDlq counts it" * more

        def finish() -> None:
            upload = world.deliver(batch)
            assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
            self.compare(world, batch, upload)

        with denied_to_trigger(world.deployed):
            world.deliver(batch)
            end = eventually(ended, f"the event of {batch.key} goes somewhere")
        if end == self.ends:
            for each in _waiting(world):
                dead_events.send_again(each)
        return Attempt(end, finish)


class Announced(Scenario):
    """An execution fails, and a message is sent.

    Where RecordOutcome cannot do that, it fails three times, and the event waits in its queue.
    """

    ends = "a message is sent"
    shows = frozenset({"RecordOutcome", RULES})

    def __init__(self, function: str, *, state: str, manifest: bool = False) -> None:
        self.name = f"{state} fails{', its job has its manifest' * manifest}, and a message is sent"
        self._function = function
        self._manifest = manifest

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        if self._manifest:
            put_manifest(world, batch)
        caller = f"*Workers{self._function}Function*"
        with world.fault(caller=caller, action="dynamodb:GetItem", **DENIED):
            upload, arn = world.ingest(batch, ends="FAILED")

        def ended() -> str:
            sent = any(e.facts["outcome"] == "FAILED" for e in world.inbox.of_execution(arn))
            if sent:
                return self.ends
            waits = bool(dead_outcomes(world, arn))
            return "no message is sent: the event waits in OutcomeDeadLetters" * waits

        def finish() -> None:
            _until_the_lease_is_over(world, arn)
            (body, receipt), *_ = dead_outcomes(world, arn)
            answer = world.deployed.make_client("lambda").invoke(
                FunctionName=world.function("RecordOutcome"), Payload=body
            )
            assert "FunctionError" not in answer
            forget_outcome(world, receipt)
            world.inbox.told(arn, "FAILED")
            world.redrive(arn)
            world.inbox.told(arn, "RECOVERED", redrives=1)
            self.compare(world, batch, upload)

        return Attempt(eventually(ended, f"{arn} has a message, or its event is kept"), finish)


class NotRecorded(Scenario):
    """RecordOutcome fails, by itself or because its rule may not call it: its event is kept."""

    ends = "the event waits in OutcomeDeadLetters"

    def __init__(self, *, callable_by_rule: bool) -> None:
        self._callable = callable_by_rule
        if callable_by_rule:
            self.name = "RecordOutcome fails"
            self.shows = frozenset({"RecordOutcome"})
        else:
            self.name = "RecordOutcome cannot be called"
            self.shows = frozenset({RULES})
            self.causes = frozenset({"lambda:InvokeFunction"})

    def run(self, world: FaultyDeployment) -> Attempt:
        if self._callable:
            return self._run(world)
        with not_callable_by_rules(world.deployed, world.function("RecordOutcome")):
            return self._run(world)

    def _run(self, world: FaultyDeployment) -> Attempt:
        batch, lost = world.new_batch(records=RECORDS), self._lost(world)
        tells_nothing = {"caller": "*WorkersRecordOutcome*", "action": "sns:Publish", **DENIED}

        def ended() -> str:
            if dead_outcomes(world, arn):
                return self.ends
            return f"the event is lost; {self._metric} counts it" * (self._lost(world) > lost)

        def finish() -> None:
            world.redrive(arn)
            self.compare(world, batch, upload)

        with world.fault(tells_nothing, caller="*WorkersResolveJob*", action="*", **DENIED):
            upload, arn = world.ingest(batch, ends="FAILED")
            return Attempt(eventually(ended, f"the event of {arn} goes somewhere"), finish)

    @property
    def _metric(self) -> str:
        return "DeadLetterErrors" if self._callable else "InvocationsFailedToBeSentToDlq"

    def _lost(self, world: FaultyDeployment) -> float:
        if not self._callable:
            return _not_kept(world, "outcomes")
        name = world.function("RecordOutcome")
        return metric_sum(world.deployed, "AWS/Lambda", "DeadLetterErrors", FunctionName=name)


class StuckCheck(Scenario):
    """A job that nothing moves on, though all its claims are done: the search settles it."""

    ends = "the job is settled"
    shows = frozenset({"FindStuckJobs"})

    def __init__(self, *, manifest: bool = False) -> None:
        self.name = f"a search finds a job to settle{' that has its manifest' * manifest}"
        self._manifest = manifest

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        if self._manifest:
            put_manifest(world, batch)
        world.ingest(batch, ends="SUCCEEDED")
        reopen(world, batch.job.intent_id, batch.job.submit_time)

        # Bedrock is asked for jobs that stay open without a claim.
        asked = {"intentId": uuid.uuid4().hex, "submitTime": "t", "status": "SUBMITTED"}
        more = {"jobId": uuid.uuid4().hex[:12], "userId": "user"}
        world.put("BatchJobsTableName", {**asked, **more})

        def search() -> str:
            if error := world.search().get("errorType"):
                return f"the search fails: {error}"
            assert world.job_status(batch) == "COMPLETED"
            return self.ends

        return self.repeated(search)


class Scheduled(Scenario):
    """The schedule calls the search."""

    name = "the time of a search has come"
    ends = "the search runs"
    shows = frozenset({RULES})

    def run(self, world: FaultyDeployment) -> Attempt:
        function, rule = world.function("FindStuckJobs"), f"{world.deployed.stack}-stuck-check"

        def ran() -> float:
            return metric_sum(world.deployed, "AWS/Lambda", "Invocations", FunctionName=function)

        def refused() -> float:
            return metric_sum(world.deployed, "AWS/Events", "FailedInvocations", RuleName=rule)

        def once() -> str:
            ran_before, refused_before = ran(), refused()

            def ended() -> str:
                if ran() > ran_before:
                    return self.ends
                more = refused() > refused_before
                return "nothing is searched; FailedInvocations counts it" * more

            with world.searches_soon():
                return str(eventually(ended, "the schedule comes round"))

        return self.repeated(once)


class AlarmRings(Scenario):
    """An alarm changes its state, and says so."""

    name = "an alarm rings"
    ends = "a message is sent"
    shows = frozenset({"cloudwatch.amazonaws.com"})

    def run(self, world: FaultyDeployment) -> Attempt:
        return self.repeated(lambda: self._ring(world))

    def _ring(self, world: FaultyDeployment) -> str:
        reason, known = uuid.uuid4().hex, len(_denials(world))
        world.deployed.make_client("cloudwatch").set_alarm_state(
            AlarmName=f"{world.deployed.stack}-executions-aborted",
            StateValue="ALARM",
            StateReason=reason,
        )

        def ended() -> str:
            world.inbox.fetch()
            if any(each.alarm.get("NewStateReason") == reason for each in world.inbox.messages):
                return self.ends
            return "no message is sent" * (len(_denials(world)) > known)

        end: str = eventually(ended, "the alarm is heard, or refused")
        world.until_quiet("executions-aborted")
        return end


def _denials(world: FaultyDeployment) -> list[Denial]:
    """What the topic refused to alarms."""
    assert world.deployed.embedded is not None
    denials = Decisions(world.deployed.embedded.endpoint).denials()
    return [each for each in denials if each.action == "sns:Publish"]


def _waits(world: FaultyDeployment, batch: Batch) -> bool:
    """Whether the event of an object is in the trigger's queue."""
    waiting = _waiting(world)
    dead_events.put_back(waiting)
    return any(each.as_json()["about"] == batch.key for each in waiting)


def _waiting(world: FaultyDeployment) -> list[dead_events.DeadEvent]:
    """The events that started no execution; those of outcomes stay where they are."""
    found = dead_events.read(world.deployed)
    dead_events.put_back(each for each in found if each.target.name != "results")
    return [each for each in found if each.target.name == "results"]


def _until_the_lease_is_over(world: FaultyDeployment, arn: str) -> None:
    """Let the six minutes pass in which only the invocation that began a message may send it."""
    with contextlib.suppress(world.deployed.dynamodb.exceptions.ConditionalCheckFailedException):
        world.deployed.dynamodb.update_item(
            TableName=world.deployed.outputs["LedgerTableName"],
            Key={"pk": {"S": f"execution#{arn}"}, "sk": {"S": "told#000000#FAILED"}},
            UpdateExpression="SET leaseUntil = :past",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":past": {"N": "0"}},
        )


def _not_kept(world: FaultyDeployment, rule: str) -> float:
    """Events of a rule that could not even be put into its queue."""
    name = f"{world.deployed.stack}-{rule}"
    return metric_sum(world.deployed, "AWS/Events", "InvocationsFailedToBeSentToDlq", RuleName=name)

"""Reports made by hand."""

from datetime import timedelta

from functions.aws.failed_state import FailedChild, FailedState, MapCounts
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.executions import Execution
from functions.domain.ranges import Range
from functions.domain.service_failures import explain
from ops.model.failures import FailedExecution
from ops.model.job_report import JobReport, ObjectReport
from ops.model.obstacles import Obstacle
from ops.model.range_progress import RangeProgress
from tests.unit.ops.test_history import ARN, LOADING, START, exited, of

NOW = START + timedelta(seconds=13)
DONE = of(*LOADING, exited("Map", "LoadRanges"), {"type": "ExecutionSucceeded"})
RUNNING = of(*LOADING)
FAILED = of(*LOADING, {"type": "ExecutionFailed"})


def claim(*, key: str = "batch-output/job1/a.jsonl", state: ClaimState = ClaimState.DONE) -> Claim:
    return Claim(
        key=key, etag="e", owner=ARN, generation=1, state=state, event_time=START, ranges=4
    )


def report(
    *,
    history: object = DONE,
    status: str = "COMPLETED",
    key: str = "batch-output/job1/a.jsonl",
    state: ClaimState = ClaimState.DONE,
    ranges_done: int = 4,
) -> JobReport:
    each = ObjectReport(
        claim=claim(key=key, state=state),
        ranges=tuple(
            RangeProgress(Range(100 * n, 100 * n + 100), done=100 * (n < ranges_done))
            for n in range(4)
        ),
        loads=LoadCounts(success=90, duplicate=2, rejects={"ModelError": 8}),
        images=ImageCounts(migrated=89, left={"ImageUnknown": 1}),
        dead_letters=tuple(f"dead-letters/job1/{n}.jsonl" for n in range(7)),
    )
    record = {"status": status, "resultStats": {"missingCount": 5, "unexpectedCount": 0}}
    return JobReport("job1", record, (each,), history)  # type: ignore[arg-type]


def unclaimed() -> JobReport:
    return JobReport("job1", {"status": "SUBMITTED"}, (), None)


def failed_execution(
    *, error: str = "WriteThrottled", obstacle: Obstacle | None = None
) -> FailedExecution:
    """LoadRanges has failed of one child."""
    child = FailedChild("bytes 0-10", error, "table \x1b[2Jthrottled")
    described = {
        "executionArn": ARN,
        "startDate": START,
        "status": "FAILED",
        "error": "States.ExceedToleratedFailureThreshold",
        "cause": "The specified tolerated failure threshold was exceeded",
    }
    return FailedExecution(
        Execution.model_validate(described),
        FailedState("LoadRanges", MapCounts(succeeded=1, failed=1, unfinished=2), (child,)),
        cause=child.cause,
        advice=explain(error).sentence,
        obstacle=obstacle,
        redrive="ingest redrive one",
    )

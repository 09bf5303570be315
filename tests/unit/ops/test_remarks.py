"""What `ingest inspect` remarks on a job's record."""

from dataclasses import replace

from ops.model.job_report import JobReport
from ops.model.remarks import of_record
from tests.unit.ops.reports import report
from tests.workflow.aws_tables import deployment_on


def _settled(*, errors: int, objects: int = 1, **state: int) -> JobReport:
    stats = {
        "totalCount": 100,
        "successCount": 97,
        "failureCount": 1,
        "duplicateCount": 2,
        "paddingCount": 0,
        "rejectsByReason": {"ModelError": 1},
        "bedrock": {"errorRecordCount": errors},
    }
    record = {"resultStats": stats, "ingestState": {"objects": objects, **state}}
    return replace(report(), record=record)


def _remarks(of: JobReport) -> list[str]:
    return list(of_record(deployment_on(), of))


def test_what_retries_cured_is_still_an_error_that_the_manifest_counts() -> None:
    (remark,) = _remarks(_settled(errors=8, retryObjects=1))
    assert remark == (
        "With the answers of its retries, it has 100 records = 97 transactions + 1 reject + "
        "2 duplicates."
    )


def test_errors_that_differ_from_the_manifest_are_said() -> None:
    (remark,) = _remarks(_settled(errors=9))
    assert remark.startswith("Bedrock's manifest counts 9 errors; this system found 8 ModelE")


def test_some_of_the_objects_are_not_compared_with_the_manifest() -> None:
    assert _remarks(_settled(errors=9, objects=2)) == []


def test_what_replaced_content_left_behind_is_said_with_the_command_that_lists_it() -> None:
    (remark,) = _remarks(_settled(errors=8, leftBehind=2))
    assert remark.startswith("Content of 2 results objects was replaced after it had written")
    assert "tidy job1" in remark


def test_objects_that_no_execution_has_claimed_are_said() -> None:
    (remark,) = _remarks(_settled(errors=8, objectsUnclaimed=3))
    assert remark.startswith("No execution has claimed 3 results objects in its folder")

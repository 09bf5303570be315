"""What `ingest inspect` remarks on a job's record."""

from dataclasses import replace

import pytest

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


@pytest.mark.parametrize(
    ("settled", "beginning"),
    [
        (
            {"errors": 8, "retryObjects": 1},  # what retries cured the manifest still counts
            (
                "With the answers of its retries, it has 100 records = "
                "97 transactions + 1 reject + 2 duplicates."
            ),
        ),
        ({"errors": 9}, "Bedrock's manifest counts 9 errors; this system found 8 ModelErrors: "),
        ({"errors": 9, "objects": 2}, ""),  # of which one is in the report
        (
            {"errors": 8, "leftBehind": 2},
            (
                "Content of 2 results objects was replaced after it had written transactions. "
                "Those that the present content does not answer are still there: `ingest tidy job1`"
            ),
        ),
        (
            {"errors": 8, "objectsUnclaimed": 3},
            "No execution has claimed 3 results objects in its folder yet.",
        ),
    ],
)
def test_what_is_remarked_on_a_job_and_no_more(settled: dict[str, int], beginning: str) -> None:
    said = list(of_record(deployment_on(), _settled(**settled)))
    assert [each[: len(beginning)] for each in said] == ([beginning] if beginning else [])

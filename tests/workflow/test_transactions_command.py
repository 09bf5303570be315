"""`ingest transactions`: a job's transactions as a table, as CSV and as JSON."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from functions.domain.attribute_values import to_item
from ops.cli import app
from ops.errors import ExitCode
from tests.workflow.aws_tables import deployment_on
from tests.workflow.rows import put_job


def _transaction(number: int, **more: Any) -> dict[str, Any]:
    return {
        "userId": "user-1",
        "transactionId": f"t{number}",
        "jobId": "job-1",
        "date": f"2026-03-0{9 - number}",
        "type": "expense",
        "amount": Decimal("12.5"),
        "merchant": "m",
        "category": "fee",
        "description": "",
        "status": "unconfirmed",
        "version": 1,
        "imageId": f"i{number}",
        **more,
    }


@pytest.fixture
def ingest(aws: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    _, dynamodb = aws
    put_job(dynamodb)
    put_job(dynamodb, "retry-1", intentId="r", retryOf="job-1")
    for item in (
        _transaction(1, merchant="=1+1"),
        _transaction(2),
        _transaction(3, jobId="another"),
        _transaction(4, userId="another"),
    ):
        dynamodb.put_item(TableName="transactions", Item=to_item(item))
    monkeypatch.setattr("ops.commands.options.chosen", lambda **_: deployment_on(aws))
    return lambda *arguments: CliRunner().invoke(app, ["transactions", *arguments])


@pytest.mark.parametrize("job", ["job-1", "arn:aws:x:r:a:y/job-1", "retry-1"])
def test_those_of_the_job_by_date_without_the_user(ingest: Callable[..., Result], job: str) -> None:
    found = json.loads(ingest(job, "--json").stdout)
    assert [each["transactionId"] for each in found] == ["t2", "t1"]
    assert found[0]["amount"] == "12.5"
    assert not any("userId" in each for each in found)


def test_csv_that_no_spreadsheet_takes_for_a_formula(ingest: Callable[..., Result]) -> None:
    rows = list(csv.DictReader(io.StringIO(ingest("job-1", "--csv").stdout)))
    assert [(row["transactionId"], row["merchant"]) for row in rows] == [
        ("t2", "m"),
        ("t1", "'=1+1"),
    ]


def test_a_table_says_what_it_leaves_out(ingest: Callable[..., Result]) -> None:
    shown = ingest("job-1", "--limit", "1")
    assert "1 of 2 transactions" in shown.stdout
    assert "1 transaction not shown" in shown.stderr


def test_a_job_that_is_not_there(ingest: Callable[..., Result]) -> None:
    ended = ingest("job-2")
    assert ended.exit_code == ExitCode.NOT_FOUND
    assert "job-2" in ended.stderr

"""A denied call is an event and a metric, whether it fails anything or not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.aws.runtime.denials import denials
from functions.aws.runtime.sdk import session
from functions.aws.runtime.telemetry import Telemetry
from functions.domain.events import METRICS_NAMESPACE, Event, Metric


@pytest.fixture(autouse=True)
def nothing_denied() -> Iterator[None]:
    denials().take()
    yield
    denials().take()


def _client(service: str) -> Any:
    return session().create_client(
        service, "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def _answered(code: str, status: int) -> None:
    client = _client("dynamodb")
    with Stubber(client) as stub:
        stub.add_client_error("batch_write_item", code, http_status_code=status)
        with pytest.raises(ClientError):
            client.batch_write_item(RequestItems={"t": [{"DeleteRequest": {"Key": {}}}]})


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied", "403"])
def test_denied_calls_are_counted_by_operation(code: str) -> None:
    _answered(code, 403)
    _answered(code, 403)
    assert denials().take() == {"dynamodb:BatchWriteItem": 2}
    assert denials().take() == {}


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 400), ("InternalServerError", 500), ("404", 404)]
)
def test_other_errors_are_not(code: str, status: int) -> None:
    _answered(code, status)
    assert denials().take() == {}


def test_a_batch_of_which_a_statement_is_denied_counts() -> None:
    client = _client("dynamodb")
    with Stubber(client) as stub:
        responses: Any = [{"TableName": "table"}, {"Error": {"Code": "AccessDenied"}}]
        stub.add_response("batch_execute_statement", {"Responses": responses})
        client.batch_execute_statement(Statements=[{"Statement": "s"}, {"Statement": "s"}])
    assert denials().take() == {"dynamodb:BatchExecuteStatement": 1}


@pytest.mark.parametrize("fails", [False, True])
def test_an_invocation_says_what_it_was_denied(
    capsys: pytest.CaptureFixture[str], *, fails: bool
) -> None:
    service = f"denied-{fails}"
    logger, metrics = Logger(service=service), Metrics(service, METRICS_NAMESPACE)
    telemetry = Telemetry(logger, metrics)

    def invoke() -> None:
        with telemetry.invocation(execution="execution-1"):
            _answered("AccessDeniedException", 400)
            if fails:
                raise LookupError

    if fails:
        with pytest.raises(LookupError):
            invoke()
    else:
        invoke()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (said,) = (line for line in lines if line.get("event") == Event.CALL_DENIED)
    assert (said["operation"], said["calls"]) == ("dynamodb:BatchWriteItem", 1)
    (counted,) = (line for line in lines if "_aws" in line)
    assert counted[Metric.CALLS_DENIED] == [1.0]

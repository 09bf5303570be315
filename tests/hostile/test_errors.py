"""What AWS, the SDK and Python say when something breaks, and what of it leaves a function."""

import json
import traceback
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from functions.aws.runtime.telemetry import Telemetry
from functions.domain.errors import ResultsObjectMissing
from functions.domain.events import Event, Metric

SECRET = "user-of-somebody"
KEY = f"uploads/{SECRET}/their receipt.jpg"


def _answer(code: str, message: str, operation: str = "UpdateItem") -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "Item": {"userId": {"S": SECRET}},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(answer, operation)


ERRORS: dict[str, Exception] = {
    "DynamoDB quotes a number": _answer(
        "ValidationException",
        f"The parameter cannot be converted to a numeric value: {SECRET}",
    ),
    "DynamoDB quotes an item": _answer(
        "ValidationException",
        f"One or more parameter values were invalid: {{userId: {SECRET}}}",
        "BatchWriteItem",
    ),
    "DynamoDB cancels, with the items": _answer("TransactionCanceledException", SECRET),
    "S3 denies an image by its ARN": _answer(
        "AccessDenied",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:GetObject on "
        f'resource: "arn:aws:s3:::images/{KEY}" because no identity-based policy allows the '
        "s3:GetObject action",
        "CopyObject",
    ),
    "S3 denies an image whose name denies, too": _answer(
        "AccessDenied",
        f'on resource: "arn:aws:s3:::images/uploads/x" because {SECRET} because no policy allows',
        "CopyObject",
    ),
    "S3 denies an image at the top": _answer(
        "AccessDenied", f"on resource: arn:aws:s3:::images/{SECRET}.jpg", "GetObject"
    ),
    "S3 does not understand a name": _answer("InvalidArgument", KEY, "CopyObject"),
    "S3 misses a version": _answer("404", f"https://images.s3.amazonaws.com/{KEY}", "HeadObject"),
    "a service says what nobody knew": _answer("BrandNewException", KEY),
    "the SDK refuses a value": ParamValidationError(
        report=f"Invalid type for parameter Key.userId.S, value: {SECRET}"
    ),
    "the SDK lost a connection": ConnectionClosedError(
        endpoint_url=f"https://images.s3.amazonaws.com/{KEY}", request=None
    ),
    "the SDK lost a connection before it had one": EndpointConnectionError(
        endpoint_url=f"https://images.s3.amazonaws.com/{KEY}", error=OSError(SECRET)
    ),
    "the SDK waited": ReadTimeoutError(endpoint_url=f"https://images.s3.amazonaws.com/{KEY}"),
    "a key is missing": KeyError(SECRET),
    "a value is wrong": ValueError(f"invalid literal for int() with base 10: '{SECRET}'"),
    "a type is wrong": TypeError(f"unhashable: {SECRET}"),
    "an assertion fails": AssertionError(SECRET),
    "a header is refused": ValueError(f"Invalid header value b'{SECRET}\\n'"),
    "an index is missing": LookupError(SECRET),
    "a bug inside a bug": RuntimeError(SECRET, {"item": SECRET}),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_leaves_a_function_by_its_class_and_without_data(case: str) -> None:
    error = ERRORS[case]
    log = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with pytest.raises(type(error)) as raised, log.invocation(execution="e"):
        _fail(error)
    written = "".join(traceback.format_exception(raised.value))
    assert SECRET not in written
    assert SECRET not in f"{raised.value} {raised.value!r}"
    assert type(error).__name__ in written
    if "SDK lost" in case or "SDK waited" in case:
        assert "https://images.s3.amazonaws.com/(...)" in written
    if isinstance(error, ClientError):
        code, operation = error.response["Error"]["Code"], error.operation_name
        assert f"({code}) when calling the {operation}" in str(raised.value)


def _fail(error: Exception) -> None:
    error.__context__ = RuntimeError(SECRET)
    raise error


def test_what_a_person_needs_of_a_denial_stays() -> None:
    log = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with pytest.raises(ClientError) as raised, log.invocation(execution="e"):
        _fail(ERRORS["S3 denies an image by its ARN"])
    assert str(raised.value) == (
        "An error occurred (AccessDenied) when calling the CopyObject operation: "
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:GetObject on "
        'resource: "arn:aws:s3:::images/uploads/(...)" because no identity-based policy allows '
        "the s3:GetObject action"
    )


def test_what_this_system_says_itself_stays() -> None:
    log = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    error = ResultsObjectMissing(bucket="images", key="batch-output/j/a.jsonl")
    with pytest.raises(ResultsObjectMissing) as raised, log.invocation(execution="e"):
        raise error
    assert "s3://images/batch-output/j/a.jsonl" in str(raised.value)


def test_a_log_line_is_one_line_of_json_whatever_is_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forged = '\n{"level":"ERROR","event":"job_settled","_aws":{"CloudWatchMetrics":[]}}\n\x1b[2J'
    log = Telemetry(Logger(service="lines"), Metrics(namespace="Test", service="lines"))
    with log.invocation(execution=forged, chunk=forged):
        log.info(Event.OBJECT_IGNORED, reason=forged, counts={forged: 1}, jobId="\u202e\u2028")
        log.count(Metric.RECORDS_LOADED, 1)
    lines = [json.loads(line) for line in capsys.readouterr().out.rstrip("\n").split("\n")]
    assert [each.get("reason") for each in lines] == [forged, None]
    assert lines[0]["event"] == "object_ignored"
    assert "_aws" not in lines[0]
    assert set(lines[1]) == {"_aws", "service", "RecordsLoaded"}

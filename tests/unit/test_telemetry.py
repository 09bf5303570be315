"""What leaves a function when the SDK fails."""

import json
import traceback
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from functions.aws.runtime.telemetry import Telemetry
from functions.aws.runtime.throttling import ServiceThrottled
from functions.domain.events import Event
from functions.domain.transient_errors import THROTTLED

ADDRESS = "https://bucket.s3.amazonaws.com/uploads/user-of-somebody/receipt.jpg?x=1"


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosedError(endpoint_url=ADDRESS, request=None),
        EndpointConnectionError(endpoint_url=ADDRESS, error=OSError(ADDRESS)),
        ReadTimeoutError(endpoint_url=ADDRESS),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_sdk_does_not_name_the_object_that_it_was_about(error: Exception) -> None:
    log = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with pytest.raises(type(error)) as raised, log.invocation(execution="e"):
        _fail(error)
    written = "".join(traceback.format_exception(raised.value))
    assert "https://bucket.s3.amazonaws.com/(...)" in written
    assert "user-of-somebody" not in written


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("work/job1/0a1b/1/chunks-0.json", "not exist. (work/job1/0a1b/1/chunks-0.json)"),
        ("uploads/user-of-somebody/receipt.jpg", "not exist."),
    ],
)
def test_of_an_object_that_is_gone_only_a_file_of_this_system_is_named(key: str, said: str) -> None:
    answer: Any = {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": key}
    error = ClientError({"Error": answer}, "GetObject")
    log = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with pytest.raises(ClientError) as raised, log.invocation(execution="e"):
        _fail(error)
    assert str(raised.value).endswith(said)
    assert "user-of-somebody" not in str(raised.value)


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottlingException",
        "503",
    ],
)
def test_a_throttle_of_any_service_has_one_name_that_step_functions_waits_for(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "Slow down."}}, "GetItem")
    say = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with (
        pytest.raises(ServiceThrottled, match=f"{code}.*GetItem.*Slow down"),
        say.invocation(execution="e"),
    ):
        _fail(error)
    assert ServiceThrottled.__name__ in THROTTLED


def test_a_denial_keeps_its_name() -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
    say = Telemetry(Logger(service="test"), Metrics(namespace="Test", service="test"))
    with pytest.raises(ClientError, match="AccessDenied"), say.invocation(execution="e"):
        _fail(error)


def test_a_line_says_who_wrote_it(capsys: pytest.CaptureFixture[str]) -> None:
    log = Telemetry(Logger(service="location"), Metrics(namespace="Test", service="test"))
    log.info(Event.JOB_RESOLVED)
    log.warn(Event.JOB_RESOLVED)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    here = "test_a_line_says_who_wrote_it"
    assert [line["location"].partition(":")[0] for line in lines] == [here, here]


def _fail(error: Exception) -> None:
    """As the SDK does: with what its HTTP library said as the error's context."""
    error.__context__ = OSError(ADDRESS)
    raise error

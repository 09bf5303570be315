"""What leaves a function when the SDK fails."""

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from botocore.exceptions import (
    ClientError,
)

from functions.aws.runtime.service_errors import ServiceThrottled
from functions.aws.runtime.telemetry import Telemetry
from functions.domain.events import Event
from functions.domain.transient_errors import THROTTLED

ADDRESS = "https://bucket.s3.amazonaws.com/uploads/user-of-somebody/receipt.jpg?x=1"


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


def test_a_line_names_the_code_that_wrote_it(capsys: pytest.CaptureFixture[str]) -> None:
    log = Telemetry(Logger(service="location"), Metrics(namespace="Test", service="test"))
    log.info(Event.JOB_RESOLVED)
    log.warn(Event.JOB_RESOLVED)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    here = "test_a_line_names_the_code_that_wrote_it"
    assert [line["location"].partition(":")[0] for line in lines] == [here, here]


def _fail(error: Exception) -> None:
    """As the SDK does: with what its HTTP library said as the error's context."""
    error.__context__ = OSError(ADDRESS)
    raise error

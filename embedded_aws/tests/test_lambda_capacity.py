"""How many functions run at once: the bound of this machine, and the account's.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.lambda_ import capacity
from embedded_aws.tests import running
from embedded_aws.tests.conftest import Aws, eventually

COUNTING = """
import os, pathlib

def handler(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / str(os.getpid())).touch()
    running = len(list(folder.iterdir()))
    sum(range(200_000))
    (folder / str(os.getpid())).unlink()
    return running
"""

NESTED = """
import json, os, boto3

def handler(event, context):
    if event["left"] == 0:
        return "the bottom"
    payload = json.dumps({"left": event["left"] - 1})
    answer = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=payload)
    return json.loads(answer["Payload"].read())
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Aws]]:
    """Starts an embedded AWS of the test's own."""
    data = tmp_path / "aws"

    def begin(**settings: str) -> Aws:
        return Aws(
            running.start(data, settings={"EMBEDDED_AWS_WAIT_SCALE": "0.01", **settings}).server
        )

    yield begin
    running.stop(data)


def answer(aws: Aws, function: str, event: dict[str, Any]) -> Any:
    called = aws.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(called["Payload"].read())


def test_never_more_run_at_once_than_the_bound(start: Callable[..., Aws], tmp_path: Path) -> None:
    aws = start(**{capacity.WORKERS_VARIABLE: "2"})
    function, folder = aws.function(source=COUNTING), tmp_path / "running"
    folder.mkdir()
    with ThreadPoolExecutor(8) as pool:
        events = [{"folder": str(folder)}] * 16
        running = list(pool.map(lambda event: answer(aws, function, event), events))
    assert len(running) == 16
    assert 1 <= max(running) <= 2


def test_a_function_that_calls_itself_does_not_wait_for_its_caller(
    start: Callable[..., Aws],
) -> None:
    aws = start(**{capacity.WORKERS_VARIABLE: "1"})
    role = aws.role("lambda", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    function = aws.function(source=NESTED)
    aws.functions.update_function_configuration(FunctionName=function, Role=role)
    assert answer(aws, function, {"left": 2}) == "the bottom"


def test_idle_workers_of_other_functions_make_room(start: Callable[..., Aws]) -> None:
    aws = start(**{capacity.WORKERS_VARIABLE: "1"})
    functions = [aws.function() for _ in range(capacity.IDLE + 4)]
    workers = [answer(aws, function, {})["pid"] for function in functions]

    def alive() -> list[int]:
        return [pid for pid in workers if os.path.exists(f"/proc/{pid}")]  # noqa: PTH110

    assert alive() == workers[-(capacity.IDLE + 1) :]
    assert answer(aws, functions[-1], {})["pid"] == workers[-1]


def test_an_account_s_concurrency_throttles(start: Callable[..., Aws], tmp_path: Path) -> None:
    aws = start(LAMBDA_ACCOUNT_CONCURRENCY="1")
    function, go = aws.function(), tmp_path / "go"
    held = {"touch": str(tmp_path / "on"), "until": str(go)}
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(answer, aws, function, held)
        eventually((tmp_path / "on").exists, "the first call runs")
        with pytest.raises(ClientError, match="TooManyRequestsException") as refused:
            answer(aws, function, {})
        response: dict[str, Any] = {**refused.value.response}
        assert response["Reason"] == "ConcurrentInvocationLimitExceeded"
        later = {"touch": str(tmp_path / "later")}
        aws.functions.invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(later)
        )
        go.touch()
        assert busy.result()["id"] is None
    eventually((tmp_path / "later").exists, "the asynchronous call is tried again")


@pytest.mark.parametrize(("processors", "busy"), [(1, 12), (2, 12), (6, 24), (64, 32)])
def test_the_bound_follows_the_processors(
    monkeypatch: pytest.MonkeyPatch, processors: int, busy: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert capacity.busy_limit() == busy

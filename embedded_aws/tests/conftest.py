"""One emulator for the whole directory, and the words in which its tests speak to it.

Everything goes through boto3 over HTTP. The event of a function says what it does; files on
disk tell them when.
"""

import functools
import io
import itertools
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests import running

ACCOUNT = "000000000000"
REGION = "us-east-1"
DEADLINE_SECONDS = 120.0
"""A deadline only ends a test that hangs: a busy machine must not miss it."""

FUNCTION = """
import os, pathlib, signal, sys, time

class Unready(Exception):
    pass

class Refused(Exception):
    pass

def until(path):
    end = time.monotonic() + 240
    while not pathlib.Path(path).exists():
        if time.monotonic() > end:
            raise Unready(path)
        time.sleep(0.005)

def handler(event, context):
    if "touch" in event:
        pathlib.Path(event["touch"]).touch()
    if "log" in event:
        print(event["log"], file=sys.stderr)
    if "until" in event:
        until(event["until"])
    if "unless" in event and not pathlib.Path(event["unless"]).exists():
        raise Refused("not mended: " + event.get("id", ""))
    if "raise" in event:
        raise type(event["raise"], (Exception,), {})(event.get("message", ""))
    if "exit" in event:
        os._exit(event["exit"])
    if "kill" in event:
        os.kill(os.getpid(), signal.SIGKILL)
    if "bytes" in event:
        return "x" * event["bytes"]
    if "set" in event:
        return {1, 2}
    if "after" in event:
        pathlib.Path(event["after"]).touch()
    return {"id": event.get("id"), "pid": os.getpid(), "event": event}
"""

Invoke = Callable[..., dict[str, Any]]
"""The fixture `invoke`."""

_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """A name that nothing else of this run has."""
    return f"{prefix}-{next(_numbers)}"


def eventually(what: Callable[[], Any], why: str, *, seconds: float = DEADLINE_SECONDS) -> Any:
    """The first true value of `what`, asked again and again until a deadline."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := what()):
        assert time.monotonic() < end, f"deadline passed: {why}"
        pause.wait(0.01)
    return value


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: dict[str, str], **more: Any) -> dict[str, Any]:
    """A statement that lets a principal assume a role."""
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


def document(*statements: dict[str, Any]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def only(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The definition of a machine with one state, `Only`."""
    return {"StartAt": "Only", "States": {"Only": state}, **fields}


PASS = only({"Type": "Pass", "End": True})


def archive(files: Mapping[str, str]) -> bytes:
    """The code of a function, or a layer, as it is uploaded."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path, content in files.items():
            file.writestr(path, content)
    return packed.getvalue()


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
    """The error by which AWS refuses a call, with the HTTP status in `Status`."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    response = error.value.response
    return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}


def task(function: str, payload: Any = None, **fields: Any) -> dict[str, Any]:
    """A Task state that hands a payload, or else the state's input, to a function."""
    given = {"Payload.$": "$"} if payload is None else {"Payload": payload}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, **given},
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def map_state(items: dict[str, str], states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A distributed Map state over a list in S3; each child runs the states in their order."""
    return {
        "Type": "Map",
        "Label": "Items",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": items,
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": next(iter(states)),
            "States": states,
        },
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def result_writer(bucket: str, prefix: str) -> dict[str, Any]:
    """The field of a Map state that has its results written."""
    parameters = {"Bucket": bucket, "Prefix": prefix}
    return {"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": parameters}}


class Aws:
    """The emulator's clients, and what most tests do with them."""

    def __init__(self, server: running.Server) -> None:
        self.endpoint = server.endpoint
        # Made once: each loads its service's whole model.
        self.client = functools.cache(server.endpoint.client)
        self.states = self.client("stepfunctions")
        self.functions = self.client("lambda")
        self.s3 = self.client("s3")
        self.dynamodb = self.client("dynamodb")
        self.iam = self.client("iam")

    def create_role(self, trusts: dict[str, Any], *statements: dict[str, Any]) -> str:
        """Create a role with a policy of these statements; its ARN."""
        name = unique("role")
        created = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trusts))
        arn = str(created["Role"]["Arn"])
        if statements:
            self.set_policy(arn, *statements)
        return arn

    def set_policy(self, role_arn: str, *statements: dict[str, Any]) -> None:
        """Let a role do what the statements say, and no more."""
        self.iam.put_role_policy(
            RoleName=role_arn.rsplit("/", 1)[-1],
            PolicyName="only",
            PolicyDocument=document(*statements),
        )

    def role(self, service: str, *statements: dict[str, Any]) -> str:
        """Create a role of a service; its ARN."""
        return self.create_role(trust({"Service": f"{service}.amazonaws.com"}), *statements)

    @functools.cached_property
    def everything(self) -> str:
        """A state machine's role that may do all that a test's machine does."""
        return self.role("states", allow("*"))

    def everything_but(self, action: str) -> str:
        """A state machine's role that may do all but one action."""
        denied = {"Effect": "Deny", "Action": action, "Resource": "*"}
        return self.role("states", allow("*"), denied)

    def function(
        self, *, timeout: int = 300, source: str = FUNCTION, layers: Sequence[str] = ()
    ) -> str:
        """Deploy a function; its ARN."""
        return str(
            self.functions.create_function(
                FunctionName=unique("function"),
                Runtime="python3.13",
                Handler="code.handler",
                Role=self.role("lambda", allow("logs:*")),
                Timeout=timeout,
                Code={"ZipFile": archive({"code.py": source})},
                Layers=layers,
            )["FunctionArn"]
        )

    def machine(self, definition: dict[str, Any], *, role: str | None = None) -> str:
        """Create a state machine, of a role that may do everything unless another is named."""
        created = self.states.create_state_machine(
            name=unique("machine"),
            definition=json.dumps(definition),
            roleArn=role or self.everything,
        )
        return str(created["stateMachineArn"])

    def start(self, machine: str, data: Any = None, **more: Any) -> str:
        """Start an execution; its ARN."""
        text = json.dumps({} if data is None else data, ensure_ascii=False)
        return str(
            self.states.start_execution(stateMachineArn=machine, input=text, **more)["executionArn"]
        )

    def ended(self, execution: str) -> dict[str, Any]:
        """The description of an execution when it has ended."""

        def closed() -> dict[str, Any] | None:
            described = self.states.describe_execution(executionArn=execution)
            return None if described["status"] == "RUNNING" else dict(described)

        result: dict[str, Any] = eventually(closed, f"{execution} ends")
        return result

    def run(self, machine: str, data: Any = None) -> dict[str, Any]:
        """Start an execution and describe it when it has ended."""
        return self.ended(self.start(machine, data))

    def redriven(self, execution: str) -> dict[str, Any]:
        """Redrive an execution and describe it when it has ended again."""
        self.states.redrive_execution(executionArn=execution)
        return self.ended(execution)

    def history(self, execution: str) -> list[dict[str, Any]]:
        """All events of an execution."""
        pages = self.states.get_paginator("get_execution_history")
        return [
            event
            for page in pages.paginate(executionArn=execution, PaginationConfig={"PageSize": 1000})
            for event in page["events"]
        ]

    def event_types(self, execution: str) -> list[str]:
        """The types of all events of an execution."""
        return [event["type"] for event in self.history(execution)]

    def map_runs(self, execution: str) -> list[dict[str, Any]]:
        """The descriptions of an execution's Map Runs, the oldest first."""
        runs = self.states.list_map_runs(executionArn=execution)["mapRuns"]
        return [self.states.describe_map_run(mapRunArn=run["mapRunArn"]) for run in reversed(runs)]

    def children(self, map_run: str) -> list[dict[str, Any]]:
        """The descriptions of a Map Run's children, the first started first."""
        listed = self.states.list_executions(mapRunArn=map_run)["executions"]
        described = [
            self.states.describe_execution(executionArn=child["executionArn"]) for child in listed
        ]
        return sorted(described, key=lambda child: str(child["startDate"]))


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Server]:
    data = tmp_path_factory.mktemp("aws")
    started = running.start(data, settings={"EMBEDDED_AWS_WAIT_SCALE": "0.01"})
    yield started.server
    running.stop(data)
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def aws(emulator: running.Server) -> Aws:
    return Aws(emulator)


@pytest.fixture(scope="session")
def function(aws: Aws) -> str:
    return aws.function()


@pytest.fixture
def invoke(function: str) -> Invoke:
    """Definitions of Task states that hand the state's input to the function."""
    return functools.partial(task, function)


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = unique("bucket")
    aws.s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Path]:
    """A file that a function waits for, or fails without; none waits longer than the test."""
    file = tmp_path / "switch"
    yield file
    file.touch()

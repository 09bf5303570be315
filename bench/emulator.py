"""The embedded AWS against plain MiniStack, in the same run: `python -m bench.emulator`.

Children of a Distributed Map with a function that does nothing are what a workflow's tests spend
their time on; start, deployment and a warm call are what a person waits for.
"""

import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3

from local import deploy, synthesis
from local.endpoint import Endpoint

PROJECT: Final = Path(__file__).resolve().parents[1]
ITEMS: Final = {1: 60, 4: 200, 10: 200}
"""Map items for each MaxConcurrency: enough for a second or so."""
BASELINE: Final = "plain MiniStack"
CALLS: Final = 100
STARTS: Final = 3
_FUNCTION: Final = "def handler(event, context):\n    return {}\n"
_SETTINGS: Final = {
    "BIND_HOST": "127.0.0.1",
    "LAMBDA_EXECUTOR": "local",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "EMBEDDED_AWS_SECRET": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def main() -> None:
    """Measure both, print, write `build/bench-emulator.json`."""
    results = measure()
    print(f"{'':<34} {'ours':>8} {BASELINE:>16} {'ratio':>7}")
    for row in results:
        against = [row[kind].get(BASELINE, "") for kind in ("baselines", "ratio")]
        plain, ratio = (f"{each:.3g}" if each else "" for each in against)
        print(f"{row['name']:<34} {row['ours']:>8.3g} {plain:>16} {ratio:>7} {row['unit']}")
    target = PROJECT / "build" / "bench-emulator.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n")


def measure() -> list[dict[str, Any]]:
    """All rows: `name`, `ours`, `baselines`, `ratio` (ours to the baseline), `unit`."""
    ours, plain = dict(_measure("embedded_aws")), dict(_measure("ministack"))
    rows = [
        {
            "name": name,
            "ours": ours[name],
            "baselines": {BASELINE: plain[name]},
            "ratio": {BASELINE: ours[name] / plain[name]},
            "unit": unit,
        }
        for name, unit in _units().items()
    ]
    # Plain MiniStack refuses the stack's composite alarm, so there is nothing to compare with.
    deployed = {"name": "deploy the stack", "ours": _deployment_seconds(), "unit": "s"}
    return [*rows, {**deployed, "baselines": {}, "ratio": {}}]


def _units() -> dict[str, str]:
    rates = {f"map children, MaxConcurrency {each}": "children/s" for each in ITEMS}
    return {"start to ready": "s", "warm call of a function": "ms", **rates}


def _measure(module: str) -> Iterator[tuple[str, float]]:
    starts = []
    for _ in range(STARTS):
        with _running(module) as (_, seconds):
            starts.append(seconds)
    yield "start to ready", statistics.median(starts)
    with _running(module) as (url, _):
        world = _World(url)
        yield "warm call of a function", 1000 * world.warm_call()
        for concurrency, items in ITEMS.items():
            rate = world.children_a_second(items, concurrency)
            yield f"map children, MaxConcurrency {concurrency}", rate


@contextmanager
def _running(module: str) -> Iterator[tuple[str, float]]:
    """A server of its own on a free port; its URL, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = os.environ | _SETTINGS
        environment |= {"GATEWAY_PORT": str(port), "TMPDIR": folder, "STATE_DIR": folder}
        arguments = [f"--port={port}", f"--state={folder}"] if module == "embedded_aws" else []
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(lambda: _listens(port), seconds=60)
            yield f"http://127.0.0.1:{port}", time.perf_counter() - begun
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


class _World:
    """A function that does nothing, and the list of items for its map."""

    def __init__(self, url: str) -> None:
        def client(service: str) -> Any:
            return boto3.client(service, endpoint_url=url, region_name="us-east-1")  # type: ignore[call-overload]

        self._functions, self._machines, s3, iam = map(
            client, ("lambda", "stepfunctions", "s3", "iam")
        )
        self._role = iam.create_role(RoleName="all", AssumeRolePolicyDocument=_policy("assume"))[
            "Role"
        ]["Arn"]
        iam.put_role_policy(RoleName="all", PolicyName="all", PolicyDocument=_policy("all"))
        s3.create_bucket(Bucket="bench")
        for items in set(ITEMS.values()):
            body = json.dumps([{"number": number} for number in range(items)])
            s3.put_object(Bucket="bench", Key=f"{items}.json", Body=body)
        self._functions.create_function(
            FunctionName="noop",
            Runtime="python3.11",
            Role=self._role,
            Handler="noop.handler",
            Code={"ZipFile": _archive()},
        )

    def warm_call(self) -> float:
        """Median seconds."""
        seconds = []
        for _ in range(CALLS + 1):
            begun = time.perf_counter()
            self._functions.invoke(FunctionName="noop", Payload=b"{}")
            seconds.append(time.perf_counter() - begun)
        return statistics.median(seconds[1:])

    def children_a_second(self, items: int, concurrency: int) -> float:
        """Of a map, the second of two executions: the first one warms the workers."""
        machine = self._machines.create_state_machine(
            name=f"map-{concurrency}",
            roleArn=self._role,
            definition=json.dumps(_definition(items, concurrency)),
        )["stateMachineArn"]
        self._run(machine)
        return items / self._run(machine)

    def _run(self, machine: str) -> float:
        begun = time.perf_counter()
        arn = self._machines.start_execution(stateMachineArn=machine, input="{}")["executionArn"]

        def status() -> str:
            described: str = self._machines.describe_execution(executionArn=arn)["status"]
            return described

        _wait(lambda: status() != "RUNNING", seconds=120)
        if (ended := status()) != "SUCCEEDED":
            raise RuntimeError(f"{arn}: {ended}")
        return time.perf_counter() - begun


def _definition(items: int, concurrency: int) -> dict[str, Any]:
    return {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "Label": "Each",
                "MaxConcurrency": concurrency,
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "bench", "Key": f"{items}.json"},
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Call",
                    "States": {
                        "Call": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::lambda:invoke",
                            "Parameters": {"FunctionName": "noop", "Payload.$": "$"},
                            "OutputPath": "$.Payload",
                            "TimeoutSeconds": 60,
                            "End": True,
                        }
                    },
                },
                "ResultPath": None,
                "End": True,
            }
        },
    }


def _deployment_seconds() -> float:
    """Of the synthesized stack, onto an embedded AWS that has nothing yet."""
    assembly = synthesis.synthesize(PROJECT)
    with _running("embedded_aws") as (url, _):
        begun = time.perf_counter()
        deploy.deploy(assembly, endpoint=Endpoint(url, _SETTINGS["AWS_SECRET_ACCESS_KEY"]))
        return time.perf_counter() - begun


def _archive() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("noop.py", _FUNCTION)
    return archive.getvalue()


def _policy(kind: str) -> str:
    statement: dict[str, object] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    if kind == "assume":
        services = ["lambda.amazonaws.com", "states.amazonaws.com"]
        principal = {"Service": services}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(is_so: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s")
        time.sleep(0.01)


if __name__ == "__main__":
    os.environ |= _SETTINGS
    main()

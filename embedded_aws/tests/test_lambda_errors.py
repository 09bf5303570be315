"""How Lambda functions fail, and what it costs.

docs.aws.amazon.com: Lambda Developer Guide (lambda/latest/dg/): python-exceptions.html,
configuration-timeout.html, lambda-runtime-environment.html, API_Invoke.html; Step Functions
Developer Guide (step-functions/latest/dg/): concepts-error-handling.html, connect-lambda.html.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.tests.conftest import Aws, archive, eventually, only, task, unique


@pytest.fixture(scope="module")
def own(aws: Aws) -> str:
    """A function that no other module's tests keep busy."""
    return aws.function()


def _call(aws: Aws, function: str, event: dict[str, Any]) -> tuple[str | None, Any]:
    answer = aws.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def _task(function: str, **fields: Any) -> dict[str, Any]:
    return only(task(function, **fields))


def test_an_exception_is_reported_by_class_and_message(aws: Aws, own: str) -> None:
    """python-exceptions.html; concepts-error-handling.html: error output."""
    failed = aws.run(aws.machine(_task(own)), {"raise": "NoSuchJob", "message": "j-1"})
    assert failed["error"] == "NoSuchJob"
    cause = json.loads(failed["cause"])
    assert (cause["errorType"], cause["errorMessage"]) == ("NoSuchJob", "j-1")
    assert set(cause) == {"errorType", "errorMessage", "requestId", "stackTrace"}
    assert len(cause["stackTrace"]) == 1
    assert "in handler" in cause["stackTrace"][0]


def test_retry_matches_the_class_name(aws: Aws, own: str) -> None:
    """concepts-error-handling.html: error names are case-sensitive strings."""
    retry = [{"ErrorEquals": ["Throttled"], "MaxAttempts": 2, "IntervalSeconds": 1}]
    machine = aws.machine(_task(own, Retry=retry))
    matched = aws.event_types(aws.run(machine, {"raise": "Throttled"})["executionArn"])
    missed = aws.event_types(aws.run(machine, {"raise": "throttled"})["executionArn"])
    assert matched.count("TaskScheduled") == 3
    assert missed.count("TaskScheduled") == 1


def test_a_raising_handler_keeps_its_warm_worker(aws: Aws, own: str) -> None:
    """lambda-runtime-environment.html: the environment is reused after an unhandled exception."""
    before = _call(aws, own, {})[1]["pid"]
    assert _call(aws, own, {"raise": "Oops"})[0] == "Unhandled"
    assert _call(aws, own, {})[1]["pid"] == before


def test_the_log_has_what_the_handler_wrote_and_its_exception(aws: Aws) -> None:
    """python-exceptions.html; python-logging.html: output and tracebacks in the function's log."""
    function = aws.function()
    logs = aws.client("logs")
    group = f"/aws/lambda/{function.rsplit(':', 1)[-1]}"

    def messages() -> list[str]:
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"].strip() for event in events]

    _call(aws, function, {"log": "line ü one", "raise": "Oops", "message": "told"})
    assert "line ü one" in messages()
    assert any(message.startswith("[ERROR] Oops: told") for message in messages())
    _call(aws, function, {"log": "line two"})
    assert messages().count("line two") == messages().count("line ü one") == 1


def test_the_functions_time_limit_is_sandbox_timedout(aws: Aws, switch: Path) -> None:
    """configuration-timeout.html; concepts-error-handling.html: Sandbox.Timedout."""
    function = aws.function(timeout=1)

    def worker() -> int:
        # On a busy machine a call may take more than its second.
        answered = eventually(lambda: _call(aws, function, {})[1].get("pid"), "a call is in time")
        return int(answered)

    before = worker()
    failed = aws.run(aws.machine(_task(function)), {"until": str(switch)})
    assert failed["error"] == "Sandbox.Timedout"
    message = json.loads(failed["cause"])["errorMessage"]
    assert message.endswith("Error: Task timed out after 1.00 seconds")
    assert worker() != before


@pytest.mark.parametrize(
    ("event", "how"), [({"kill": True}, "signal: killed"), ({"exit": 3}, "exit status 3")]
)
def test_a_process_that_ends_is_runtime_exiterror(
    aws: Aws, own: str, event: dict[str, Any], how: str
) -> None:
    """lambda-runtime-environment.html; troubleshooting-invocation.html: Runtime.ExitError."""
    failed = aws.run(aws.machine(_task(own)), event)
    assert failed["error"] == "Runtime.ExitError"
    message = json.loads(failed["cause"])["errorMessage"]
    assert message.endswith(f"Error: Runtime exited with error: {how}")
    assert _call(aws, own, {})[0] is None


def test_a_result_that_is_not_json_is_runtime_marshalerror(aws: Aws, own: str) -> None:
    """python-handler.html, returning a value: Runtime.MarshalError."""
    kind, body = _call(aws, own, {"set": True})
    assert (kind, body["errorType"]) == ("Unhandled", "Runtime.MarshalError")


def test_a_module_that_cannot_be_imported_is_runtime_importmoduleerror(aws: Aws) -> None:
    """troubleshooting-deployment.html: Unable to import module."""
    function = aws.function(source="import no_such_module\n")
    for _ in range(2):
        kind, body = _call(aws, function, {})
        assert (kind, body["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")
        assert "no_such_module" in body["errorMessage"]


def test_a_response_over_6_mb_fails(aws: Aws, function: str) -> None:
    """gettingstarted-limits.html; recorded: localstack, test_lambda_too_large_response."""
    kind, body = _call(aws, function, {"bytes": 7_000_000})
    assert (kind, body["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")


def test_a_throttled_call_is_toomanyrequests(aws: Aws, switch: Path, tmp_path: Path) -> None:
    """concepts-error-handling.html: Lambda.TooManyRequestsException."""
    function = aws.function()
    aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    machine = aws.machine(_task(function))
    busy = aws.start(machine, {"touch": str(tmp_path / "on"), "until": str(switch)})
    eventually((tmp_path / "on").exists, "the first call runs")
    assert aws.run(machine)["error"] == "Lambda.TooManyRequestsException"
    switch.touch()
    assert aws.ended(busy)["status"] == "SUCCEEDED"


def test_a_function_that_is_not_there(aws: Aws, own: str) -> None:
    """connect-lambda.html: the error of the Lambda API, prefixed."""
    failed = aws.run(aws.machine(_task(f"{own}-gone")))
    assert failed["error"] == "Lambda.ResourceNotFoundException"


def test_the_machines_role_needs_invokefunction(aws: Aws, own: str) -> None:
    """lambda-iam.html: lambda:InvokeFunction for the state machine's role."""
    role = aws.everything_but("lambda:InvokeFunction")
    failed = aws.run(aws.machine(_task(own), role=role))
    assert failed["error"] == "Lambda.AWSLambdaException"
    assert f"not authorized to perform: lambda:InvokeFunction on resource: {own}" in failed["cause"]


def test_an_update_does_not_disturb_an_invocation_under_way(
    aws: Aws, switch: Path, tmp_path: Path
) -> None:
    """lambda-runtime-environment.html: a running environment finishes its invocation."""
    function = aws.function()
    held = aws.start(
        aws.machine(_task(function)),
        {"touch": str(tmp_path / "on"), "until": str(switch)},
    )
    eventually((tmp_path / "on").exists, "the call runs")
    aws.functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": {"NEW": unique("value")}}
    )
    newer = _call(aws, function, {})[1]["pid"]
    switch.touch()
    older = json.loads(aws.ended(held)["output"])["Payload"]["pid"]
    assert older != newer
    assert _call(aws, function, {})[1]["pid"] == newer


def test_a_warm_invocation_has_no_artificial_delay(aws: Aws, own: str) -> None:
    """lambda-runtime-environment.html: a warm environment runs the handler at once.

    MiniStack waits 50 ms after a handler that logs nothing.
    """

    def is_fast() -> bool:
        started = time.perf_counter()
        _call(aws, own, {})
        return time.perf_counter() - started < 0.04

    # A fixed wait is in every call; what else the machine does is not.
    eventually(is_fast, "a call takes less than the wait")


def test_a_layer_for_another_processor_is_left_off_the_path(aws: Aws) -> None:
    """A layer is built for Lambda's processor and Python: here it would hide what works."""

    def layer(files: dict[str, str]) -> str:
        published = aws.functions.publish_layer_version(
            LayerName=unique("layer"), Content={"ZipFile": archive(files)}
        )
        return str(published["LayerVersionArn"])

    native = "python/native.cpython-313-aarch64-linux-none.so"
    other = layer({"python/shadowed.py": "WHERE = 'another'", native: ""})
    plain = layer({"python/shadowed.py": "WHERE = 'plain'"})
    source = "import shadowed\ndef handler(event, context):\n    return shadowed.WHERE\n"
    function = aws.function(source=source, layers=[plain, other])  # the later one overrides
    assert _call(aws, function, {}) == (None, "plain")

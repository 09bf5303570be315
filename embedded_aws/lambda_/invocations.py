"""Invocations of functions: on warm workers, and by other services within the process.

AWS (Lambda guide, "python-exceptions"): a failure is answered as an error object whose errorType is
the exception's class; a response over 6 MB is Function.ResponseSizeTooLarge (Lambda guide,
"gettingstarted-limits"). MiniStack names all errors Runtime.HandlerError.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ministack.services import lambda_svc

from embedded_aws.lambda_ import capacity

_capacity = capacity.Capacity(capacity.busy_limit())

RESPONSE_BYTES = 6_291_556
_TOO_LARGE = {
    "errorMessage": "Response payload size exceeded maximum allowed payload size "
    f"({RESPONSE_BYTES} bytes).",
    "errorType": "Function.ResponseSizeTooLarge",
}


def install() -> None:
    """Replace the warm executor."""
    lambda_svc._execute_function_warm = _execute_warm


class Throttled(Exception):  # noqa: N818 - reads as what it is
    """A function had no concurrency left."""


class Failed(Exception):  # noqa: N818 - as above
    """A function failed; its error object."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.kind = str(body.get("errorType", "Lambda.Unknown"))
        super().__init__(self.kind)


@dataclass(frozen=True)
class Function:
    """A function, found by its name or ARN."""

    arn: str
    version: str
    _record: dict[str, Any]

    def invoke(self, event: Any) -> Any:
        """What the function answers.

        Raises:
            Throttled: it had no concurrency left.
            Failed: it raised, ran out of time, or its process ended.
        """
        answer = lambda_svc._execute_function_with_config_scope(self._record, event)
        body = answer.get("body")
        if answer.get("throttle"):
            raise Throttled(body["message"])
        if answer.get("error"):
            raise Failed(body)
        return body

    def invoke_later(self, event: Any) -> None:
        """Invoke the function asynchronously."""
        lambda_svc.invoke_async_with_retry(self._record, event)


def find(reference: str) -> Function | None:
    """The function of a name or an ARN; None if there is none."""
    function, configuration, _ = lambda_svc._get_func_record_for_ref(reference)
    if function is None or configuration is None:
        return None
    return Function(
        configuration["FunctionArn"],
        configuration.get("Version", "$LATEST"),
        lambda_svc._execution_record_for_config(function, configuration),
    )


def _execute_warm(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run one invocation on a warm worker; MiniStack's answer of it."""
    configuration = function.get("config") or function
    name = configuration["FunctionName"]
    lambda_svc._ensure_reaper_thread()
    depth = lambda_svc._invoke_depth.get()  # 0 by a service, 1 by a client, more by functions
    with _capacity.place(nested=depth > 1) as has_place:
        answer = _run_on_worker(function, configuration, event, request_id) if has_place else None
    if answer is None:
        return dict(lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", name))
    return answer


def _run_on_worker(
    function: dict[str, Any], configuration: dict[str, Any], event: Any, request_id: str
) -> dict[str, Any] | None:
    name = configuration["FunctionName"]
    _capacity.make_room(name)
    worker, _ = lambda_svc.acquire_worker(
        name,
        configuration,
        function["code_zip"],
        qualifier=configuration.get("Version", "$LATEST"),
    )
    if worker is None:
        return None
    try:
        answer: dict[str, Any] = worker.invoke(
            event,
            request_id,
            trace_id=lambda_svc._xray_trace_id_for_invocation(configuration),
            invoked_function_arn=configuration.get("FunctionArn", ""),
            depth=lambda_svc._invoke_depth.get(),
            durable=lambda_svc._durable_env_overlay(),
        )
    finally:
        lambda_svc.release_worker(worker)
    if answer["status"] != "ok":
        return {"body": answer["failure"], "error": True, "log": answer["log"]}
    if len(json.dumps(answer["result"])) > RESPONSE_BYTES:
        return {"body": _TOO_LARGE, "error": True, "log": answer["log"]}
    return {"body": answer["result"], "log": answer["log"]}

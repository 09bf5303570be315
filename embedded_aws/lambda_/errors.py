"""How a Lambda function's failure reaches Step Functions.

AWS (Lambda guide, "python-exceptions"; Step Functions guide, "concepts-error-handling"): the error
is named after errorType, the exception's class, and Cause is the whole error object as JSON; a
throttled call is Lambda.TooManyRequestsException. MiniStack names all errors Runtime.HandlerError.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import lambda_svc
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine.state_errors import StateError

TOUCHES: tuple[str, ...] = (
    "ministack.services.lambda_svc:_durable_env_overlay",
    "ministack.services.lambda_svc:_ensure_reaper_thread",
    "ministack.services.lambda_svc:_execute_function_warm",
    "ministack.services.lambda_svc:_execute_function_with_config_scope",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
    "ministack.services.lambda_svc:_invoke_depth",
    "ministack.services.lambda_svc:_throttle_response",
    "ministack.services.lambda_svc:_xray_trace_id_for_invocation",
    "ministack.services.lambda_svc:acquire_worker",
    "ministack.services.lambda_svc:release_worker",
    "ministack.services.stepfunctions:_call_lambda",
)


def install() -> None:
    """Replace the warm executor and Step Functions' call of it."""
    lambda_svc._execute_function_warm = _execute_warm
    sfn._call_lambda = call_lambda


def call_lambda(reference: str, event: Any) -> Any:
    """Invoke a function as Step Functions does.

    Raises:
        StateError: by the name and with the cause that Step Functions reports.
    """
    function, configuration, name = lambda_svc._get_func_record_for_ref(reference)
    if function is None or configuration is None:
        raise StateError("Lambda.ResourceNotFoundException", f"Function not found: {name}")
    record = lambda_svc._execution_record_for_config(function, configuration)
    answer = lambda_svc._execute_function_with_config_scope(record, event)
    body = answer.get("body")
    if answer.get("throttle"):
        raise StateError("Lambda.TooManyRequestsException", body["message"])
    if answer.get("error"):
        raise StateError(body.get("errorType", "Lambda.Unknown"), json.dumps(body))
    return body


def _execute_warm(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run one invocation on a warm worker; MiniStack's answer of it."""
    configuration = function.get("config") or function
    name = configuration["FunctionName"]
    lambda_svc._ensure_reaper_thread()
    worker, _ = lambda_svc.acquire_worker(
        name,
        configuration,
        function["code_zip"],
        qualifier=configuration.get("Version", "$LATEST"),
    )
    if worker is None:
        return dict(lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", name))
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
    if answer["status"] == "ok":
        return {"body": answer["result"], "log": answer["log"]}
    return {"body": answer["failure"], "error": True, "log": answer["log"]}

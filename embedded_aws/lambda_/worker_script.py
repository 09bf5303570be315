"""The part of a Lambda worker that calls the handler, in the words of Lambda's Python runtime.

AWS (Lambda guide, "python-exceptions"; aws-lambda-python-runtime-interface-client): an exception is
answered as errorMessage, errorType (the class's name), requestId and stackTrace, and logged; a
result that is not JSON is Runtime.MarshalError; a module that cannot be imported is
Runtime.ImportModuleError. The worker goes on to its next event.

MiniStack's script answers only the message. `patch` puts these pieces into it, and has the
worker mark the end of each invocation's log, so that its reader does not have to wait for more.
"""

from __future__ import annotations

from ministack.core import lambda_runtime

from embedded_aws.core.self_check import UnexpectedMiniStack

END_OF_LOG = "\x1e end of invocation \x1e"

_PRELUDE = f"""
def _answer_of(handler, event, context):
    import json, sys, traceback
    def failure(kind, error, frames):
        body = {{
            "errorMessage": str(error),
            "errorType": kind,
            "requestId": context.aws_request_id,
            "stackTrace": traceback.format_list(frames),
        }}
        print(f"[ERROR] {{kind}}: {{error}}\\nTraceback (most recent call last):", file=sys.stderr)
        print("".join(body["stackTrace"]), end="", file=sys.stderr)
        return json.dumps({{"status": "error", "error": str(error), "failure": body}})
    try:
        result = handler(event, context)
    except Exception as error:
        # The first frame is this one.
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return failure(type(error).__name__, error, frames)
    try:
        return '{{"status": "ok", "result": ' + json.dumps(result) + "}}"
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {{error}}"
        return failure("Runtime.MarshalError", message, [])


def _end_log():
    import sys
    sys.stderr.write({END_OF_LOG + chr(10)!r})
    sys.stderr.flush()


def _init_failure(error, module):
    import json, traceback
    kind, message = type(error).__name__, str(error)
    if isinstance(error, ImportError):
        kind = "Runtime.ImportModuleError"
        message = f"Unable to import module '{{module}}': {{error}}"
    elif isinstance(error, AttributeError) and error.obj is not None and "handler" in str(error):
        kind = "Runtime.HandlerNotFound"
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return json.dumps({{
        "errorMessage": message, "errorType": kind, "stackTrace": traceback.format_list(frames)
    }})

"""

_REPLACED = (
    # A failed start.
    (
        """        _real_stdout.write(json.dumps({"status": "error", "error": str(e)}) + "\\n")
""",
        """        _failure = _init_failure(e, module_name)
        _real_stdout.write(json.dumps({"status": "error", "error": _failure}) + "\\n")
""",
    ),
    # An invocation.
    (
        """        try:
            result = handler_fn(event, context)
            _real_stdout.write(json.dumps({"status": "ok", "result": result}) + "\\n")
        except Exception as e:
            _real_stdout.write(json.dumps({"status": "error", "error": str(e), \
"trace": traceback.format_exc()}) + "\\n")
        _real_stdout.flush()
""",
        """        _answer = _answer_of(handler_fn, event, context)
        _end_log()
        _real_stdout.write(_answer + "\\n")
        _real_stdout.flush()
""",
    ),
)


def install() -> None:
    """Replace the pieces; workers that run already keep their script."""
    patch(_PRELUDE, _REPLACED)


def patch(prelude: str, replaced: tuple[tuple[str, str], ...]) -> None:
    """Put code before the worker's script, and pieces in the place of others.

    Raises:
        UnexpectedMiniStack: the script is not the one that they were written for.
    """
    script: str = lambda_runtime._PYTHON_WORKER_SCRIPT
    for old, new in replaced:
        if script.count(old) != 1:
            raise UnexpectedMiniStack([f"the worker script has no single {old!r}"])
        script = script.replace(old, new)
    lambda_runtime._PYTHON_WORKER_SCRIPT = prelude + script

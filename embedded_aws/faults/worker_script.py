"""The part of a Lambda worker that lets a test inject faults into its calls.

It names itself and the operation in each request, and does what the answer's fault header says:
raises what the SDK's HTTP session would raise, or ends the process. The SDK above it sees exactly
what it would see if a network or a service failed. Waits are scaled like those of the state
machines, so that the SDK's retries do not slow tests down.
"""

from __future__ import annotations

from embedded_aws.core.background import WAIT_SCALE_VARIABLE
from embedded_aws.lambda_.worker_script import patch
from embedded_aws.lambda_.workers import OUT_OF_TIME

CALL_HEADER = "x-local-call"
FAULT_HEADER = "x-local-fault"
SHORTEST_SLEEP = 0.005
"""Seconds."""

_ANCHOR = "    _ms_install_invoke_depth()\n    try:\n"

_PRELUDE = f"""
def _install_faults():
    import os, signal, time
    import botocore.exceptions as errors
    import botocore.handlers, botocore.httpsession

    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    scale, sleep = float(os.environ.get("{WAIT_SCALE_VARIABLE}", "1")), time.sleep
    # Not shorter than {SHORTEST_SLEEP}: what waits for a clock, which runs as usual, must not spin.
    time.sleep = lambda seconds: sleep(max(seconds * scale, min(seconds, {SHORTEST_SLEEP})))

    def name_call(model, params, **_):
        service = model.service_model.endpoint_prefix
        params["headers"]["{CALL_HEADER}"] = name + " " + service + ":" + model.name

    botocore.handlers.BUILTIN_HANDLERS.append(("before-call", name_call))
    send = botocore.httpsession.URLLib3Session.send

    def faulty_send(self, request):
        response = send(self, request)
        fault = response.headers.get("{FAULT_HEADER}")
        if fault in ("closed", "lost"):
            raise errors.ConnectionClosedError(endpoint_url=request.url, request=request)
        if fault == "unanswered":
            raise errors.ReadTimeoutError(endpoint_url=request.url, error="read timed out")
        if fault in ("kill", "kill-after"):
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "timeout":
            os._exit({OUT_OF_TIME})
        return response

    botocore.httpsession.URLLib3Session.send = faulty_send

"""


def install() -> None:
    """Add it to the worker's script; workers that run already go without."""
    patch(_PRELUDE, ((_ANCHOR, _ANCHOR.replace("()\n", "()\n    _install_faults()\n")),))

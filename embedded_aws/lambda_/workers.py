"""One invocation in a warm worker's process.

AWS (Lambda guide, "lambda-runtime-environment", "configuration-timeout"): a handler that raises
keeps its execution environment; one that outlives its function's Timeout loses it and is
Sandbox.Timedout; a process that ends or is killed is Runtime.ExitError.

MiniStack kills the worker of a raising handler, gives one that timed out 2 s to end, and waits
50 ms after a handler that logs nothing.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import time
from queue import Empty
from typing import TYPE_CHECKING, Any

from ministack.core import lambda_runtime

from embedded_aws.lambda_.worker_script import END_OF_LOG

if TYPE_CHECKING:
    import subprocess

ALSO_USES = ("ministack.core.lambda_runtime:Worker._spawn",)
TIMED_OUT = "Sandbox.Timedout"
"""The error of a function that ran out of time."""
OUT_OF_TIME = 113
"""The exit status of a worker that ends as if its time limit had passed (`faults`)."""
_LOG_SECONDS = 30.0
"""How long the end of a log may take to arrive after the answer; it precedes it."""
_INIT_FAILED = re.compile(r"Worker init failed: (\{.*\})", re.DOTALL)


def install() -> None:
    """Replace a worker's invocation and its log."""
    lambda_runtime.Worker._read_stderr = _read_stderr
    lambda_runtime.Worker.invoke = _invoke


def _invoke(
    worker: Any,
    event: Any,
    request_id: str,
    *,
    trace_id: str | None = None,
    depth: Any = None,
    durable: dict[str, Any] | None = None,
    invoked_function_arn: str | None = None,
) -> dict[str, Any]:
    """Run one invocation in a worker's process, starting it if necessary."""
    with worker._lock:
        if worker._proc is None or worker._proc.poll() is not None:
            try:
                worker._spawn()
            except RuntimeError as error:
                return _not_started(worker, str(error), request_id)
        seconds = float(worker.config.get("Timeout", 3))
        envelope = {
            "event": event,
            "ctx": {
                "request_id": request_id,
                "invoked_function_arn": invoked_function_arn or worker.config["FunctionArn"],
                "timeout_ms": int(seconds * 1000),
                "trace_id": trace_id,
                "depth": depth,
                "durable": durable or {},
            },
        }
        try:
            worker._proc.stdin.write(json.dumps(envelope) + "\n")
            worker._proc.stdin.flush()
            answer = _read_answer(worker._proc, time.monotonic() + seconds)
        except (TimeoutError, EOFError, BrokenPipeError) as error:
            if isinstance(error, TimeoutError) or worker._proc.wait() == OUT_OF_TIME:
                why, kind = f"Task timed out after {seconds:.2f} seconds", TIMED_OUT
            else:
                how = _how_it_ended(worker._proc)
                why, kind = f"Runtime exited with error: {how}", "Runtime.ExitError"
            return _killed(worker, f"RequestId: {request_id} Error: {why}", kind)
        return {**answer, "log": _log(worker)}


def _read_answer(process: subprocess.Popen[str], deadline: float) -> dict[str, Any]:
    """The worker's answer, a line of JSON; other lines are a child process's and skipped.

    Raises:
        TimeoutError: none came in time.
        EOFError: the process has ended.
    """
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    descriptor = process.stdout.fileno()
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    pieces: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poller.poll(left * 1000):
            raise TimeoutError
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            raise EOFError
        pieces.append(piece)
        if not piece.endswith(b"\n"):
            continue
        for line in b"".join(pieces).splitlines():
            if line.startswith(b'{"status": '):
                answer: dict[str, Any] = json.loads(line)
                return answer
        pieces.clear()


def _not_started(worker: Any, why: str, request_id: str) -> dict[str, Any]:
    match = _INIT_FAILED.fullmatch(why)
    message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
    failure = {"errorMessage": message, "errorType": "Runtime.ExitError"}
    if match is not None:
        failure = json.loads(match[1])
    log = f"[ERROR] {failure['errorType']}: {failure['errorMessage']}\n{why}"
    worker._proc = None
    return {"status": "error", "failure": failure, "log": log}


def _killed(worker: Any, message: str, kind: str) -> dict[str, Any]:
    """The failure of an invocation that ended its worker's process."""
    process, worker._proc = worker._proc, None
    process.kill()
    process.wait()
    failure = {"errorMessage": message, "errorType": kind}
    return {"status": "error", "failure": failure, "log": f"{_log(worker)}\n{message}".strip()}


def _how_it_ended(process: subprocess.Popen[str]) -> str:
    code = process.wait()
    if code >= 0:
        return f"exit status {code}"
    return f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"


def _read_stderr(worker: Any) -> None:
    """Move a worker's log into its queue, line by line, and None at its end."""
    stream, lines = worker._proc.stderr, worker._stderr_queue
    stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        for line in stream:
            lines.put(line.rstrip("\n"))
    except ValueError:  # closed meanwhile
        pass
    lines.put(None)


def _log(worker: Any) -> str:
    """The log of the invocation that has just ended."""
    lines: list[str] = []
    while True:
        try:
            line = worker._stderr_queue.get(timeout=_LOG_SECONDS)
        except Empty:  # the function closed its log, or a process of its own holds it open
            break
        if line is None or line == END_OF_LOG:
            break
        lines.append(line)
    return "\n".join(lines)

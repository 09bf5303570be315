"""Injects faults into calls: of the HTTP API, and of a state machine itself.

At /_embedded/faults GET lists faults and calls, POST adds a fault, DELETE clears.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote
from xml.sax.saxutils import escape

from embedded_aws.core.asgi import (
    App,
    Message,
    Receive,
    Scope,
    Send,
    answer,
    read_body,
    replayed,
    with_api,
)
from embedded_aws.events import eventbridge
from embedded_aws.faults import throttles, worker_script
from embedded_aws.faults.faults import PERFORMED, Call, InjectedFault, InjectedFaults
from embedded_aws.faults.worker_script import CALL_HEADER, FAULT_HEADER
from embedded_aws.s3 import objects
from embedded_aws.stepfunctions.engine import loop, service_calls
from embedded_aws.stepfunctions.errors import TIMEOUT, StateError
from embedded_aws.stepfunctions.maps import item_reader, result_writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.engine.frames import Frame

SWITCH = "EMBEDDED_AWS_FAULTS"
STATES = "states"
EVENTS = "events"
_HOLD_SECONDS = 0.02

faults = InjectedFaults()
_T = TypeVar("_T")


def install() -> None:
    """Make calls meet faults, if the server was started for that."""
    if not os.environ.get(SWITCH):
        return
    worker_script.install()
    for resource, call in list(service_calls.CALLS.items()):
        service_calls.CALLS[resource] = _faulty(resource, call)
    item_reader.read_object = _faulty_object("s3:GetObject", item_reader.read_object)
    result_writer.write_object = _faulty_object("s3:PutObject", result_writer.write_object)
    loop.gates.append(_let_enter)
    eventbridge.gates.append(_let_deliver)


def around(app: App) -> App:
    """The HTTP application with faults, if the server was started for them."""
    if not os.environ.get(SWITCH):
        return app

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        named = dict(scope.get("headers", ())).get(CALL_HEADER.encode())
        if scope["type"] == "http" and named is not None:
            await _meet(app, named.decode(), scope, receive, send)
        else:
            await app(scope, receive, send)

    return with_api(gateway, "faults", _api)


def _api(method: str, value: Any) -> dict[str, Any]:
    if method == "POST":
        faults.add(InjectedFault.from_json(value))
    elif method == "DELETE":
        faults.clear()
    return faults.as_json()


async def _meet(app: App, named: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Perform a function's call, unless a fault meets it."""
    caller, _, action = named.partition(" ")
    body = await read_body(receive)
    text = f"{unquote(scope['path'])}?{scope['query_string'].decode()} {_words(scope)}"
    fault = faults.meet(Call(caller, action, f"{text} {body[: 1 << 20].decode(errors='replace')}"))
    # Other tasks and threads remove faults, so no event can be awaited.
    while fault and fault.kind == "hold" and faults.in_force(fault):  # noqa: ASYNC110
        await asyncio.sleep(_HOLD_SECONDS)
    if fault is None or fault.kind in PERFORMED or fault.kind == "hold":
        mark = fault.kind if fault and fault.kind in PERFORMED else None
        await app(scope, replayed(body, receive), _marked(send, mark) if mark else send)
        return
    if fault.kind == throttles.KIND:
        throttles.count_refusal(action.removeprefix(throttles.DYNAMODB), body, fault.index)
    await _answer(send, fault, is_s3=action.startswith("s3:"))


def _words(scope: Scope) -> str:
    """The headers in which S3's parameters are."""
    return " ".join(
        unquote(value.decode("latin-1"))
        for name, value in scope["headers"]
        if name.startswith(b"x-amz-copy-source")
    )


async def _answer(send: Send, fault: InjectedFault, *, is_s3: bool) -> None:
    status, headers = fault.status, {FAULT_HEADER: fault.kind}
    if fault.kind == "pretend":
        status, body = 200, b"{}"
    elif fault.kind not in ("error", throttles.KIND):
        status, body = 500, b""
    elif is_s3:
        message = escape(fault.message)
        body = f"<Error><Code>{fault.code}</Code><Message>{message}</Message></Error>".encode()
        headers["content-type"] = "application/xml"
    else:
        code = fault.code
        if fault.kind == throttles.KIND:
            status, code = 400, throttles.REFUSAL
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": fault.message}).encode()
        headers["content-type"] = "application/x-amz-json-1.0"
    await answer(send, status, headers, body)


def _marked(send: Send, kind: str) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            mark = (FAULT_HEADER.encode(), kind.encode())
            message = {**message, "headers": [*message.get("headers", ()), mark]}
        await send(message)

    return marked


def _faulty(resource: str, call: service_calls.Call) -> service_calls.Call:
    """A state machine's own call, which may meet a fault."""
    service, _, operation = resource.removeprefix("arn:aws:states:::").partition(":")
    action = f"{service}:{operation[0].upper()}{operation[1:]}"
    lost = "Lambda.SdkClientException" if service == "lambda" else "DynamoDB.SdkClientException"

    def faulty(role: str, parameters: Any) -> Any:
        fault = faults.meet(Call(STATES, action, json.dumps(parameters, ensure_ascii=False)))
        if fault is None:
            return call(role, parameters)
        if fault.kind in PERFORMED:
            with contextlib.suppress(StateError):  # its error is lost as any answer is
                call(role, parameters)
        if fault.kind == "timeout":
            raise StateError(TIMEOUT, None)
        raise StateError(fault.code if fault.kind == "error" else lost, "A fault on purpose")

    return faulty


def _faulty_object(action: str, call: Callable[..., _T]) -> Callable[..., _T]:
    """A map's reading of its items or writing of its results, which may meet a fault."""

    def faulty(bucket: str, key: str, *content: bytes) -> _T:
        fault = faults.meet(Call(STATES, action, f"/{bucket}/{key}"))
        if fault is not None:
            raise objects.NotDone(fault.status, f"{fault.code}: {fault.message}")
        return call(bucket, key, *content)

    return faulty


def _let_enter(frame: Frame, state: str) -> None:
    """Keep an execution out of a state as long as transitions are throttled."""
    machine = frame.execution.machine
    call = Call(STATES, throttles.TRANSITION, f"{machine} {state}")
    while (fault := faults.meet(call)) and fault.kind == throttles.KIND:
        throttles.count_transition(machine)
        frame.running.wait((), throttles.SECONDS)


def _let_deliver(rule: dict[str, Any]) -> None:
    """Keep an event from a rule's target as long as the rule is throttled."""
    call = Call(EVENTS, throttles.DELIVERY, rule["Arn"])
    while (fault := faults.meet(call)) and fault.kind == throttles.KIND:
        throttles.count_delivery(rule["Name"])
        time.sleep(throttles.SECONDS)

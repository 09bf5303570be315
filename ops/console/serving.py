"""The server of the page: on 127.0.0.1 alone, on a free port, until Ctrl-C."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve
from hypercorn.config import Config

from ops.console.app import make_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ops.console.guard import Secrets
    from ops.model.deployment import Deployment

HOST = "127.0.0.1"


def listen(port: int | None) -> socket.socket:
    """A socket on 127.0.0.1; a free port where none is named.

    Raises:
        OSError: the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port or 0))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def run(
    deployed: Deployment,
    listening: socket.socket,
    *,
    keys: Secrets,
    acts: bool,
    until: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Answer until the process is interrupted, or `until` returns; takes the socket over."""
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.accesslog = None
    config.errorlog = "-"
    config.loglevel = "ERROR"
    config.graceful_timeout = 0.5
    config.include_server_header = False
    app = make_app(deployed, keys=keys, acts=acts)
    asyncio.run(serve(app, config, shutdown_trigger=until, mode="asgi"))  # type: ignore[arg-type]

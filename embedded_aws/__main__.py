"""Serve MiniStack with the extensions: `python -m embedded_aws`.

`ingest local up` starts it in the background; by hand it serves on port 4566 until Ctrl-C.
MiniStack keeps its settings in module globals, so its environment is set here before it is
imported.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import secrets
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from embedded_aws.server import process

_SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    # Every caller's permissions are checked; this access key is the account's root.
    "AUTH": "true",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MINISTACK_REGION": "us-east-1",
    # Functions run as warm subprocesses of this Python, without Docker.
    "LAMBDA_EXECUTOR": "local",
    # Listeners that would open ports of their own, on every interface.
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "PERSIST_STATE": "1",
    "S3_PERSIST": "1",
    "LOG_LEVEL": "INFO",
}

SECRET_VARIABLE = "EMBEDDED_AWS_SECRET"  # noqa: S105 - a name
"""The root's secret access key; a random one, printed, where there is none."""
_LOOK_SECONDS = 1.0


def main() -> None:
    """Parse the arguments, extend MiniStack, serve until a signal to stop, save."""
    arguments = _arguments()
    state: Path = arguments.state
    # AUTH may be turned off from outside, to look at a fault without it.
    settings = {**_SETTINGS, "AUTH": os.environ.get("AUTH", "true")}
    os.environ.update(
        settings,
        AWS_SECRET_ACCESS_KEY=_secret(),
        GATEWAY_PORT=str(arguments.port),
        STATE_DIR=str(state),
        S3_DATA_DIR=str(state / "s3"),
    )
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    _extend()
    threading.Thread(target=_end_when_abandoned, args=(state,), daemon=True).start()
    _serve(arguments)


def _secret() -> str:
    """The root's secret; taken from the environment, which functions inherit."""
    secret = os.environ.pop(SECRET_VARIABLE, "")
    if not secret:
        secret = secrets.token_urlsafe(30)
        print(f"AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY={secret}", flush=True)  # noqa: T201
    return secret


def _end_when_abandoned(state: Path) -> None:
    """End once the folder is gone, or the process that this one is to end with.

    Tests name their own process, because a killed one cannot stop the server.
    """
    starter = int(os.environ.get("EMBEDDED_AWS_ENDS_WITH", os.getpid()))
    mark = process.start_mark(starter)
    while state.exists() and mark is not None and process.is_running(starter, mark):
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _extend() -> None:
    """Check that MiniStack is the expected one, then extend it; else exit with every difference."""
    from embedded_aws.core import self_check  # noqa: PLC0415 - the environment has to be set first

    try:
        self_check.check(self_check.used_names())
        from embedded_aws import extensions  # noqa: PLC0415 - its names have to be checked first

        extensions.install()
    except self_check.UnexpectedMiniStack as error:
        sys.exit(str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m embedded_aws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1")
    parser.add_argument("--socket", type=int, help="descriptor of a socket that listens there")
    parser.add_argument("--state", type=Path, help="folder of the saved state")
    parser.add_argument("--saved", type=Path, help="folder of what is saved while it runs")
    arguments = parser.parse_args()
    if arguments.state is None:
        arguments.state = Path(tempfile.mkdtemp(prefix="embedded-aws-"))
    return arguments


def _serve(arguments: argparse.Namespace) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - as above
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app  # noqa: PLC0415

    from embedded_aws import extensions  # noqa: PLC0415
    from embedded_aws.core import asgi  # noqa: PLC0415
    from embedded_aws.faults import gateway  # noqa: PLC0415
    from embedded_aws.server import bounds, connections, gate, saving  # noqa: PLC0415

    # A map's workers and their clients hold many connections; the default limit is 1,024.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    config = Config()
    given = arguments.socket
    config.bind = [f"127.0.0.1:{arguments.port}" if given is None else f"fd://{given}"]
    config.keep_alive_timeout = 75  # clients reuse connections for about a minute
    config.graceful_timeout = 2
    served = gateway.around(app.app)
    for name, api in extensions.APIS.items():
        served = asgi.with_api(served, name, api)
    guarded = gate.Gate.around(served, port=arguments.port, authorize=app.AUTH)
    connections.install()
    saving.save_at_stop(arguments.state)

    async def serve_and_save() -> None:
        saver = saving.Saver(arguments.state, arguments.saved, guarded.entered)
        tasks = [asyncio.create_task(bounds.keep())]
        if arguments.saved:
            tasks.append(asyncio.create_task(saver.run()))
        await serve(guarded.enter, config)
        for task in tasks:
            task.cancel()

    asyncio.run(serve_and_save())


if __name__ == "__main__":
    main()

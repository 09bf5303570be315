"""`ingest local`: the embedded AWS of this machine, up, looked at, and down."""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003 - typer reads annotations when it runs
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from local import deploy, server, synthesis
from local.errors import LocalError, PortTaken, StateOfOtherVersion

app = typer.Typer(no_args_is_help=True, help="The embedded AWS on this machine.")

STACK = "BatchIngest"
EXIT_FAILED = 1
"""Something went wrong; the message says what and the cure."""
EXIT_REFUSED = 2
"""Nothing was done: the port is taken, or the folder holds another version's state."""
EXIT_NOT_RUNNING = 3
"""`status`: no embedded AWS runs on this data folder."""

Data = Annotated[
    Path, typer.Option(help="The private folder of its state, log and temporary files.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]

_errors = Console(stderr=True, highlight=False)


@app.command()
def up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1; a free one if absent.")
    ] = None,
    data: Data = server.DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Start the embedded AWS, or find it running, and deploy the stack as the code stands."""
    try:
        assembly = synthesis.synthesize(server.PROJECT)
        started = server.start(data, port=port)
        if started.lost:
            _say(started.lost, style="yellow")
        running = started.server
        if port is not None and running.endpoint.port != port:
            _say(
                f"It runs already, on port {running.endpoint.port}; `ingest local down` first "
                "to move it.",
                style="yellow",
            )
        deployment = deploy.deploy(assembly, endpoint=running.endpoint)
    except (PortTaken, StateOfOtherVersion) as error:
        _fail(error, EXIT_REFUSED)
    except LocalError as error:
        _fail(error, EXIT_FAILED)
    _show(running, deployment.outputs, as_json=as_json)


@app.command()
def status(data: Data = server.DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Show the running embedded AWS and the stack's outputs; exit with 3 if none runs."""
    running = server.find(data)
    if running is None:
        _say(f"No embedded AWS runs on {data}. `ingest local up` starts one.")
        raise typer.Exit(EXIT_NOT_RUNNING)
    _show(running, deploy.outputs(STACK, endpoint=running.endpoint), as_json=as_json)


@app.command()
def down(data: Data = server.DEFAULT_DATA) -> None:
    """Save the state and stop; the next `up` on the same folder continues from there."""
    try:
        stopped = server.stop(data)
    except LocalError as error:
        _fail(error, EXIT_FAILED)
    print("Stopped; its state is saved." if stopped else "None was running.")  # noqa: T201


def _show(running: server.Server, outputs: Mapping[str, str], *, as_json: bool) -> None:
    endpoint = running.endpoint
    described = {
        "endpoint": endpoint.url,
        "region": endpoint.region,
        "accessKeyId": endpoint.access_key_id,
        "secretAccessKey": endpoint.secret_access_key,
    }
    if as_json:
        print(json.dumps({**described, "outputs": dict(outputs)}, indent=2))  # noqa: T201
        return
    rows = {
        **{name: described[name] for name in ("endpoint", "region")},
        "credentials": f"{endpoint.access_key_id} / {endpoint.secret_access_key}",
        **outputs,
    }
    width = max(map(len, rows))
    # Plain lines: these values are there to be copied, so nothing may wrap or colour them.
    print("\n".join(f"{name:<{width}}  {value}" for name, value in rows.items()))  # noqa: T201


def _say(sentence: str, *, style: str | None = None) -> None:
    _errors.print(sentence, style=style, markup=False, soft_wrap=True)


def _fail(error: LocalError, code: int) -> NoReturn:
    _say(str(error), style="red")
    raise typer.Exit(code) from error

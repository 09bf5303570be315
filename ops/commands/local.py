"""`ingest local`: start, show and stop the embedded AWS of this machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping  # noqa: TC003 - typer reads annotations when it runs
from pathlib import Path
from typing import Annotated

import typer

from local import deploy, server, synthesis
from ops.commands import options
from ops.model.deployment import DEFAULT_STACK, running_on
from ops.model.program import pasteable, program
from ops.view.terminal import err, out, outside, print_json

app = typer.Typer(no_args_is_help=True, help="The embedded AWS on this machine.")

Data = Annotated[
    Path, typer.Option(help="The private folder of its state, log and temporary files.")
]


@app.command(epilog=options.example("ingest local up"))
def up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1; a free one if absent.")
    ] = None,
    data: Data = server.DEFAULT_DATA,
    revert_drift: Annotated[
        bool,
        typer.Option(
            "--revert-drift",
            help="Also put back policies, permissions and functions that were changed by hand.",
        ),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Start the embedded AWS and deploy the stack to it.

    If it runs already, the stack is deployed again, as the code is now.
    """
    assembly = synthesis.synthesize(server.PROJECT)
    started = server.start(data, port=port)
    if started.lost:
        err.print(started.lost, style="yellow")
    running = started.server
    if port is not None and running.endpoint.port != port:
        moved = f"It runs already, on port {running.endpoint.port}: `ingest local down` first."
        err.print(pasteable(moved), style="yellow")
    bring_up = deploy.revert_drift if revert_drift else deploy.deploy
    with server.stopped_if_interrupted(started):
        deployment = bring_up(assembly, endpoint=running.endpoint)
    if revert_drift:
        for name in deployment.put_back:
            err.print(outside(f"Put back: {name}"))
        if not deployment.put_back:
            err.print("Nothing had been changed by hand.")
    _show(running, deployment.outputs, as_json=as_json)
    if not as_json:
        folder = "" if data == server.DEFAULT_DATA else f" --data {shlex.quote(str(data))}"
        example = f"submit FILE --job try1 --create-job --watch{folder}"
        err.print(f"Now try your own results: {program()} {example}", style="dim")
        err.print(f"See the jobs on a page: {program()} console --act{folder}", style="dim")


@app.command(epilog=options.example("ingest local status --json"))
def status(data: Data = server.DEFAULT_DATA, as_json: options.AsJson = False) -> None:
    """Show its address and the stack's outputs.

    Exits with 3 if none runs.
    """
    running = running_on(data)
    _show(running, deploy.outputs(DEFAULT_STACK, endpoint=running.endpoint), as_json=as_json)


@app.command(epilog=options.example('eval "$(ingest local env)"'))
def env(data: Data = server.DEFAULT_DATA) -> None:
    """Print the variables that point other programs at it."""
    running = running_on(data)
    for name, value in running.endpoint.environment().items():
        out.print(f"export {name}={shlex.quote(value)}")


@app.command(epilog=options.example("ingest local down"))
def down(data: Data = server.DEFAULT_DATA) -> None:
    """Save the state and stop.

    The next `up` on the same folder continues from there.
    """
    stopped = server.stop(data, tell=lambda step: err.print(step, style="dim"))
    if stopped is None:
        out.print("None was running.")
    elif stopped.saved:
        out.print("Stopped; its state is saved.")
    else:
        when = "nothing" if stopped.last_saved is None else f"{stopped.last_saved:%H:%M:%S} UTC"
        out.print(f"Stopped without a last save: the next `up` continues from {when}.")


def _show(running: server.Server, outputs: Mapping[str, str], *, as_json: bool) -> None:
    endpoint = running.endpoint
    described = {
        "endpoint": endpoint.url,
        "region": endpoint.region,
        "accessKeyId": endpoint.access_key_id,
        "secretAccessKey": endpoint.secret_access_key,
    }
    if as_json:
        print_json({**described, "outputs": dict(outputs)})
        return
    rows = {
        **{name: described[name] for name in ("endpoint", "region")},
        "credentials": f"{endpoint.access_key_id} / {endpoint.secret_access_key}",
        **outputs,
    }
    width = max(map(len, rows))
    # Plain lines: these values are there to be copied.
    for name, value in rows.items():
        out.print(f"{name:<{width}}  {value}")

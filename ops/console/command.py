"""`ingest console`: a page on this machine that shows jobs live."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.commands import options
from ops.errors import Refused
from ops.view.terminal import err, out, print_json


def console(
    act: Annotated[
        bool,
        typer.Option(
            "--act", help="Let the page redrive, replay, tidy and resubmit; it asks first."
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port on 127.0.0.1; a free one if absent."),
    ] = None,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Show jobs on a page in the browser, live.

    Prints an address that works only on this machine, with a secret token. The page is read-only
    without --act. Ctrl-C ends it.
    """
    # Imported here: the server and the templates cost every other command a third of a second.
    from ops.console import serving  # noqa: PLC0415
    from ops.console.guard import Secrets  # noqa: PLC0415

    deployed = options.chosen(local=local, data=data, stack=stack)
    try:
        listening = serving.listen(port)
    except OSError as error:
        raise Refused(f"Port {port} is taken: name another, or none. ({error.strerror})") from error
    keys = Secrets(listening.getsockname()[1])
    if as_json:
        print_json({"address": keys.address, "acts": act})
    else:
        out.print(keys.address)
        err.print(f"Jobs on {deployed.place}. Ctrl-C ends it.", style="dim")
        if not act:
            err.print("The page is read-only; --act lets it redrive and replay.", style="dim")
    serving.run(deployed, listening, keys=keys, acts=act)

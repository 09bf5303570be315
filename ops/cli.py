"""The `ingest` command."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from typer.core import TyperGroup
from typer.exceptions import TyperException

from local.errors import LocalError
from ops.commands import local, options
from ops.commands.backfill import backfill
from ops.commands.check import check
from ops.commands.dead_events import dead_events
from ops.commands.demo import demo
from ops.commands.estimate import estimate
from ops.commands.explain import explain
from ops.commands.inspect import inspect
from ops.commands.jobs import jobs, show_open
from ops.commands.messages import messages
from ops.commands.redrive import redrive
from ops.commands.rejects import rejects
from ops.commands.replay import replay
from ops.commands.resubmit import resubmit
from ops.commands.submit import submit
from ops.commands.tidy import tidy
from ops.commands.transactions import transactions
from ops.commands.watch import watch
from ops.console.command import console
from ops.errors import ExitCode, OpsError
from ops.model.program import pasteable
from ops.view.terminal import err, out, outside, prose, visible

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_CODES = """\
Exit codes: 0 done; 1 failed; 2 invalid request, or not confirmed: nothing was done; 3 not found;
4 what is shown is a failed job or execution, or a file that would be one; 5 the demo's result
differs from the expected one.
"""


class Sentences(TyperGroup):
    """Ends a command that cannot go on with one sentence and an exit code, not with a trace."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what is not UTF-8, and what is empty: a script's variable that was never set."""
        for each in args:
            if not each or (each.startswith("--") and each.endswith("=") and each.count("=") == 1):
                raise typer.BadParameter(f"{each}'' is empty: give it a value, or leave it out.")
            if each.encode(errors="replace").decode() != each:
                raise typer.BadParameter(f"{visible(each)} is not UTF-8 text.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (OpsError, LocalError) as error:
            _end(str(error), error.exit_code, error)
        except (ClientError, BotoCoreError) as error:
            _end(_refusal(error), ExitCode.FAILED, error)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except BrokenPipeError:  # the reader of a pipe has enough, as `head` does: typer ends
            raise
        except OSError as error:
            _end(f"This machine does not allow it: {visible(error)}", ExitCode.FAILED, error)
        except Exception as error:  # noqa: BLE001 - a fault of this command: show the trace
            err.print(outside("".join(traceback.format_exception(error))))
            _end("This is a fault of the command itself. Please report it.", ExitCode.FAILED, error)


def _refusal(error: ClientError | BotoCoreError) -> str:
    """The sentence for an error that AWS answers with, or for no answer at all."""
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    asked = error.kwargs["endpoint_url"] if isinstance(error, EndpointConnectionError) else ""
    if url and asked.startswith(url.rstrip("/")):
        return (
            f"Nothing answers at {visible(url)}, where AWS_ENDPOINT_URL points. If that was an "
            "embedded AWS, it has stopped: `ingest local up` starts it again, and "
            '`eval "$(ingest local env)"` sets the variable to its new address.'
        )
    return f"AWS could not do it: {visible(error)}"


def _end(sentence: str, code: int, error: Exception) -> NoReturn:
    err.print(prose(pasteable(sentence)), style="red")
    raise typer.Exit(code) from error


app = typer.Typer(
    cls=Sentences,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
    epilog=EXIT_CODES,
    rich_markup_mode=None,
)
_EXAMPLES: dict[Callable[..., None], str] = {
    demo: "ingest demo",
    check: "ingest check answers.jsonl.out",
    estimate: "ingest estimate answers.jsonl.out --no-images",
    jobs: "ingest jobs --status FAILED --since 2d",
    console: "ingest console --act",
    watch: "ingest watch try1",
    submit: "ingest submit answers.jsonl.out --job try1 --create-job --watch",
    inspect: "ingest inspect try1",
    redrive: "ingest redrive --all-failed --since 2d",
    replay: "ingest replay try1 --object batch-output/try1/answers.jsonl.out",
    resubmit: "ingest resubmit try1 --dry-run",
    backfill: "ingest backfill --since 90d --dry-run",
    tidy: "ingest tidy try1 --dry-run",
    dead_events: "ingest dead-events --resend",
    explain: "ingest explain TooManyRejects",
    transactions: "ingest transactions try1 --csv",
    messages: "ingest messages --follow",
    rejects: "ingest rejects try1 --export again.jsonl",
}
for _command, _example in _EXAMPLES.items():
    app.command(epilog=options.example(_example))(_command)
app.add_typer(local.app, name="local")


def _show_version(asked: bool) -> None:
    if asked:
        out.print(f"ingest {importlib.metadata.version('batch-ingest')}")
        raise typer.Exit


@app.callback()
def _ingest(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback shows it
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Run, watch and repair the ingest of Bedrock batch results.

    Without a command: what is open, and the command for each.
    """
    if context.invoked_subcommand is None and not show_open():
        out.print(context.get_help())


def main() -> None:
    """Run the command line. A terminal that is closed, or `kill`, ends it like a Ctrl-C."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(each, signal.default_int_handler)
    try:
        app()
    except OSError as error:  # before a command runs, as of `--help >/dev/full`
        sys.exit(f"This machine does not allow it: {visible(error)}")

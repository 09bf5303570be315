"""The `ingest` command."""

from __future__ import annotations

import signal
import traceback
from typing import Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup
from typer.exceptions import TyperException

from local.errors import LocalError
from ops.commands import local
from ops.commands.check import check
from ops.commands.dead_events import dead_events
from ops.commands.demo import demo
from ops.commands.inspect import inspect
from ops.commands.redrive import redrive
from ops.commands.rejects import rejects
from ops.commands.replay import replay
from ops.commands.submit import submit
from ops.errors import AWSRefused, ExitCode, OpsError
from ops.view.terminal import err, outside, visible

EXIT_CODES = """\
Exit codes: 0 done; 1 it could not be done; 2 what was asked for makes no sense or is not
allowed; 3 what it is about is not there; 4 what it shows is a failed job or execution, or a file
that would be one; 5 the demo's outcome differs from what its generator knows.
"""


class Sentences(TyperGroup):
    """Ends a command that cannot go on with one sentence and an exit code, not with a trace."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what is no text, and what is empty: a variable of a script that was never set."""
        for each in args:
            if not each or (each.startswith("--") and each.endswith("=") and each.count("=") == 1):
                raise typer.BadParameter(f"{each}'' is empty: give it a value, or leave it out.")
            if each.encode(errors="replace").decode() != each:
                raise typer.BadParameter(f"{visible(each)} is no text: say it in UTF-8.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (OpsError, LocalError) as error:
            _end(str(error), error.exit_code, error)
        except (ClientError, BotoCoreError) as error:
            refused = AWSRefused(f"AWS could not do it: {visible(error)}")
            _end(str(refused), refused.exit_code, error)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except OSError as error:
            _end(f"This machine does not allow it: {visible(error)}", ExitCode.FAILED, error)
        except Exception as error:  # noqa: BLE001 - a fault of this command, shown as it is
            err.print(outside("".join(traceback.format_exception(error))))
            _end("This is a fault of the command itself: please report it.", ExitCode.FAILED, error)


def _end(sentence: str, code: int, error: Exception) -> NoReturn:
    err.print(sentence, style="red")
    raise typer.Exit(code) from error


app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog=EXIT_CODES,
    rich_markup_mode=None,
)
app.add_typer(local.app, name="local")
app.command()(demo)
app.command()(check)
app.command()(submit)
app.command()(inspect)
app.command()(redrive)
app.command()(replay)
app.command()(dead_events)
app.command()(rejects)


@app.callback()
def _ingest() -> None:
    """Run, watch and repair the ingest of Bedrock batch results."""


def main() -> None:
    """Run the command line. A terminal that is closed, or `kill`, ends it like a Ctrl-C."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is signal.SIG_DFL:  # `nohup` has it ignored
            signal.signal(each, signal.default_int_handler)
    app()

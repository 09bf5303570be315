"""Fill commands in texts for people with the job and the place that they are about.

The texts of failures name commands as `ingest rejects JOB`, and the command that puts a stack back
as `make deploy CDK_OPTIONS=--revert-drift`. On the embedded AWS the latter would deploy to the
account of the shell's credentials instead.
"""

import re
from collections.abc import Callable
from typing import Final

from functions.domain.plain_text import argument
from functions.domain.service_failures import PUT_BACK

PUT_BACK_EMBEDDED: Final = "ingest local up --revert-drift"
DEFAULT_STACK: Final = "BatchIngest"
_EMBEDDED_ACCOUNT: Final = "000000000000"
_OF_A_JOB: Final = re.compile(r"`ingest ([a-z-]+) JOB((?: --[a-z-]+)*)`")


def filled_in(text: str, *, command: Callable[[str], str], put_back: str) -> str:
    """A text with commands that work as pasted.

    Args:
        text: Of an explanation, or a cause that quotes one.
        command: The whole command for its words, such as `rejects`.
        put_back: The command that puts back what was changed by hand.
    """
    return _OF_A_JOB.sub(lambda found: f"`{command(found[1])}{found[2]}`", text).replace(
        PUT_BACK, put_back
    )


def job_command(words: str, *, job_id: str, key: str = "", options: str = "") -> str:
    """A command about a job; a replay replays the named results object alone."""
    parts = ["ingest", words, argument(job_id) if job_id else "JOB"]
    if words == "replay" and key:
        parts += ["--object", argument(key)]
    return " ".join(parts) + options


def stack_options(stack: str, *, arn: str) -> str:
    """What a command needs to find a stack, after a space; nothing for the default one.

    Args:
        stack: Its name.
        arn: Of any part of it.
    """
    if stack == DEFAULT_STACK:
        return ""
    return f"{' --local' if is_embedded(arn) else ''} --stack {argument(stack)}"


def is_embedded(arn: str) -> bool:
    """Whether an ARN belongs to the embedded AWS, whose account no customer has."""
    return arn.split(":")[4:5] == [_EMBEDDED_ACCOUNT]

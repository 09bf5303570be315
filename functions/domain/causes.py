"""Make the cause of a failure readable."""

import json
import re
from typing import Final

_ADDRESS: Final = re.compile(r"""(https?://[^/\s"']+)/[^\s"']*""")


def plain_cause(cause: str) -> str:
    """The sentence in a cause: a function's error is JSON with a message and a stack trace."""
    try:
        body = json.loads(cause)
    except (ValueError, RecursionError):
        body = None
    message = body.get("errorMessage") if isinstance(body, dict) else None
    sentence = message if isinstance(message, str) and message else cause
    return without_addresses(sentence)


def without_addresses(text: str) -> str:
    """Cut what follows the host in addresses.

    The SDK names the address that it called: for an image that is its key, which has the user's id.
    """
    return _ADDRESS.sub(r"\1/(...)", text)

"""What the APIs that are written here have in common: errors, answers, and tokens of pages."""

from __future__ import annotations

import base64
import json
from typing import Any


class ApiError(Exception):
    """A request that is answered with an error code and a message.

    Attributes:
        status: Of the HTTP response.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


def without_none(answer: dict[str, Any]) -> dict[str, Any]:
    """The members of an answer that have a value."""
    return {name: value for name, value in answer.items() if value is not None}


def page_token(position: Any) -> str:
    """The token of the page that begins after a position."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def position_of(token: str) -> Any:
    """The position of a token.

    Raises:
        ValueError: It is not a token.
    """
    return json.loads(base64.urlsafe_b64decode(token))

"""The services' own errors."""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


@functools.cache
def _class_of(code: str) -> type[ClientError]:
    return type(code, (ClientError,), {})


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    """An error as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": message}}
    return _class_of(code)(answer, operation)


def repeated(code: str, times: int | None) -> Iterator[str]:
    """A code so many times, or without an end."""
    return itertools.repeat(code) if times is None else itertools.repeat(code, times)


class Exceptions:
    """A client's classes of errors, by their codes."""

    def __getattr__(self, code: str) -> type[ClientError]:
        return _class_of(code)

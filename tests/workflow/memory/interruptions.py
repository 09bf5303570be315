"""Clients whose caller dies, or meets somebody else, at a chosen call."""

import threading
from collections.abc import Callable
from typing import Any


class WorkerDied(BaseException):
    """The process is no more: nothing may catch it, no later call is made."""


class Interruptions:
    """Counts the calls of all clients of a worker, and interferes with one of them.

    Calls happen one at a time, so that what is between two of them is a moment.
    """

    def __init__(
        self,
        *,
        dies_before: int | None = None,
        dies_after: int | None = None,
        meanwhile: dict[int, Callable[[], None]] | None = None,
    ) -> None:
        """Prepare.

        Args:
            dies_before: Number of the call, from 0, that is never made.
            dies_after: Number of the call whose answer is never heard.
            meanwhile: What somebody else does just before a call.
        """
        self.calls: list[str] = []
        self._dies_before = dies_before
        self._dies_after = dies_after
        self._meanwhile = meanwhile or {}
        self._dead = False
        self._lock = threading.Lock()

    def call(self, method: Callable[..., Any], **request: Any) -> Any:
        with self._lock:
            number = len(self.calls)
            if self._dead or number == self._dies_before:
                self._dead = True
                raise WorkerDied
            self.calls.append(method.__name__)
            if deed := self._meanwhile.get(number):
                deed()
            try:
                return method(**request)
            finally:
                if number == self._dies_after:
                    self._dead = True
                    raise WorkerDied


class Interrupted:
    """A client seen through `Interruptions`."""

    def __init__(self, client: Any, interruptions: Interruptions) -> None:
        self._client = client
        self._interruptions = interruptions

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name == "get_paginator":
            return method
        return lambda **request: self._interruptions.call(method, **request)

"""Clients whose caller dies, or meets another caller, at a chosen call."""

import threading
from collections.abc import Callable, Collection, Mapping
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
        meanwhile: Mapping[int, Callable[[], object]] | None = None,
    ) -> None:
        """Prepare.

        Args:
            dies_before: Number of the call, from 0, that is never made.
            dies_after: Number of the call whose answer is never heard.
            meanwhile: What another caller does just before a call.
        """
        self.calls: list[str] = []
        self._dies_before = dies_before
        self._dies_after = dies_after
        self._meanwhile = meanwhile or {}
        self._dead = False
        self._lock = threading.Lock()

    def call(self, method: Callable[..., Any], *given: Any, **request: Any) -> Any:
        with self._lock:
            number = len(self.calls)
            if self._dead or number == self._dies_before:
                self._dead = True
                raise WorkerDied
            self.calls.append(method.__name__)
            if deed := self._meanwhile.get(number):
                deed()
            try:
                return method(*given, **request)
            finally:
                if number == self._dies_after:
                    self._dead = True
                    raise WorkerDied


def calls_of(work: Callable[[Interruptions], object]) -> list[str]:
    """The calls that some work makes where it is not interrupted."""
    undisturbed = Interruptions()
    work(undisturbed)
    return undisturbed.calls


class Interrupted:
    """A client seen through `Interruptions`, but for some of its attributes."""

    def __init__(
        self, client: Any, interruptions: Interruptions, but: Collection[str] = ("get_paginator",)
    ) -> None:
        self._client = client
        self._interruptions = interruptions
        self._but = but

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in self._but:
            return found
        return lambda *given, **request: self._interruptions.call(found, *given, **request)

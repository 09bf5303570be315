"""Actors whose calls of the services happen in an order that a test draws.

Each actor runs on a thread of its own and pauses before every call. The schedule says whose
call comes next. Time stands still but for sleeps: a sleeping actor wakes when every other one
has finished, or when the schedule wakes it. Before the clock moves on, calls of BatchWriteItem
that are ready are made: a worker that is paused for seconds between its look at the ledger and
its put is the window that decision 4 names, and is left out here.
"""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

PATIENCE_SECONDS = 300.0
"""A real time limit: a schedule that hangs is a fault of the harness."""


def in_runs(order: random.Random) -> Iterator[int]:
    """A schedule of long and short runs: what two actors do in turn hides what one does alone."""
    while True:
        chosen = order.randrange(1_000)
        yield from [chosen] * order.choice([1, 1, 2, 5, 40])


@dataclass
class Actor:
    """A thread that makes calls."""

    name: str
    work: Callable[[], None]
    waiting: list[tuple[str, threading.Event]] = field(default_factory=list)
    wakes_at: float | None = None
    finished: bool = False
    error: BaseException | None = None

    @property
    def is_waiting(self) -> bool:
        return bool(self.waiting) or self.wakes_at is not None


class Interleaving:
    """Runs actors to their end."""

    def __init__(self, schedule: Iterator[int]) -> None:
        self.now = 1_000.0
        self.calls: list[tuple[str, str]] = []
        self._schedule = schedule
        self._actors: list[Actor] = []
        self._by_thread: dict[int, Actor] = {}
        self._changed = threading.Condition()
        self._made: threading.Event | None = None

    def add(self, name: str, work: Callable[[], None]) -> None:
        self._actors.append(Actor(name, work))

    def client(self, client: Any) -> Any:
        """A client of the actor whose thread asks for it; its calls wait for their turn."""
        return _Client(self, self._by_thread[threading.get_ident()], client)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        actor = self._by_thread.get(threading.get_ident())
        with self._changed:
            if actor is None:  # a writer's thread: it waits microseconds, for its budget
                self.now += seconds
                return
            actor.wakes_at = self.now + seconds
            self._go_on()
            assert self._changed.wait_for(lambda: actor.wakes_at is None, PATIENCE_SECONDS)

    def run(self) -> None:
        threads = [threading.Thread(target=self._play, args=(actor,)) for actor in self._actors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        for actor in self._actors:
            if actor.error is not None:
                raise actor.error

    def turn(self, actor: Actor, call: str, make: Callable[[], Any]) -> Any:
        """Make a call when it is the actor's turn."""
        ready = threading.Event()
        with self._changed:
            actor.waiting.append((call, ready))
            self._go_on()
        assert ready.wait(PATIENCE_SECONDS), f"{actor.name} never came to {call}"
        try:
            self.calls.append((actor.name, call))
            return make()
        finally:
            with self._changed:
                self._made = None
                self._go_on()

    def _play(self, actor: Actor) -> None:
        self._by_thread[threading.get_ident()] = actor
        try:
            actor.work()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            actor.error = error
        del self._by_thread[threading.get_ident()]  # the next thread may get its number
        with self._changed:
            actor.finished = True
            self._go_on()

    def _go_on(self) -> None:
        """Let one call happen, or the time pass, once every actor waits."""
        if self._made is not None or not all(a.finished or a.is_waiting for a in self._actors):
            return
        able = [a for a in self._actors if a.is_waiting]
        if not able:
            return
        chosen = able[next(self._schedule) % len(able)]
        if not chosen.waiting:
            puts = [a for a in able if any(c == "batch_write_item" for c, _ in a.waiting)]
            if not puts:
                self._wake(chosen)
                return
            chosen = puts[0]
        calls = [call for call, _ in chosen.waiting]
        first = calls.index("batch_write_item") if "batch_write_item" in calls else 0
        _, self._made = chosen.waiting.pop(first)
        self._made.set()

    def _wake(self, actor: Actor) -> None:
        assert actor.wakes_at is not None
        self.now = max(self.now, actor.wakes_at)
        for other in self._actors:
            if other.wakes_at is not None and other.wakes_at <= self.now:
                other.wakes_at = None
        self._changed.notify_all()


class _Client:
    def __init__(self, interleaving: Interleaving, actor: Actor, client: Any) -> None:
        self._interleaving = interleaving
        self._actor = actor
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name == "get_paginator":
            return lambda operation: self._interleaving.turn(
                self._actor, "query", lambda: _Whole(method(operation))
            )
        return lambda **request: self._interleaving.turn(
            self._actor, name, lambda: method(**request)
        )


@dataclass
class _Whole:
    """A paginator whose pages are read in one moment, when they are asked for."""

    paginator: Any

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        return list(self.paginator.paginate(**request))

"""The calls of workers while nothing fails, held against the rows of the matrix."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.faults.cases import Spot
from tests.e2e.faults.world import FaultyDeployment

NEVER = 10**9
"""Calls that a rule lets pass: it only counts them."""


@dataclass
class Seen:
    """How often each worker made each call.

    Attributes:
        calls: By function and action.
        calls_of_rows: The same, as the rows of the matrix count them.
        rows_never_met: In words.
    """

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls_of_rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows_never_met: list[str] = field(default_factory=list)


@contextmanager
def seen(world: FaultyDeployment, spots: Sequence[Spot]) -> Iterator[Seen]:
    """Count what is called until the block ends."""
    world.clear_faults()
    for spot in spots:
        world.add_fault(
            caller=f"*Workers{spot.function}*",
            action=spot.action,
            having=spot.having,
            kind="error",
            skip=NEVER,
        )
    found = Seen()
    yield found
    state = world.faults()
    world.clear_faults()
    functions = {spot.function for spot in spots}
    for each in state["calls"]:
        function = each["caller"].split("Function")[0].rpartition("Workers")[2]
        if function in functions:
            found.calls[function, each["action"]] += each["count"]
    for spot, rule in zip(spots, state["faults"], strict=True):
        found.calls_of_rows[spot.function, spot.action] += rule["met"]
        if not rule["met"]:
            found.rows_never_met.append(f"{spot.function}: {spot.what}")

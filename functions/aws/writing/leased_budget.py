"""The write budget of a worker's user, of which the worker has a part by lease."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Clock
from functions.aws.writing.budget_lease import BudgetLease
from functions.aws.writing.write_budget import WriteBudget


@contextmanager
def leased_budget(
    ledger_table: str,
    *,
    user_id: str,
    execution: str,
    caller: str,
    units_per_second: float,
    clock: Clock,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[WriteBudget]:
    """Take a lease, and give it back at the end.

    Args:
        ledger_table: The ledger, which has the leases.
        user_id: Whose transactions the worker writes.
        execution: That the worker belongs to.
        caller: The worker's request id.
        units_per_second: The user's whole budget.
        clock: Monotonic seconds.
        now: Epoch seconds.
        sleep: Waits for some seconds.
    """
    lease = BudgetLease(
        clients.dynamodb(),
        ledger_table,
        user_id=user_id,
        execution=execution,
        caller=caller,
        budget=units_per_second,
        clock=clock,
        now=now,
    )
    with lease:
        yield WriteBudget(lease, clock=clock, sleep=sleep)

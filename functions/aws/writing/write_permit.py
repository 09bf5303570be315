"""Whether this call may still write, re-checked against the ledger at most once a second.

BatchWriteItem replaces whatever is there, so only a call that is alone with its records may use
it. A call whose execution has lost its claim may write nothing: another execution writes the same
transactions, perhaps of newer content.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.deadline import Clock

LOOK_SECONDS: Final = 1.0
"""How long an answer of the ledger is relied on."""
_PROMPT_SECONDS: Final = LOOK_SECONDS
"""An answer that takes longer is not relied on for replacing anything."""
_LOOKS: Final = 3
"""In a row, until an answer is prompt."""


class ClaimLost(Exception):  # noqa: N818  a turn of events, not a fault
    """Another execution has the claim: a replay, or one of newer content."""


@dataclass
class WritePermit:
    """Of one call, in the ledger.

    Attributes:
        alone: No other call has begun with its records. Once False, it stays False; an answer
            that cannot be had counts as False.
        is_named: Asks whether the attempt's row has the call's name still.
        owns_claim: Asks whether the execution has its claim still.
        is_only_key: Asks whether no other results object of the job has ever been claimed: all
            of them have the same transactions.
        clock: Monotonic seconds.
    """

    alone: bool
    is_named: Callable[[], bool]
    owns_claim: Callable[[], bool]
    is_only_key: Callable[[], bool]
    clock: Clock
    _lost: bool = field(default=False, init=False)
    _looked_at: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def may_replace(self) -> bool:
        """Whether no one can have touched its items; the answer is at most a second old.

        Raises:
            ClaimLost: if another execution has the claim.
        """
        with self._lock:
            if not self._lost and self.clock() - self._looked_at >= LOOK_SECONDS:
                self._look()
            if self._lost:
                raise ClaimLost
            return self.alone

    def _look(self) -> None:
        """Ask, and again where an answer took long: it is as old as its question."""
        for _ in range(_LOOKS):
            self._looked_at = self.clock()
            self._ask()
            prompt = self.clock() - self._looked_at < _PROMPT_SECONDS
            if prompt or self._lost or not self.alone:
                return
        self.alone = False

    def _ask(self) -> None:
        try:
            self._lost = not self.owns_claim()
            self.alone = self.alone and not self._lost and self.is_named() and self.is_only_key()
        except (ClientError, BotoCoreError):
            self.alone = False

"""Whether this call may still write, re-checked against the ledger at most once a second.

BatchWriteItem replaces existing items, so only a call that is alone with its records may use it. A
call whose execution has lost its claim may write nothing: another execution writes the same
transactions, perhaps of newer content.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.deadline import Clock

LOOK_SECONDS: Final = 1.0
"""How long a read of the ledger counts, from its request on."""
_PROMPT_SECONDS: Final = LOOK_SECONDS
"""A read that takes longer does not permit replacing."""
_LOOKS: Final = 3
"""Reads in a row, until one is fast enough."""


class ClaimLost(Exception):  # noqa: N818  expected, not an error of the program
    """Another execution has the claim: a replay, or one of newer content."""


@dataclass
class WritePermit:
    """The right of one call to write, by the ledger.

    Attributes:
        alone: No other call has begun with its records. Once False, it stays False; a read
            that fails makes it False.
        is_named: Reads whether the attempt's row still has the call's name.
        owns_claim: Reads whether the execution still has its claim.
        is_only_key: Reads whether no other results object of the job has ever been claimed: all
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

    def ensure_claim(self) -> None:
        """Check that the execution has its claim, by a read at most a second old.

        Raises:
            ClaimLost: if another execution has the claim.
        """
        with self._lock:
            if not self._lost and self.clock() - self._looked_at >= LOOK_SECONDS:
                self._look()
            if self._lost:
                raise ClaimLost

    def may_replace(self) -> bool:
        """Whether no one can have touched its items, by a read at most a second old.

        Raises:
            ClaimLost: if another execution has the claim.
        """
        self.ensure_claim()
        return self.alone

    def _look(self) -> None:
        """Re-read the ledger; a response slower than a second is stale, so read again."""
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

"""Injected faults: which call fails, how, and how often.

Only a server that was started with EMBEDDED_AWS_FAULTS=1 has them (`gateway`); nothing of them is
part of what is deployed. A fault names a caller (a function, or `states` for what a state
machine calls itself), an action (`s3:GetObject`) and a kind:

| kind | what the caller sees |
|---|---|
| error | the service's error `code`, with HTTP `status` |
| closed | the connection breaks before the request is performed |
| lost | the request is performed, then the connection breaks |
| unanswered | no answer within the client's time limit |
| kill | the process is killed before the request is performed |
| kill-after | the request is performed, then the process is killed |
| timeout | the function is stopped at its time limit, which passes at once |
| hold | no answer until the fault is removed, then the request is performed |
| pretend | an answer as of success, but nothing is performed (DynamoDB's PutItem) |
| throttle | DynamoDB refuses the request for want of throughput, of an `index` if one is named |

A state machine's own calls know `error`, `lost` and `timeout` (States.Timeout); what a map reads
and writes itself (`states`, `s3:GetObject` and `s3:PutObject`) knows `error`. Two more calls can be
throttled, and wait while they are: a state machine's entering of a state (`states`,
`states:StateTransition`), and a rule's call of its target (`events`, `events:InvokeTarget`).
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from embedded_aws.faults import throttles

KINDS = frozenset(
    {"closed", "error", "hold", "kill", "kill-after", "lost", "pretend", "timeout", "unanswered"}
) | {throttles.KIND}
PERFORMED = frozenset({"lost", "kill-after"})
"""Kinds after which the request has had its effect."""


class UnknownFault(ValueError):  # noqa: N818 - what is wrong with a fault
    """A fault that could never do anything."""


@dataclass(frozen=True)
class Call:
    """A call that is about to be made.

    Attributes:
        text: Its path, parameters and body, in which a fault looks for its words.
    """

    caller: str
    action: str
    text: str


@dataclass
class InjectedFault:
    """Which calls fail.

    Attributes:
        caller, action: Patterns as of file names.
        having: Words that the call must have, all of them.
        skip: How many matching calls go well first.
        times: How many fail then; None for all until the fault is removed.
        code, status, message: Of an error.
        index: The global secondary index that is throttled; empty for its table.
        met: Matching calls so far.
        done: How often it failed one.
    """

    caller: str
    action: str
    kind: str
    having: tuple[str, ...] = ()
    skip: int = 0
    times: int | None = None
    code: str = "InternalServerError"
    status: int = 500
    message: str = "A fault on purpose"
    index: str = ""
    met: int = 0
    done: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> InjectedFault:
        """Read a fault.

        Raises:
            UnknownFault: no call could ever meet it.
        """
        fault = cls(**{**value, "having": tuple(value.get("having", ()))})
        if fault.kind not in KINDS:
            raise UnknownFault(f"{fault.kind} is not a kind of fault: {', '.join(sorted(KINDS))}")
        if fault.kind == throttles.KIND and not throttles.can_throttle(fault.action):
            raise UnknownFault(f"{fault.action} cannot be throttled")
        return fault

    def applies(self, call: Call) -> bool:
        """Count a matching call; whether it fails."""
        if not (fnmatchcase(call.caller, self.caller) and fnmatchcase(call.action, self.action)):
            return False
        if not all(word in call.text for word in self.having):
            return False
        self.met += 1
        if self.met <= self.skip or (self.times is not None and self.done >= self.times):
            return False
        self.done += 1
        return True


@dataclass
class InjectedFaults:
    """The faults in force, and the calls that were seen."""

    faults: list[InjectedFault] = field(default_factory=list)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, call: Call) -> InjectedFault | None:
        """Count a call; the first fault by which it fails, or None."""
        with self._lock:
            self.calls[call.caller, call.action] += 1
            return next((fault for fault in self.faults if fault.applies(call)), None)

    def add(self, fault: InjectedFault) -> None:
        """Put a fault in force."""
        with self._lock:
            self.faults.append(fault)

    def in_force(self, fault: InjectedFault) -> bool:
        """Whether a fault has not been removed."""
        with self._lock:
            return any(each is fault for each in self.faults)

    def clear(self) -> None:
        """Remove all faults, and forget the calls."""
        with self._lock:
            self.faults.clear()
            self.calls.clear()

    def as_json(self) -> dict[str, Any]:
        """The faults and calls, as the HTTP API shows them."""
        with self._lock:
            return {
                "faults": [{**vars(fault), "having": list(fault.having)} for fault in self.faults],
                "calls": [
                    {"caller": caller, "action": action, "count": count}
                    for (caller, action), count in sorted(self.calls.items())
                ],
            }

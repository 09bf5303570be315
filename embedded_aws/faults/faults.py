"""Faults on purpose: which call fails, how, and how often.

Only a server that was started with INGEST_LOCAL_FAULTS=1 has them (`fault_gateway`); nothing of
them is part of what is deployed. A rule names a caller (a function, or `states` for what a state
machine calls itself), an action (`s3:GetObject`) and a kind:

| kind | what the caller sees |
|---|---|
| error | the service's error `code`, with HTTP `status` |
| closed | the connection breaks before the request is performed |
| lost | the request is performed, then the connection breaks |
| unanswered | no answer within the client's time limit |
| broken | the answer's body breaks off in the middle |
| kill | the process is killed before the request is performed |
| kill-after | the request is performed, then the process is killed |
| timeout | the function is stopped at its time limit, which passes at once |
| hold | no answer until the rule is removed, then the request is performed |
| pretend | an answer as of success, but nothing is performed (DynamoDB's PutItem) |
| throttle | DynamoDB refuses the request for want of throughput, of an `index` if one is named |

A state machine's own calls know `error`, `lost` and `timeout` (States.Timeout); what a map reads
and writes itself (`states`, `s3:GetObject` and `s3:PutObject`) knows `error`. Two more can be
throttled, and wait until they are no more: that a state machine enters a state (`states`,
`states:StateTransition`), and that a rule calls its target (`events`, `events:InvokeTarget`).
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from embedded_aws.faults import throttles

KINDS = frozenset(
    {
        "broken",
        "closed",
        "error",
        "hold",
        "kill",
        "kill-after",
        "lost",
        "pretend",
        throttles.KIND,
        "timeout",
        "unanswered",
    }
)
PERFORMED = frozenset({"lost", "kill-after", "broken"})
"""Kinds after which the request has had its effect."""


class UnknownFault(ValueError):  # noqa: N818 - what is wrong with a rule
    """A rule that could never do anything."""


@dataclass(frozen=True)
class Call:
    """A call that is about to be made.

    Attributes:
        text: All of it in which a rule may look for its words: path, parameters, body.
    """

    caller: str
    action: str
    text: str


@dataclass
class Rule:
    """Which calls fail.

    Attributes:
        caller, action: Patterns as of file names.
        having: Words that the call must have, all of them.
        skip: How many matching calls go well first.
        times: How many fail then; None for all until the rule is removed.
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
    def from_json(cls, value: dict[str, Any]) -> Rule:
        """Read a rule.

        Raises:
            UnknownFault: as its name says.
        """
        rule = cls(**{**value, "having": tuple(value.get("having", ()))})
        if rule.kind not in KINDS:
            raise UnknownFault(f"{rule.kind} is no kind of fault: {', '.join(sorted(KINDS))}")
        if rule.kind == throttles.KIND and not throttles.can_throttle(rule.action):
            raise UnknownFault(f"{rule.action} cannot be throttled")
        return rule

    def applies(self, call: Call) -> bool:
        """Count a call that matches; whether it is to fail."""
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
class Faults:
    """The rules in force, and the calls that were seen."""

    rules: list[Rule] = field(default_factory=list)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, call: Call) -> Rule | None:
        """Take note of a call; the first rule by which it fails, None if it goes well."""
        with self._lock:
            self.calls[call.caller, call.action] += 1
            return next((rule for rule in self.rules if rule.applies(call)), None)

    def add(self, rule: Rule) -> None:
        """Put a rule in force."""
        with self._lock:
            self.rules.append(rule)

    def in_force(self, rule: Rule) -> bool:
        """Whether a rule has not been removed."""
        with self._lock:
            return any(each is rule for each in self.rules)

    def clear(self) -> None:
        """Remove all rules, and forget the calls."""
        with self._lock:
            self.rules.clear()
            self.calls.clear()

    def as_json(self) -> dict[str, Any]:
        """What there is, for whoever asks over HTTP."""
        with self._lock:
            return {
                "rules": [{**vars(rule), "having": list(rule.having)} for rule in self.rules],
                "calls": [
                    {"caller": caller, "action": action, "count": count}
                    for (caller, action), count in sorted(self.calls.items())
                ],
            }

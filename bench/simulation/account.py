"""The limits of an account, and what was refused because of them."""

from collections import Counter, defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field

import simpy


@dataclass(frozen=True)
class AccountLimits:
    """What the services allow.

    Attributes:
        lambda_concurrency: Functions that run at a time; new accounts often have 10.
        s3_writes: A second under a prefix
            (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
        function_bytes: That one function reads from S3 a second: assumed, a little less than the
            limit of its network, 625 Mbit/s
            (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
        transitions: A second, in the larger regions; a bucket of as many. More are delayed
            (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
    """

    lambda_concurrency: int = 1000
    s3_writes: float = 3500.0
    function_bytes: float = 75e6
    transitions: float = 5000.0


@dataclass
class Bucket:
    """Tokens that refill."""

    env: simpy.Environment
    rate: float
    size: float
    _tokens: float = field(init=False)
    _at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._tokens = self.size

    def take(self, wanted: float) -> float:
        """Take as many of these as there are now."""
        self._refill()
        taken = min(wanted, max(0.0, self._tokens))
        self._tokens -= taken
        return taken

    def reserve(self, wanted: float) -> float:
        """Take all of them; how long until there are as many."""
        self._refill()
        self._tokens -= wanted
        return max(0.0, -self._tokens / self.rate)

    def _refill(self) -> None:
        self._tokens = min(self.size, self._tokens + (self.env.now - self._at) * self.rate)
        self._at = self.env.now


@dataclass
class Account:
    """Services in use.

    Attributes:
        refused: Calls, by the error.
        function_seconds: By the function's state.
        most_at_once: Functions that ran at a time.
    """

    env: simpy.Environment
    limits: AccountLimits
    refused: Counter[str] = field(default_factory=Counter)
    transitions: int = 0
    calls: int = 0
    function_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    running: int = 0
    most_at_once: int = 0
    _busy: Counter[str] = field(default_factory=Counter, init=False)
    _environments: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        rate = self.limits.transitions
        self._transitions = Bucket(self.env, rate, rate)
        self.s3_writes = Bucket(self.env, self.limits.s3_writes, self.limits.s3_writes / 4)

    def enter(self, states: int = 1) -> Generator[simpy.Event, None, None]:
        """Go through some states."""
        self.transitions += states
        if (pause := self._transitions.reserve(states)) > 0:
            self.refused["ExecutionThrottled"] += 1
            yield self.env.timeout(pause)

    def invoke(self, function: str) -> bool | None:
        """Begin a function: whether its environment is a new one; None where there is no place."""
        if self.running >= self.limits.lambda_concurrency:
            self.refused["Lambda.TooManyRequestsException"] += 1
            return None
        self.running += 1
        self.calls += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self._busy[function] += 1
        is_new = self._busy[function] > self._environments[function]
        self._environments[function] += is_new
        return is_new

    def ended(self, function: str, seconds: float) -> None:
        """A function has ended; its environment is kept."""
        self.running -= 1
        self._busy[function] -= 1
        self.function_seconds[function] += seconds

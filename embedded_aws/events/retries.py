"""Retries of a delivery: how often, and for how long.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# AWS backs off exponentially, with jitter; its delays are not documented.
_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 300.0


class NotDelivered(Exception):  # noqa: N818 - reads as what it is
    """A target did not take an event; `final` when trying again cannot help."""

    def __init__(self, code: str, message: str, *, final: bool) -> None:
        self.code, self.message, self.final = code, message, final
        super().__init__(f"{code}: {message}")


class GivenUp(Exception):  # noqa: N818 - as above
    """An event will not be delivered; `exhausted` names the limit that was reached, if one was."""

    def __init__(self, failure: NotDelivered, *, retried: int, exhausted: str | None) -> None:
        self.failure, self.retried, self.exhausted = failure, retried, exhausted
        super().__init__(str(failure))


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and for how long, a delivery is retried."""

    attempts: int = 185
    seconds: float = 86_400

    @classmethod
    def of(cls, target: dict[str, Any]) -> RetryPolicy:
        """The policy of a target; AWS's defaults where it sets none."""
        policy = target.get("RetryPolicy") or {}
        return cls(
            attempts=int(policy.get("MaximumRetryAttempts", cls.attempts)),
            seconds=float(policy.get("MaximumEventAgeInSeconds", cls.seconds)),
        )


def deliver(
    send: Callable[[], None],
    policy: RetryPolicy,
    *,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> int:
    """Deliver an event, with retries; return the number of retries.

    Args:
        send: one attempt; raises `NotDelivered`.
        policy: when to give up.
        clock: monotonic seconds.
        pause: waits at most for a number of seconds.

    Raises:
        GivenUp: a retry cannot help, or is over the policy's limits.
    """
    born, retried = clock(), 0
    while True:
        try:
            send()
        except NotDelivered as failure:
            exhausted = None
            if retried >= policy.attempts:
                exhausted = "MaximumRetryAttempts"
            elif clock() - born >= policy.seconds:
                exhausted = "MaximumEventAgeInSeconds"
            if failure.final:
                raise GivenUp(failure, retried=retried, exhausted=None) from failure
            if exhausted:
                raise GivenUp(failure, retried=retried, exhausted=exhausted) from failure
        else:
            return retried
        pause(min(_FIRST_DELAY_SECONDS * 2**retried, _LONGEST_DELAY_SECONDS))
        retried += 1

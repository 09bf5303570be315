"""Count denied calls to AWS, by the SDK's events.

A denied call may succeed in another attempt, or be replaced by another call: then nothing fails. It
is counted, since a grant is missing that the next execution needs, too.
"""

import threading
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from botocore.session import Session

DENIED: Final = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDeniedException",
    }
)
"""Codes of services for a caller that may not do something. A HEAD's answer has no other code."""


class Denials:
    """Denied calls since they were last taken, by operation (`dynamodb:BatchWriteItem`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()

    def watch(self, session: "Session") -> None:
        """Count the denied calls of all clients that the session makes from now on.

        `after-call` is a documented extension point:
        https://docs.aws.amazon.com/boto3/latest/guide/events.html.
        """
        session.register("after-call", self._note)

    def take(self) -> Counter[str]:
        """Return the counts, and start again from zero."""
        with self._lock:
            taken, self._calls = self._calls, Counter()
        return taken

    def _note(self, **said: Any) -> None:
        parsed: dict[str, Any] = said["parsed"]
        model: OperationModel = said["model"]
        if any(code in DENIED for code in _codes(parsed)):
            service = model.service_model.signing_name
            with self._lock:
                self._calls[f"{service}:{model.name}"] += 1


def _codes(parsed: dict[str, Any]) -> list[Any]:
    """Error codes of the call and, in a batch of statements, of each statement."""
    statements = parsed.get("Responses")
    errors = [parsed, *(statements if isinstance(statements, list) else ())]
    return [each["Error"].get("Code") for each in errors if each.get("Error")]


@cache
def denials() -> Denials:
    """The one of this execution environment."""
    return Denials()

"""Which answers of AWS mean what."""

from typing import Final

from botocore.exceptions import ClientError

CONDITION_FAILED: Final = frozenset({"ConditionalCheckFailedException"})
NOT_FOUND: Final = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
PRECONDITION_FAILED: Final = frozenset({"412", "PreconditionFailed"})
CONFLICT: Final = frozenset({"409", "ConditionalRequestConflict"})
THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "SlowDown",
        "503",
    }
)


def is_any(error: ClientError, codes: frozenset[str]) -> bool:
    """Whether the service answered with one of these codes."""
    return error.response.get("Error", {}).get("Code", "") in codes

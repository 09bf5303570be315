"""AWS error codes, grouped by meaning."""

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

CONDITION_FAILED: Final = frozenset({"ConditionalCheckFailedException"})
FORBIDDEN: Final = frozenset({"403", "AccessDenied"})
NOT_FOUND: Final = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
NO_SUCH_JOB: Final = frozenset({"ResourceNotFoundException", "ValidationException"})
JOB_REFUSED: Final = frozenset({"ConflictException", "ValidationException"})
"""Bedrock: a batch job cannot be created with these parameters."""
PRECONDITION_FAILED: Final = frozenset({"412", "PreconditionFailed"})
CONFLICT: Final = frozenset({"409", "ConditionalRequestConflict"})
ARCHIVED: Final = frozenset({"InvalidObjectState", "ObjectNotInActiveTierError"})
"""S3: the object is in an archive tier and has to be restored before it is read or copied."""
OBJECT_DENIED: Final = frozenset({"403", "AccessDenied"})
"""S3: not allowed, by the role, by a policy on the object, or by the key it is encrypted with."""
CUSTOMER_KEY: Final = frozenset({"400", "BadRequest"})
"""S3's answer to HeadObject where the object is encrypted with a key that only its owner has
(SSE-C): https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html."""
THROTTLED: Final = frozenset(
    {
        "503",
        "BandwidthLimitExceeded",
        "KMSThrottling",
        "KmsThrottlingException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Of every service, and of the key service behind it."""

_SERVER_ERRORS: Final = range(500, 600)


def is_any(error: ClientError, codes: frozenset[str]) -> bool:
    """Whether the service answered with one of these codes."""
    return error.response.get("Error", {}).get("Code", "") in codes


def is_passing(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed later: it was throttled, or not answered."""
    if not isinstance(error, ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status in _SERVER_ERRORS or is_any(error, THROTTLED)

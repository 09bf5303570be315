"""AWS error codes, grouped by meaning."""

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

CONDITION_FAILED: Final = frozenset({"ConditionalCheckFailedException"})
NOT_FOUND: Final = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
NO_SUCH_JOB: Final = frozenset({"ResourceNotFoundException", "ValidationException"})
JOB_REFUSED: Final = frozenset({"ConflictException", "ValidationException"})
"""Bedrock: a batch job cannot be created with these parameters."""
PRECONDITION_FAILED: Final = frozenset({"412", "PreconditionFailed"})
CONFLICT: Final = frozenset({"409", "ConditionalRequestConflict"})
ARCHIVED: Final = frozenset({"InvalidObjectState", "ObjectNotInActiveTierError"})
"""S3: the object is in an archive tier and has to be restored before it is read or copied."""
FORBIDDEN: Final = frozenset({"403", "AccessDenied"})
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


class ServiceThrottled(Exception):  # noqa: N818  the name is what Step Functions retries on
    """A service throttled a call, however often the SDK repeated it: waiting helps."""


def as_throttle(error: Exception) -> ServiceThrottled | None:
    """The error to raise instead of a service's throttle; None for any other error.

    S3's throttle is the SDK's generic ClientError, which Step Functions could not tell from others.
    """
    if isinstance(error, ClientError) and is_any(error, THROTTLED):
        return ServiceThrottled(str(error))
    return None


def is_any(error: ClientError, codes: frozenset[str]) -> bool:
    """Whether the service answered with one of these codes."""
    return error.response.get("Error", {}).get("Code", "") in codes


def is_server_error(error: ClientError) -> bool:
    """Whether the service itself failed: the request may have been carried out."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) in _SERVER_ERRORS


def is_passing(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed later: it was throttled, or not answered."""
    if not isinstance(error, ClientError):
        return True
    return is_server_error(error) or is_any(error, THROTTLED)

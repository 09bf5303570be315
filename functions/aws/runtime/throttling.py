"""Throttled calls: one error for all services, which Step Functions waits for."""

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import THROTTLED, is_any


class ServiceThrottled(Exception):  # noqa: N818  the name is what Step Functions retries on
    """A service throttled a call, however often the SDK repeated it: waiting helps."""


def as_throttle(error: Exception) -> ServiceThrottled | None:
    """The error to raise instead of a service's throttle; None for any other error.

    S3's throttle is the SDK's generic ClientError, which Step Functions could not tell from others.
    """
    if isinstance(error, ClientError) and is_any(error, THROTTLED):
        return ServiceThrottled(str(error))
    return None

"""The services' own errors."""

from botocore.exceptions import ClientError


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)

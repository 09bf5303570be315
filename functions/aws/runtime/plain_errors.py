"""Errors that leave a function, without the data that their texts may quote.

Lambda writes them into its log, and Step Functions into the execution's history, as they are. Only
texts that this system wrote, or whose every word is known to be the service's own, stay.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from functions.aws.runtime.service_errors import NOT_FOUND, THROTTLED
from functions.domain.causes import without_addresses
from functions.domain.object_keys import WORK_PREFIX

_OUR_OWN: Final = "functions."
_LEFT_OUT: Final = "(its text is left out: it may quote data)"

# These quote nothing but ARNs and names. Others may quote the request, as
# DynamoDB's ValidationException does with a number that it cannot read.
_SPEAKS_OF_NO_CONTENT: Final = (
    NOT_FOUND
    | THROTTLED
    | {
        "403",
        "500",
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InternalServerError",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "NoSuchBucket",
        "PreconditionFailed",
        "ResourceNotFoundException",
        "ServiceUnavailable",
        "UnrecognizedClientException",
    }
)

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html: a denial
# names the object, and the key of an image has the user's id.
_KEY_IN_ARN: Final = re.compile(
    r"(arn:[\w-]+:s3:::[^/\s\"]+/(?:[\w-]+/)?).*?(\"? because (?!.* because ).*|$)", re.DOTALL
)


def leave_data_out(error: Exception) -> None:
    """Change the text of an error of AWS, of the SDK or of Python; its class stays."""
    if type(error).__module__.startswith(_OUR_OWN):
        return
    if isinstance(error, ClientError):
        error.args = (_of_service(error),)
    elif isinstance(error, ParamValidationError) or not isinstance(error, BotoCoreError):
        error.args = (_LEFT_OUT,)
    else:
        error.args = tuple(without_addresses(str(part)) for part in error.args)


def _of_service(error: ClientError) -> str:
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "Unknown")), str(answer.get("Message", ""))
    if code in _SPEAKS_OF_NO_CONTENT:
        said = without_addresses(_KEY_IN_ARN.sub(r"\1(...)\2", message)) + _file(answer)
    else:
        said = _LEFT_OUT
    operation = error.operation_name
    return f"An error occurred ({code}) when calling the {operation} operation: {said}"


def _file(answer: Mapping[str, Any]) -> str:
    """The key of this system's own file that the error is about; it has no user id."""
    key = str(answer.get("Key", ""))
    return f" ({key})" if key.startswith(WORK_PREFIX) else ""

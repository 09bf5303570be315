"""The errors of the API, and the two ways in which a job ends early.

    BedrockError            answered to the caller
      ValidationException, ResourceNotFoundException, AccessDeniedException,
      ConflictException, ServiceQuotaExceededException
    JobFailed               the job ends as Failed
    StopRequested           the job ends as Stopped

The class names of the first are the error codes.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html#API_CreateModelInvocationJob_Errors
"""

from __future__ import annotations


class BedrockError(Exception):
    """An error that the API answers.

    Attributes:
        status: Of the HTTP response.
    """

    status = 400

    @property
    def code(self) -> str:
        """The error's name in the API."""
        return type(self).__name__


class ValidationException(BedrockError):  # noqa: N818 - the API's name
    """A request breaks a constraint."""


class ResourceNotFoundException(BedrockError):  # noqa: N818 - the API's name
    """A job does not exist."""

    status = 404


class AccessDeniedException(BedrockError):  # noqa: N818 - the API's name
    """The caller lacks a permission."""

    status = 403


class ConflictException(BedrockError):  # noqa: N818 - the API's name
    """The job's status does not allow the operation."""


class ServiceQuotaExceededException(BedrockError):  # noqa: N818 - the API's name
    """Too many jobs of the model are open."""


class JobFailed(Exception):  # noqa: N818 - it names a status
    """The job ends as Failed; the message becomes the job's."""


class StopRequested(Exception):  # noqa: N818 - not an error
    """StopModelInvocationJob was called while the job was running."""

"""The two ways in which a job ends early."""

from __future__ import annotations


class JobFailed(Exception):  # noqa: N818 - it names a status
    """The job ends as Failed; the message becomes the job's."""


class StopRequested(Exception):  # noqa: N818 - not an error
    """StopModelInvocationJob was called while the job was running."""

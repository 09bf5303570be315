"""Settings of ResubmitRejects."""

from typing import Final

from functions.aws.resubmission.submission import Request
from functions.aws.runtime.settings import Settings
from functions.domain.model import PositiveInt

_MAX_BYTES: Final = 400_000_000
"""With one record more, of at most 64 MiB, below the 512 MB that a function's /tmp has."""


class ResubmitSettings(Settings):
    """What is submitted, and how.

    Attributes:
        resubmit_records: Rejects of a job that are submitted at most.
        minimum_records: Bedrock's least number of records of a job.
        job_role_arn: The service role of the new job.
    """

    resubmit_records: PositiveInt
    minimum_records: PositiveInt
    input_prefix: str
    job_role_arn: str
    padding_prefix: str

    @property
    def request(self) -> Request:
        """What to submit: rejects that the same model may answer well the next time."""
        return Request(
            reasons=frozenset(),
            model=None,
            role=self.job_role_arn,
            minimum=self.minimum_records,
            input_prefix=self.input_prefix,
            padding_prefix=self.padding_prefix,
            most_records=self.resubmit_records,
            most_bytes=_MAX_BYTES,
        )

"""Bedrock's manifest of a job: numbers of records and tokens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from functions.domain.counts import is_count

_TOTAL: Final = "totalRecordCount"
_ERRORS: Final = "errorRecordCount"
COUNTS: Final = (
    _TOTAL,
    "processedRecordCount",
    "successRecordCount",
    _ERRORS,
    "inputTokenCount",
    "outputTokenCount",
)
"""https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html"""


class ManifestUnreadable(ValueError):  # noqa: N818
    """There is a manifest, but it does not say how many records there are."""


@dataclass(frozen=True)
class Manifest:
    """The valid counts of a manifest, among them the total."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Records that Bedrock read."""
        return self.counts[_TOTAL]

    @property
    def errors(self) -> int | None:
        """Records that Bedrock answered with an error; None where it does not say."""
        return self.counts.get(_ERRORS)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a manifest.

        Raises:
            ManifestUnreadable: if it is not JSON with a non-negative whole `totalRecordCount`. Its
                text names the problem alone: it quotes nothing.
        """
        try:
            found = json.loads(body)
            total = found[_TOTAL]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ManifestUnreadable(type(error).__name__) from None
        if not is_count(total):
            raise ManifestUnreadable(f"{_TOTAL} is not a count")
        return cls({name: found[name] for name in COUNTS if is_count(found.get(name))})

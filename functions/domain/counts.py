"""Counts that add up: totalCount = success + failure + duplicate + padding."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeGuard

MAX_COUNT: Final = 2**53 - 1
"""The largest count that is accepted. Up to here JSON's readers agree on whole numbers
(https://www.rfc-editor.org/rfc/rfc8259#section-6), and a sum stays far below the 38 digits that
DynamoDB takes."""


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value from outside can be a number of records."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


@dataclass(frozen=True)
class LoadCounts:
    """What became of the records of a segment, an object or a job."""

    success: int = 0
    duplicate: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    """Rejected records by reason, reasons that occurred only."""
    padding: int = 0
    """Records submitted only to reach Bedrock's least number of records."""

    @property
    def failure(self) -> int:
        """Rejected records."""
        return sum(self.rejects.values())

    @property
    def total(self) -> int:
        """Records."""
        return self.unpadded + self.padding

    @property
    def unpadded(self) -> int:
        """Records that are not padding: the base of the reject share."""
        return self.success + self.failure + self.duplicate

    def __add__(self, other: Self) -> "LoadCounts":
        return LoadCounts(
            success=self.success + other.success,
            duplicate=self.duplicate + other.duplicate,
            rejects=dict(Counter(self.rejects) + Counter(other.rejects)),
            padding=self.padding + other.padding,
        )

    def as_dict(self) -> dict[str, object]:
        """With the contract's names."""
        return {
            "totalCount": self.total,
            "successCount": self.success,
            "failureCount": self.failure,
            "duplicateCount": self.duplicate,
            "paddingCount": self.padding,
            "rejectsByReason": dict(sorted(self.rejects.items())),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """The reverse of `as_dict`; what is absent counts as zero."""
        return cls(
            success=_whole(values.get("successCount")),
            duplicate=_whole(values.get("duplicateCount")),
            rejects=_by_reason(values.get("rejectsByReason")),
            padding=_whole(values.get("paddingCount")),
        )


@dataclass(frozen=True)
class ImageCounts:
    """What became of the images of a chunk, an object or a job."""

    migrated: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    """Images left where they are by reason, reasons that occurred only."""

    @property
    def total(self) -> int:
        """Images looked at."""
        return self.migrated + sum(self.left.values())

    def __add__(self, other: Self) -> "ImageCounts":
        return ImageCounts(
            migrated=self.migrated + other.migrated,
            left=dict(Counter(self.left) + Counter(other.left)),
        )

    def as_dict(self) -> dict[str, object]:
        """With the contract's names."""
        return {
            "imagesMigrated": self.migrated,
            "imagesLeft": sum(self.left.values()),
            "imagesLeftByReason": dict(sorted(self.left.items())),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """The reverse of `as_dict`; what is absent counts as zero."""
        return cls(
            migrated=_whole(values.get("imagesMigrated")),
            left=_by_reason(values.get("imagesLeftByReason")),
        )


def sum_loads(counts: Iterable[LoadCounts]) -> LoadCounts:
    """The sum; all zeros for nothing."""
    return sum(counts, start=LoadCounts())


def sum_images(counts: Iterable[ImageCounts]) -> ImageCounts:
    """The sum; all zeros for nothing."""
    return sum(counts, start=ImageCounts())


def _whole(value: object) -> int:
    return int(str(value)) if value is not None else 0


def _by_reason(value: object) -> dict[str, int]:
    return {str(k): _whole(v) for k, v in value.items()} if isinstance(value, Mapping) else {}

"""What worker calls say of themselves while they work: hints for people, never a proof."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.ranges import Range


@dataclass(frozen=True)
class LoadProgress:
    """What a call of LoadSegment has confirmed so far.

    Attributes:
        span: From its first byte on.
        counts: Of the records in it.
        at: When it said so (UTC).
    """

    span: Range
    counts: LoadCounts
    at: datetime


@dataclass(frozen=True)
class ChunkProgress:
    """What has become of the images of a chunk so far.

    Attributes:
        at: When a call of MigrateImages said so (UTC).
    """

    counts: ImageCounts
    at: datetime


@dataclass(frozen=True)
class Progress:
    """All that the calls for one claim of an object last said.

    Attributes:
        chunks: By number.
    """

    loads: tuple[LoadProgress, ...] = ()
    chunks: Mapping[int, ChunkProgress] = field(default_factory=dict)

"""Input and output of MigrateChunk."""

from dataclasses import field
from typing import Any, Self

from functions.domain.images import Chunk
from functions.domain.payloads.payload import ClaimedWork, Payload


class Slice(Payload):
    """Some images of one segment's list, as it travels."""

    images: str
    first: int
    count: int


class ChunkItem(Payload):
    """One item of the migration's plan."""

    number: int
    slices: list[Slice]

    @classmethod
    def of(cls, number: int, chunk: Chunk) -> Self:
        """From a chunk."""
        slices = [Slice(images=s.images, first=s.first, count=s.count) for s in chunk]
        return cls(number=number, slices=slices)


class ChunkWork(ClaimedWork):
    """Input and output of MigrateChunk: what is left of a chunk.

    Attributes:
        position: Images of the chunk that are done.
        counts: What became of them.
        finished: Nothing is left, or another execution has the claim.
    """

    chunk: ChunkItem
    position: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    finished: bool = False

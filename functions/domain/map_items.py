"""What a child of a map works on, by its input."""

import json
from dataclasses import dataclass
from typing import Any, Final, Self

from functions.domain.ranges import Range


@dataclass(frozen=True)
class MapItem:
    """A range of bytes or a chunk of images; neither where the input does not say.

    Attributes:
        chunk: The number of the chunk.
    """

    span: Range | None = None
    chunk: int | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """The item that is a child's input."""
        try:
            work: Any = json.loads(text)
            if span := work.get("range"):
                return cls(span=Range(int(span["from"]), int(span["to"])))
            return cls(chunk=int(work["chunk"]["number"]))
        except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
            return cls()

    def __str__(self) -> str:
        """`bytes 0-100`, `chunk 3`, or nothing."""
        if self.span is not None:
            return f"bytes {self.span.start}-{self.span.end}"
        return "" if self.chunk is None else f"chunk {self.chunk}"


UNKNOWN: Final = MapItem()

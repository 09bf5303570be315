"""Objects of any size that are nowhere: a corpus over and over, under new ids, made as it is read.

Each repetition has the length of the corpus, so a byte position says which one it lies in.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"tiled-([0-9]+)-(.+)")
_ID: Final = b'"recordId":"img_'
_NEW_ID: Final = b'"recordId":"%04d'


def tiled(source: Path, size: int) -> str:
    """The name under which the stub of S3 serves this many bytes of a corpus."""
    return f"tiled-{size}-{source.name}"


def find(name: str) -> tuple[int, str] | None:
    """Size and corpus of such an object; None for any other name."""
    found = _NAME.fullmatch(name)
    return (int(found[1]), found[2]) if found else None


def blocks(corpus: bytes, start: int, end: int) -> Iterator[memoryview]:
    """Its bytes `[start, end)`."""
    while start < end:
        repetition, begins = divmod(start, len(corpus))
        tile = memoryview(corpus.replace(_ID, _NEW_ID % repetition))
        yield tile[begins : begins + end - start]
        start += len(tile) - begins

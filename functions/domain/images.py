"""Images: which may be moved, where to, and in which chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from functions.domain.failures import ImageLeftReason
from functions.domain.object_keys import PROCESSED_PREFIX, UPLOADS_PREFIX
from functions.domain.segments import Segment

MAX_COPY_BYTES: Final = 5 * 1024**3
"""CopyObject's limit: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""
MAX_KEY_BYTES: Final = 1024
PROCESSED: Final = "processed"
"""`status` of a pending image that was moved."""
_MAX_LISTS_A_CHUNK: Final = 20
"""Keeps a chunk's map item near 1 KiB."""


@dataclass(frozen=True)
class PendingImage:
    """What this system reads of a pending-images record.

    Attributes:
        has_processed_at: Whether an earlier migration has noted its time.
    """

    image_id: str
    user_id: str | None
    s3_key: str | None
    status: str | None
    processed_key: str | None
    has_processed_at: bool = False

    @property
    def moved_to(self) -> str | None:
        """Where an earlier migration put it, else None."""
        return self.processed_key if self.status == PROCESSED else None


def is_key(text: str) -> bool:
    """Whether S3 allows this key.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: 1 to 1,024 bytes.
    """
    return 1 <= len(text.encode()) <= MAX_KEY_BYTES


def is_in_uploads(key: str) -> bool:
    """Whether a key lies under `uploads/`, with a name, and names no other folder in disguise."""
    return _is_under(UPLOADS_PREFIX, key)


def is_in_processed(key: str) -> bool:
    """Whether a migration can have made this key."""
    return is_key(key) and _is_under(PROCESSED_PREFIX, key)


def _is_under(prefix: str, key: str) -> bool:
    return key.startswith(prefix) and key != prefix and not {".", ".."} & set(key.split("/"))


def destination(key: str, *, date: str) -> str:
    """Where an image of `uploads/` goes.

    Args:
        key: Under `uploads/`.
        date: The job's event time as a date in JST.
    """
    return f"{PROCESSED_PREFIX}{date}/{key.removeprefix(UPLOADS_PREFIX)}"


def refusal(image: PendingImage | None, *, user_id: str) -> ImageLeftReason | None:
    """Why an image must not be moved, by its key alone; None if it may be."""
    if image is None:
        return ImageLeftReason.UNKNOWN
    if image.user_id != user_id:
        return ImageLeftReason.OWNER_MISMATCH
    return None


@dataclass(frozen=True)
class ImageSlice:
    """Some images of one segment's list.

    Attributes:
        images: Key of the list.
        first: Number of the first image, from 0.
        count: How many.
    """

    images: str
    first: int
    count: int


Chunk = tuple[ImageSlice, ...]


def plan_chunks(segments: Sequence[Segment], *, images_per_chunk: int) -> list[Chunk]:
    """Share the images of a chain out into chunks, none empty.

    Args:
        segments: The chain that proves the load.
        images_per_chunk: The most images a chunk.
    """
    chunks: list[Chunk] = []
    current: list[ImageSlice] = []
    room = images_per_chunk
    for segment in segments:
        if segment.images is None:
            continue
        first = 0
        while first < segment.counts.success:
            count = min(room, segment.counts.success - first)
            current.append(ImageSlice(segment.images, first, count))
            first += count
            room -= count
            if room == 0 or len(current) == _MAX_LISTS_A_CHUNK:
                chunks.append(tuple(current))
                current, room = [], images_per_chunk
    if current:
        chunks.append(tuple(current))
    return chunks

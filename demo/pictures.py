"""Pictures: JPEG files of any size that every viewer opens."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# One grey pixel.
_PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP////////////////////////////////////////////////////////"
    "//////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
)
_AFTER_JFIF_HEADER = 20
_COMMENT = b"\xff\xfe"
_MAX_COMMENT_BYTES = 65_533  # https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.2.4.5


def make_jpeg(random: Random, size: int) -> bytes:
    """A JPEG of about `size` bytes: a pixel, and comments full of noise."""
    comments = []
    missing = size - len(_PIXEL)
    while missing > 0:
        noise = random.randbytes(min(missing, _MAX_COMMENT_BYTES))
        comments.append(_COMMENT + (len(noise) + 2).to_bytes(2, "big") + noise)
        missing -= len(noise)
    return _PIXEL[:_AFTER_JFIF_HEADER] + b"".join(comments) + _PIXEL[_AFTER_JFIF_HEADER:]

"""Damage to a line's bytes."""

import random

STRUCTURAL = frozenset(b'{}[]":,\\')


def cut_line(line: bytes, chance: random.Random) -> bytes:
    """The line ends early, often at a structural byte."""
    if chance.random() < 0.6:
        marks = [index for index, byte in enumerate(line) if byte in STRUCTURAL]
        return line[: chance.choice(marks) + chance.randint(0, 1)] if marks else line
    return line[: chance.randint(0, len(line))]


def cut_front(line: bytes, chance: random.Random) -> bytes:
    return line[chance.randint(1, 20) :]


def flipped_byte(line: bytes, chance: random.Random) -> bytes:
    index = chance.randrange(len(line)) if line else 0
    return line[:index] + bytes([chance.randrange(256)]) + line[index + 1 :]


def lost_byte(line: bytes, chance: random.Random) -> bytes:
    marks = [index for index, byte in enumerate(line) if byte in STRUCTURAL]
    index = (
        chance.choice(marks) if marks and chance.random() < 0.7 else chance.randint(0, len(line))
    )
    return line[:index] + line[index + 1 :]


def doubled_bytes(line: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(line))
    piece = line[start : start + chance.randint(1, 30)]
    return line[:start] + piece + line[start:]


def odd_bytes(line: bytes, chance: random.Random) -> bytes:
    """Bytes more: no UTF-8, control characters, byte-order marks, white space."""
    extra = chance.choice(
        (
            *(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe3\x81", b"\xf4\x90\x80\x80", b"\x80"),
            *(b"\x00", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\xc2\xa0", b"\xc2\x85"),
            *(b"\xe3\x80\x80", b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\t", b"\r", b"\\", b'"'),
            *(b"\\u0000", b"\\ud800"),
        )
    )
    where = chance.choice((0, len(line), chance.randint(0, len(line))))
    return line[:where] + extra + line[where:]


def other_encoding(line: bytes, chance: random.Random) -> bytes:
    text = line.decode("utf-8", "replace")
    encoding = chance.choice(("utf-16", "utf-16-le", "utf-32-be", "latin-1", "cp932", "utf-7"))
    return text.encode(encoding, "replace")


def not_an_object(line: bytes, chance: random.Random) -> bytes:
    """The line is another value than an object, or more than one."""
    return chance.choice(
        (
            *(b"[" + line + b"]", b"null", b"[]", b'"x"', b"1", b"NaN", b"{}", line + line),
            *(line + b",", line + b"\x00", b" " + line, line + b" \t\r", b"\x0b" + line),
            *(b"{" * 50_000, b"[" * 100_000, b'{"a":' * 201 + b"1" + b"}" * 201, b"-", b"{}x"),
            *(b"\\", b'"' + line),
        )
    )


BYTE_STEPS = (
    *(cut_line, cut_front, flipped_byte, lost_byte, doubled_bytes, odd_bytes, other_encoding),
    not_an_object,
)

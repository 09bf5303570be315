"""Ranges: the planned spans of an object's bytes, one map item each."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Range:
    """Bytes `[start, end)` of an object.

    Raises:
        ValueError: if it is empty, reversed or starts before byte 0.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a range of bytes: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start


def plan(span: Range, *, range_bytes: int, max_ranges: int) -> list[Range]:
    """Cut a span into consecutive ranges that tile it.

    Args:
        span: What is to be loaded.
        range_bytes: Bytes a range, at least 1.
        max_ranges: With more ranges than this they are made larger instead: the plan is read
            by one worker, and every range costs a child execution.
    """
    step = max(range_bytes, -(-len(span) // max_ranges))
    return [
        Range(start, min(start + step, span.end)) for start in range(span.start, span.end, step)
    ]

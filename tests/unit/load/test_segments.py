"""Whatever the layout, the ranges, the cuts and the repetitions: every record exactly once."""

import json
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    FlexibleChecksumError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import SSLError as StreamSSLError

from functions.domain.counts import LoadCounts
from functions.domain.errors import ResultsObjectChanged, SegmentOutOfTime, WriteThrottled
from functions.domain.failures import Cure
from functions.domain.ranges import Range, plan
from functions.domain.segments import Segment, cover
from functions.load_segment import progress
from tests.unit.load.segment_loading import LIMIT, SegmentLoading, failure, good

MARK = b"\xef\xbb\xbf"

contents = st.one_of(
    st.sampled_from([good(f"image-{number}") for number in range(6)]),
    st.sampled_from([b"", b" ", b"\t\r", b"{}", b"no json", b"x" * (LIMIT + 1)]),
)
ends = st.sampled_from([b"\n", b"\r\n"])


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """An object's bytes: marked or not, its last line ended or not."""
    lines = draw(st.lists(st.tuples(contents, ends), max_size=12))
    data = b"".join(content + end for content, end in lines)
    if draw(st.booleans()):
        data = MARK + data
    return data + draw(st.sampled_from([b"", b"", b"z", good("last")]))


def _records(data: bytes) -> list[tuple[int, bytes]]:
    """First byte and content of each record, read off in the simplest way."""
    found, at = [], 0
    for line in data.split(b"\n"):
        content = line
        if at == 0:
            content = content.removeprefix(MARK)
        if at + len(line) < len(data):  # an LF follows
            content = content.removesuffix(b"\r")
        if content.strip(b" \t\r"):
            found.append((at, content))
        at += len(line) + 1
    return found


def _dead_letters(loading: SegmentLoading, chain: tuple[Segment, ...]) -> list[int]:
    """Positions of the rejects of a chain."""
    lines = [
        json.loads(line)
        for segment in chain
        if segment.dead_letters
        for line in loading.files.objects[segment.dead_letters].body.splitlines()
    ]
    return sorted(letter["offset"] for letter in lines)


def _holds_every_record_once(loading: SegmentLoading) -> None:
    data = loading.s3.data
    coverage = cover(loading.stated, len(data))
    assert coverage.missing == ()
    records = _records(data)
    counts: Counter[str] = Counter()
    for segment in coverage.chain:
        counts.update(total=segment.counts.total, failed=segment.counts.failure)
    rejects = [
        at + (len(MARK) if at == 0 and data.startswith(MARK) else 0)
        for at, content in records
        if b"recordId" not in content
    ]
    assert (counts["total"], counts["failed"]) == (len(records), len(rejects))
    assert _dead_letters(loading, coverage.chain) == rejects
    assert set(loading.images) == {
        json.loads(c)["recordId"] for _, c in records if b"recordId" in c
    }


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_record_is_in_the_chain_once_whatever_happened_before(data: st.DataObject) -> None:
    loading = SegmentLoading(data.draw(objects()), block=data.draw(st.integers(1, 300)))
    size = len(loading.s3.data)
    if size == 0:
        assert cover([], 0).missing == ()
        return
    ranges = plan(Range(0, size), range_bytes=data.draw(st.integers(1, 300)), max_ranges=2000)
    # Attempts at ranges in any order, each cut short after so many lines, or given up.
    attempts = data.draw(
        st.lists(st.tuples(st.sampled_from(ranges), st.integers(1, 4), st.integers(1, 3)))
    )
    for span, lines, calls in attempts:
        rest: Range | None = span
        for _ in range(calls):
            if rest is None:
                break
            rest = _load_some(loading, rest, lines=lines)
    for _ in range(2):
        for gap in cover(loading.stated, size).missing:
            loading.load(gap)
    _holds_every_record_once(loading)


def _load_some(loading: SegmentLoading, span: Range, *, lines: int) -> Range | None:
    """A call whose time is over after some lines; what is left of the span."""
    ticks = iter(range(1_000_000))
    clock = loading.time.clock
    loading.time.clock = lambda: float(next(ticks))  # type: ignore[method-assign]
    try:
        loading.time.now = 0
        end = loading.load(span, seconds=lines).segment.span.end
    finally:
        loading.time.clock = clock  # type: ignore[method-assign]
    return Range(end, span.end) if end < span.end else None


@given(
    st.integers(1, 200),
    st.lists(st.tuples(st.integers(0, 199), st.integers(1, 60)), max_size=12),
)
def test_the_plan_of_what_is_missing_is_exactly_what_no_segment_of_the_chain_covers(
    size: int, spans: list[tuple[int, int]]
) -> None:
    segments = [
        Segment(Range(start, min(start + length, size)), LoadCounts())
        for start, length in spans
        if start < size
    ]
    coverage = cover(segments, size)
    tiles = sorted([*(each.span for each in coverage.chain), *coverage.missing])
    assert [tile.start for tile in tiles] == [0, *(tile.end for tile in tiles)][:-1]
    assert tiles[-1].end == size
    covered = {byte for each in segments for byte in range(each.span.start, each.span.end)}
    assert bool(coverage.missing) or covered == set(range(size))
    again = [Segment(gap, LoadCounts()) for gap in coverage.missing]
    assert cover([*segments, *again], size).missing == ()


def test_a_slow_table_is_loaded_in_as_many_segments_as_it_takes() -> None:
    loading = SegmentLoading(
        b"\n".join(good(f"image-{number}") for number in range(2000)), block=4096
    )

    def pass_time() -> None:
        loading.time.now += 1

    loading.table.before = pass_time
    size, end, calls = len(loading.s3.data), 0, 0
    while end < size:
        end = loading.load(Range(end, size), seconds=5, writing=1000).segment.span.end
        calls += 1
    assert calls > 1
    assert calls == len(loading.stated)
    assert len(loading.images) == 2000
    _holds_every_record_once(loading)


def test_what_was_written_beyond_the_segments_end_makes_the_next_call_not_the_first() -> None:
    loading = SegmentLoading(
        b"\n".join(good(f"image-{number}") for number in range(200)), block=4096
    )
    calls = iter(range(1000))

    def refuse_one() -> None:
        if next(calls) == 2:
            loading.time.now += 100
            raise failure("ThrottlingException")

    loading.table.before = refuse_one
    loaded = loading.load(Range(0, len(loading.s3.data)), seconds=1e6, writing=50)
    assert loaded.segment.span.end < len(loading.s3.data)
    assert not loaded.nothing_beyond


def test_a_call_that_confirms_nothing_is_throttled_and_states_nothing() -> None:
    loading = SegmentLoading(good("a") + b"\n")

    def refuse() -> None:
        raise failure("ThrottlingException")

    loading.table.before = refuse
    with pytest.raises(WriteThrottled):
        loading.load(Range(0, len(loading.s3.data)), writing=20)
    assert loading.stated == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_call_that_is_out_of_time_without_a_refusal_is_not_throttled(*, answered: bool) -> None:
    """The time is spent before the first request, or by requests that DynamoDB does not answer."""
    loading = SegmentLoading(good("a") + b"\n")

    def late() -> None:
        loading.time.sleep(30)
        if not answered:
            raise ConnectionClosedError(endpoint_url="e")

    loading.table.before = late
    if answered:
        loading.s3.before = late
    with pytest.raises(SegmentOutOfTime, match="Segment from byte 0") as raised:
        loading.load(Range(0, len(loading.s3.data)), writing=20)
    assert raised.value.failure.explanation.cure is Cure.REDRIVE
    assert loading.stated == []


def test_a_repeated_image_is_not_put_a_second_time_so_an_edit_between_stays() -> None:
    lines = [good(f"image-{number}") for number in range(25)] + [good("image-3")]
    loading = SegmentLoading(b"\n".join(lines), block=4096)
    edited: list[dict[str, Any]] = []

    def edit() -> None:
        for item in loading.table.tables["transactions"].values():
            if item["imageId"]["S"] == "image-3" and not edited:
                item |= {"version": {"N": "2"}, "merchant": {"S": "a person's"}}
                edited.append(item)

    loading.table.before = edit
    loading.load(Range(0, len(loading.s3.data)))
    (theirs,) = edited
    assert theirs in loading.table.tables["transactions"].values()


def test_dead_letters_are_held_to_a_bound_then_the_segment_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "MAX_HELD_BYTES", 10_000)
    loading = SegmentLoading(b"no json\n" * 1000, block=4096)
    end = loading.load(Range(0, len(loading.s3.data))).segment.span.end
    assert 0 < end < len(loading.s3.data)
    assert max(stored.length for stored in loading.files.objects.values()) < 20_000


@pytest.mark.parametrize("at_read", [1, 2, 3])
def test_an_object_replaced_before_any_read_is_changed_and_nothing_of_it_is_mixed_in(
    at_read: int,
) -> None:
    loading = SegmentLoading(good("a") + b"\n" + good("b") + b"\n", block=60)
    loading.s3.breaks = [ReadTimeoutError(endpoint_url="s3")] * 2
    reads = iter(range(1, 10))

    def replace() -> None:
        if next(reads) == at_read:
            loading.s3.etag, loading.s3.data = "other", b"y" * 400

    loading.s3.before = replace
    with pytest.raises(ResultsObjectChanged):
        loading.load(Range(0, 2 * len(good("a")) + 2))
    assert loading.stated == []
    assert set(loading.images) <= {"a", "b"}


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="s3"),
        HTTPClientError(error="e"),
        SSLError(endpoint_url="s3", error=OSError()),
        StreamSSLError("urllib3's own"),
    ],
    ids=lambda error: type(error).__module__ + type(error).__name__,
)
def test_a_broken_connection_is_taken_up_where_it_broke(error: Exception) -> None:
    loading = SegmentLoading(b"\n".join(good(f"image-{number}") for number in range(5)), block=100)
    loading.s3.breaks = [error] * 3
    size = len(loading.s3.data)
    loading.load(Range(0, size))
    assert loading.s3.ranges == [f"bytes={start}-{size - 1}" for start in (0, 100, 200, 300)]
    _holds_every_record_once(loading)


def test_a_wrong_checksum_fails_the_call_for_its_records_may_be_wrong() -> None:
    loading = SegmentLoading(good("a"), block=10)
    loading.s3.breaks = [FlexibleChecksumError(error_msg="differs")]
    with pytest.raises(FlexibleChecksumError):
        loading.load(Range(0, len(loading.s3.data)))
    assert loading.stated == []


def test_a_connection_that_keeps_breaking_fails_the_call() -> None:
    loading = SegmentLoading(good("a") * 3, block=10)
    loading.s3.breaks = [ReadTimeoutError(endpoint_url="s3")] * 10
    with pytest.raises(ReadTimeoutError):
        loading.load(Range(0, len(loading.s3.data)))
    assert len(loading.s3.ranges) == 5

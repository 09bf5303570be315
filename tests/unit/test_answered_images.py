"""Counts by image, against records counted one by one."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.answered_images import (
    ClaimAnswers,
    count_by_image,
    image_digest,
    unexpected_images,
)
from functions.domain.counts import LoadCounts

START = datetime(2026, 1, 1, tzinfo=UTC)

# A record: the image it names (None without one), and its reject reason (None for a good one).
Record = tuple[str | None, str | None]


def _claim(number: int, records: list[Record], *, padding: int = 0) -> ClaimAnswers:
    named = [(image, reason) for image, reason in records if image is not None]
    good = [image for image, reason in named if reason is None]
    rejected = {image_digest(image): reason for image, reason in named if reason is not None}
    nameless = Counter(reason or "?" for image, reason in records if image is None)
    rejects = Counter(reason for _, reason in records if reason is not None)
    # What the workers count: a repeated image is a duplicate within a segment, a success across.
    loads = LoadCounts(
        success=len(set(good)),
        duplicate=len(good) - len(set(good)),
        rejects=dict(rejects),
        padding=padding,
    )
    return ClaimAnswers(
        START + timedelta(hours=number),
        f"{number}.jsonl",
        loads,
        frozenset(map(image_digest, good)),
        rejected,
        nameless,
    )


_records = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from([None, "NoJsonInText", "Truncated"])),
        st.tuples(st.none(), st.just("InvalidJson")),
    ),
    max_size=12,
)


@given(own=st.lists(_records, min_size=1, max_size=3), retries=st.lists(_records, max_size=3))
def test_an_image_is_one_record_of_the_job_whichever_claim_answers_it(
    own: list[list[Record]], retries: list[list[Record]]
) -> None:
    claims = [_claim(number, records) for number, records in enumerate([*own, *retries])]
    counts = count_by_image(claims[: len(own)], claims[len(own) :])
    everything = [record for records in [*own, *retries] for record in records]
    images = {image for image, _ in everything if image is not None}
    good = {image for image, reason in everything if image is not None and reason is None}
    assert counts.success == len(good)
    latest = {image: reason for image, reason in everything if image in images - good}
    nameless = [reason for image, reason in everything if image is None]
    assert Counter(counts.rejects) == Counter([*latest.values(), *nameless])
    repeated = sum(
        len(records)
        - len({image for image, _ in records if image is not None})
        - sum(image is None for image, _ in records)
        for records in own
    )
    assert counts.duplicate == repeated
    assert counts.total == len(images) + len(nameless) + repeated
    backwards = count_by_image(claims[: len(own)][::-1], claims[len(own) :][::-1])
    assert backwards == counts


def test_a_root_of_ten_records_whose_retry_cures_two_of_three_rejects() -> None:
    rejected: list[Record] = [(f"r{n}", "ModelError") for n in range(3)]
    root = _claim(0, [*((f"g{n}", None) for n in range(7)), *rejected])
    retry = _claim(1, [("r0", None), ("r1", None), ("r2", "Truncated")], padding=97)
    counts = count_by_image([root], [retry])
    assert counts.as_dict() == {
        "totalCount": 10,
        "successCount": 9,
        "failureCount": 1,
        "duplicateCount": 0,
        "paddingCount": 0,
        "rejectsByReason": {"Truncated": 1},
    }
    assert unexpected_images([retry], [root]) == 0
    assert unexpected_images([_claim(2, [("new", None), ("r0", None)])], [root]) == 1


def test_one_claim_alone_counts_as_it_was_counted() -> None:
    claim = _claim(
        0, [("a", None), ("a", None), ("b", "Refused"), (None, "InvalidJson")], padding=2
    )
    assert count_by_image([claim]) == claim.loads

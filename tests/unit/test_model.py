"""Records that are read from plain values: payloads and settings."""

import subprocess
import sys
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.model import AtLeast, Model, PositiveInt, ValuesInvalid, named
from functions.domain.payloads.payload import ClaimRef, JobRef, ObjectRef, Payload
from functions.domain.payloads.segment_work import SegmentWork, Span

SECRET = "s3cret"


class Color(StrEnum):
    RED = "red"


class Inner(Model):
    size: int


class Outer(Model):
    text: str
    count: PositiveInt = 1
    share: Annotated[float, AtLeast(0)] = 0.5
    flag: bool = False
    color: Color | None = None
    at: datetime | None = None
    inner: Inner | None = None
    rows: list[Inner] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    start: int = named("from", default=0)


WHOLE: dict[str, Any] = {
    "text": "a", "count": 2, "share": 1, "flag": True, "color": "red",
    "at": "2026-01-09T00:00:00.5+09:00", "inner": {"size": 3}, "rows": [{"size": 4}],
    "facts": {"x": None}, "from": 7, "unknown": SECRET,
}  # fmt: skip


def test_every_kind_of_field_is_read() -> None:
    assert Outer.read(WHOLE) == Outer(
        text="a", count=2, share=1.0, flag=True, color=Color.RED,
        at=datetime(2026, 1, 8, 15, tzinfo=UTC), inner=Inner(size=3), rows=[Inner(size=4)],
        facts={"x": None}, start=7,
    )  # fmt: skip
    assert type(Outer.read(WHOLE).share) is float


def test_what_is_absent_has_its_default_and_a_list_of_its_own() -> None:
    one, other = Outer.read({"text": "a"}), Outer.read({"text": "a"})
    assert one == other == Outer(text="a")
    assert one.rows is not other.rows


WRONG: dict[str, tuple[Any, str]] = {
    "text": (1, "text: is not a text"),
    "count": (0, "count: is not a whole number of at least 1"),
    "share": (-0.1, "share: is not a number of at least 0"),
    "flag": ("true", "flag: is not true or false"),
    "color": (SECRET, "color: is not one of red"),
    "at": ("2026-01-09T00:00:00", "at: is not a time with a zone"),
    "inner": ({"size": SECRET}, "inner.size: is not a whole number"),
    "rows": ([{"size": 1}, {}], "rows.size: is missing"),
    "facts": ([SECRET], "facts: is not an object"),
    "from": (1.5, "from: is not a whole number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_field_is_named_without_its_value(name: str) -> None:
    value, problem = WRONG[name]
    with pytest.raises(ValuesInvalid) as raised:
        Outer.read(WHOLE | {name: value})
    assert str(raised.value) == f"Outer: {problem}"
    assert SECRET not in str(raised.value)


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ValuesInvalid) as raised:
        Outer.read({name: value for name, (value, _) in WRONG.items() if name != "text"})
    assert set(raised.value.problems) == {
        "text", "count", "share", "flag", "color", "at", "inner.size", "rows.size", "facts", "from",
    }  # fmt: skip


@pytest.mark.parametrize("values", [None, [], "text", 1])
def test_what_is_no_object_is_refused(values: Any) -> None:
    with pytest.raises(ValuesInvalid, match="is not an object"):
        Outer.read(values)


@pytest.mark.parametrize("value", [True, False, None, "", "1.5", "x", float("nan"), [], {}])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ValuesInvalid):
        Inner.read({"size": value})


@pytest.mark.parametrize("value", [5, "5", 5.0])
def test_a_whole_number_may_be_written_as_text(value: Any) -> None:
    """The environment has texts alone."""
    assert Inner.read({"size": value}) == Inner(size=5)


def test_a_record_is_made_of_its_fields_alone() -> None:
    with pytest.raises(TypeError, match="Inner: size is missing"):
        Inner()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Inner has no height, width"):
        Inner(size=1, height=2, width=3)  # type: ignore[call-arg]


def test_equal_records_are_of_one_class_and_have_equal_values() -> None:
    assert Inner(size=1) != Inner(size=2)
    assert Inner(size=1) != Span(start=0, end=1)
    assert {Inner(size=1), Inner(size=1)} == {Inner(size=1)}
    assert repr(Inner(size=1)) == "Inner(size=1)"


@given(
    text=st.text(max_size=5),
    absent=st.none() | st.text(max_size=5),
    number=st.integers(min_value=0),
    share=st.floats(min_value=0, max_value=1e6),
    again=st.none() | st.booleans(),
    seconds=st.integers(min_value=0, max_value=3_000_000_000),
)
def test_a_payload_is_read_as_it_was_written(
    text: str, absent: str | None, number: int, share: float, again: bool | None, seconds: int
) -> None:
    work = SegmentWork(
        execution=text,
        job=JobRef(job_id=text, intent_id=text, submit_time=text, trace_id=absent, root=absent),
        object=ObjectRef(bucket=text, key=text, name=text, etag=text, size=number),
        claim=ClaimRef(generation=number, event_time=datetime.fromtimestamp(seconds, UTC)),
        write_units_per_second=share,
        range=Span(start=number, end=number, again=again),
        undisturbed=bool(again),
    )
    written = work.as_json()
    assert SegmentWork.read(written) == work
    assert None not in [*written.values(), *written["job"].values()]
    assert {"schema", "writeUnitsPerSecond"} <= set(written)
    assert {"from", "to"} <= set(written["range"])


def test_a_field_of_a_newer_payload_that_is_null_is_absent() -> None:
    class Newer(Payload):
        some_name: str | None = None

    assert Newer.read({"someName": None}).as_json() == {}
    assert Newer.read({"someName": "x"}).but(some_name="y").as_json() == {"someName": "y"}


def test_the_functions_of_an_ingest_start_without_pydantic() -> None:
    """To import it and to build its models is a sixth of a cold start."""
    program = (
        "import sys\n"
        "from functions.load_segment import handler\n"
        "from functions.migrate_images import handler\n"
        "from functions.plan_ranges import handler\n"
        "from functions.settle_job import handler\n"
        "from functions.verify_load import handler\n"
        "from functions.verify_migration import handler\n"
        "assert 'pydantic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

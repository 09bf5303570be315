"""What an estimate is made of: samples, the plan, list prices."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.domain.load_plan import SAMPLE_BYTES
from ops.commands import estimate as command
from ops.errors import NothingFound, Refused
from ops.model.estimating import settings
from ops.model.estimating.estimate import estimate
from ops.model.estimating.ingest_requests import ingest_of
from ops.model.estimating.prices import Requests
from ops.model.estimating.workload import WHOLE_BYTES, Workload, read_workload
from tests.lines import ANSWER, answered

LIMITS = settings.of_project()
WITHIN = 0.05


def _line(number: int, *, input_bytes: int, is_good: bool = True) -> bytes:
    answer = ANSWER if is_good else "I cannot read it."
    return answered(f"image-{number}", answer, modelInput={"image": "A" * input_bytes})


def _reader(body: bytes) -> Any:
    return lambda start, length: body[start : start + length]


def _records(number: int, input_bytes: int) -> bytes:
    """Of which every tenth is a reject."""
    return b"".join(_line(n, input_bytes=input_bytes, is_good=n % 10 != 0) for n in range(number))


def test_a_small_object_is_read_whole() -> None:
    found = read_workload(len(body := _records(20, 50)), _reader(body))
    assert (found.records, found.transactions, found.images) == (20, 18, 18)
    assert not found.is_sampled


@pytest.mark.parametrize(("number", "input_bytes"), [(60_000, 50), (2_000, 8_000), (40, 400_000)])
def test_parts_of_a_big_one_say_what_the_whole_holds(number: int, input_bytes: int) -> None:
    body = _records(number, input_bytes)
    assert len(body) > WHOLE_BYTES
    found = read_workload(len(body), _reader(body))
    assert found.is_sampled
    assert found.records == pytest.approx(number, rel=WITHIN)
    assert found.transactions == pytest.approx(0.9 * number, rel=2 * WITHIN)


def test_no_more_than_a_part_of_a_big_one_is_read() -> None:
    body, read = _records(60_000, 500), list[int]()

    def count(start: int, length: int) -> bytes:
        read.append(length)
        return body[start : start + length]

    read_workload(len(body), count)
    assert sum(read) < 4 * SAMPLE_BYTES < len(body)


@pytest.mark.parametrize("body", [b"", b"\n\n", b"no line end", b"x" * (WHOLE_BYTES + 1)])
def test_odd_objects_have_a_workload(body: bytes) -> None:
    found = ingest_of(read_workload(len(body), _reader(body)), LIMITS)
    assert found.seconds > 0
    assert found.requests.cost > 0


def _workload(records: int, line_bytes: int, **more: Any) -> Workload:
    good = more.pop("transactions", records)
    return Workload(records * line_bytes, line_bytes, records, good, 1.0, 0, **more)


def test_the_plan_is_the_products_own() -> None:
    small, large = (ingest_of(_workload(100_000, each), LIMITS) for each in (800, 400_000))
    assert small.plan.workers == 1
    assert large.plan.workers > 1
    assert small.seconds == pytest.approx(100, rel=0.2), "the write budget binds"


def test_what_is_billed_by_the_record_grows_with_the_records() -> None:
    one, ten = (ingest_of(_workload(n, 800), LIMITS).requests for n in (10_000, 100_000))
    assert ten.write_units == pytest.approx(10 * one.write_units, rel=0.01)
    moved = ingest_of(replace(_workload(10_000, 800), images=10_000), LIMITS).requests
    assert moved.s3_writes - one.s3_writes == 10_000
    # Three writes an image, and the leases of the write budget.
    assert moved.write_units - one.write_units == pytest.approx(30_000, rel=0.01)


def test_without_a_transaction_no_image_is_looked_for() -> None:
    found = ingest_of(_workload(100, 800, transactions=0), LIMITS).requests
    assert found.calls == ingest_of(_workload(100, 800), LIMITS).requests.calls - 2


def test_costs_are_prices_by_service() -> None:
    found = Requests(transitions=1000, write_units=1e6, s3_writes=1000, events=1e6)
    costs = found.costs
    assert costs["Step Functions"] == pytest.approx(0.025)
    assert costs["DynamoDB"] == pytest.approx(0.625)
    assert costs["S3"] == pytest.approx(0.005)
    assert found.cost == pytest.approx(sum(costs.values()))


def test_at_a_time_shortens_but_never_below_the_longest() -> None:
    many = [_workload(10_000, 800)] * 10
    alone = estimate(many[:1], LIMITS).seconds
    assert estimate(many, LIMITS).seconds == pytest.approx(10 * alone)
    assert estimate(many, LIMITS, at_a_time=5).seconds == pytest.approx(2 * alone)
    assert estimate(many, LIMITS, at_a_time=100).seconds == pytest.approx(alone)


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "answers.jsonl.out"
        path.write_bytes(_records(50, 100))
        return path

    @pytest.fixture(autouse=True)
    def nothing_deployed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def find(**_: object) -> None:
            raise NothingFound("There is no stack.")

        monkeypatch.setattr("ops.model.deployment.find", find)

    def test_of_a_file_it_says_what_it_assumes(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        command.estimate(str(file))
        shown = capsys.readouterr().out
        assert "50 records, 45 images to move" in shown
        assert "It is assumed that each transaction has an image" in shown
        assert "US East (N. Virginia)" in shown
        assert "Settings: cdk.json." in shown

    def test_without_images(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        command.estimate(str(file), images=False, as_json=True)
        said = json.loads(capsys.readouterr().out)
        assert (said["records"], said["images"]) == (50, 0)
        assert said["dollars"] == pytest.approx(sum(said["dollarsByService"].values()))

    def test_more_than_allowed_is_refused(self, file: Path) -> None:
        with pytest.raises(Refused, match=r"more than --max-cost \$0\.000001"):
            command.estimate(str(file), max_cost=0.000001)
        command.estimate(str(file), max_cost=1.0)

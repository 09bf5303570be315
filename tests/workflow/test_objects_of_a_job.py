"""Two and three results objects of one job, in any interleaving: no person's work is lost.

All objects of a job share its transactions. Each is claimed, planned and loaded by the real code
on tables in memory, while a person edits and deletes what is there; loads are repeated (a retry
or redrive) and replayed.
"""

import itertools
import random
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from functions.aws import settlement_wiring, wiring
from functions.aws.plans import RangePlanner
from functions.aws.writing import writer
from functions.domain.attribute_values import from_item, to_item
from functions.domain.ledger_rows import claim_key
from functions.domain.payloads.ingest import Ingest
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.transactions import transaction_id
from functions.load_segment import call
from functions.load_segment.settings import LoadSettings
from functions.plan_ranges.planning import Planning
from functions.plan_ranges.settings import PlanRangesSettings
from tests.unit.load.segment_loading import good
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT, TABLES
from tests.workflow.claimed_object import INGEST, Context, run_on, segment_work
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.interleaving import Interleaving, in_runs
from tests.workflow.machine import DEFINITION, select
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_job

_LOAD = LoadSettings.read(ENVIRONMENT)
_PLAN = PlanRangesSettings.read(ENVIRONMENT)


RETRY = "job-2"


class _Time:
    """The module `time` as the worker uses it."""

    def __init__(self, interleaving: Interleaving) -> None:
        self.time = self.monotonic = interleaving.clock
        self.sleep = interleaving.sleep


class JobWithObjects:
    """A job, its objects, and a person."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        objects: list[list[str]],
        order: Any,
        *,
        retries: frozenset[int] = frozenset(),
    ) -> None:
        """Put records and objects in place.

        Args:
            patch: Undone by the caller.
            objects: The images that each object answers.
            order: The schedule.
            retries: Numbers of the objects that are of a retry of the job.
        """
        self.s3 = MemoryS3()
        self.dynamodb = MemoryDynamoDB(**TABLES)
        self.interleaving = Interleaving(order)
        self.edited: dict[str, str] = {}
        self._requests = itertools.count(1)
        self._executions = itertools.count(1)
        self.retries = retries
        put_job(self.dynamodb)
        put_job(self.dynamodb, RETRY, submitTime="later", retryOf="job-1")
        folder = {"pk": "job#job-1", "sk": "folder#batch-output/job-1/"}  # neither claim nor retry
        self.dynamodb.put_item(TableName="ledger", Item=to_item(folder))
        self.data = [b"\n".join(map(good, images)) + b"\n" for images in objects]
        for number, data in enumerate(self.data):
            self.s3.put_object(Bucket=BUCKET, Key=self._key(number), Body=data)
        patch.setattr(call, "time", _Time(self.interleaving))
        patch.setattr(writer, "THREADS", 1)
        run_on(
            patch,
            s3=lambda: self.interleaving.client(self.s3),
            dynamodb=lambda: self.interleaving.client(self.dynamodb),
        )
        patch.setattr(settlement_wiring, "telemetry", FakeTelemetry)

    def ingest(self, number: int, *, calls: int = 1) -> None:
        """An execution: claim, plan, load; each call after the first is a retry or redrive."""
        execution = f"execution-{next(self._executions)}"
        generation = self._claim(number, execution)
        work = self._work(number, execution, generation)
        ingest = Ingest.read({name: work[name] for name in INGEST})
        planned = Planning(
            wiring.results_object(ingest),
            wiring.ledger(_PLAN),
            RangePlanner(wiring.work_files(_PLAN), _PLAN),
            settlement_wiring.job_settler(_PLAN),
            now=self.interleaving.clock,
            sleep=self.interleaving.sleep,
        ).plan(ingest)
        if planned.plan is None:
            return
        for _ in range(calls):
            self._load(work)

    def retry_at_once(self, number: int) -> None:
        """A second worker at the same range, while the first may still be at work."""
        row = self.dynamodb.tables["ledger"].get(tuple(self._claim_key(number).values()))
        if row is not None:
            claim = from_item(row)
            self._load(self._work(number, claim["owner"], claim["generation"]))

    def edit(self, choice: int) -> None:
        """What a person does to one transaction that is there."""
        items = list(self.dynamodb.tables["transactions"].values())
        if items:
            item = items[choice % len(items)]
            text = f"a person's {len(self.edited)}"
            item |= {"version": {"N": "2"}, "merchant": {"S": text}, "s3Key": {"S": "theirs"}}
            self.edited[item["imageId"]["S"]] = text

    def delete(self, choice: int) -> None:
        keys = list(self.dynamodb.tables["transactions"])
        if keys:
            gone = self.dynamodb.tables["transactions"].pop(keys[choice % len(keys)])
            self.edited.pop(gone["imageId"]["S"], None)

    def person(self, deeds: list[tuple[str, int]]) -> None:
        """Deeds at moments that the schedule chooses."""
        table = self.interleaving.client(self.dynamodb)
        for deed, choice in deeds:
            table.get_item(TableName="transactions", Key={"userId": _S, "transactionId": _S})
            getattr(self, deed)(choice)

    def transactions(self) -> dict[str, dict[str, Any]]:
        items = map(from_item, self.dynamodb.tables["transactions"].values())
        return {item["imageId"]: item for item in items}

    def _job(self, number: int) -> str:
        return RETRY if number in self.retries else "job-1"

    def _key(self, number: int) -> str:
        return f"batch-output/{self._job(number)}/{number}.jsonl"

    def _claim_key(self, number: int) -> dict[str, str]:
        return claim_key(self._job(number), self._key(number)).as_dict()

    def _claim(self, number: int, execution: str) -> int:
        """ClaimObject, whatever has the claim."""
        work = self._work(number, execution, 0)
        moment = {"eventTime": "2026-07-01T00:00:00Z", "now": "2026-07-01T00:00:00Z"}
        admitted = {"blockingEtag": "none", "sequencer": "", "displacesUpTo": "~"}
        data = {**work, **moment, **admitted, "object": {**work["object"], "versionId": ""}}
        context = {"Execution": {"Id": execution}}
        parameters = select(DEFINITION["ClaimObject"]["Parameters"], data, context)
        ledger = self.interleaving.client(self.dynamodb)
        claimed = ledger.update_item(**{**parameters, "TableName": "ledger"})
        return int(claimed["Attributes"]["generation"]["N"])

    def _work(self, number: int, execution: str, generation: int) -> dict[str, Any]:
        data = self.data[number]
        key = self._key(number)
        work = segment_work(self.s3.objects[key].etag, key=key, size=len(data))
        work["claim"]["generation"] = generation
        if number in self.retries:
            work["job"] |= {"jobId": RETRY, "submitTime": "later", "root": "job-1"}
        return {**work, "execution": execution}

    def _load(self, work: dict[str, Any]) -> None:
        call.load_segment(
            SegmentWork.read(work),
            context=Context(f"request-{next(self._requests)}"),
            settings=_LOAD,
            log=FakeTelemetry(),
        )


_S = {"S": "nobody's"}


_images = st.lists(
    st.sampled_from([f"image-{number}" for number in range(4)]), min_size=1, unique=True
)
_deeds = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", "delete"]), st.integers(0, 3)), max_size=12
)


@given(
    objects=st.lists(_images, min_size=2, max_size=3),
    calls=st.lists(st.integers(1, 2), min_size=3, max_size=3),
    more=st.lists(
        st.tuples(st.sampled_from(["ingest", "retry_at_once"]), st.integers(0, 1)), max_size=2
    ),
    deeds=_deeds,
    retries=st.frozensets(st.integers(1, 2)),
    seed=st.integers(0, 2**32),
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Threads do not repeat themselves to the letter, so shrinking would not end.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_an_edit_is_never_lost_whatever_objects_of_the_job_do_at_once(
    objects: list[list[str]],
    calls: list[int],
    more: list[tuple[str, int]],
    deeds: list[tuple[str, int]],
    retries: frozenset[int],
    seed: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        claimed = JobWithObjects(patch, objects, in_runs(random.Random(seed)), retries=retries)
        actors = claimed.interleaving
        for number in range(len(objects)):
            actors.add(
                f"object {number}",
                lambda n=number: claimed.ingest(n, calls=calls[n]),  # type: ignore[misc]
            )
        for how, number in more:
            actors.add(f"{how} {number}", partial(getattr(claimed, how), number))
        actors.add("person", lambda: claimed.person(deeds))
        actors.run()
        note(f"{actors.calls}")
        there = claimed.transactions()
        assert {each: there[each]["merchant"] for each in claimed.edited} == claimed.edited
        assert {there[each]["s3Key"] for each in claimed.edited} <= {"theirs"}


@pytest.mark.parametrize("answered_again", [["image-1"], [f"image-{n}" for n in range(60)]])
def test_a_second_object_leaves_what_a_person_made_of_the_first(answered_again: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        first = [f"image-{number}" for number in range(60)]
        claimed = JobWithObjects(patch, [first, answered_again], itertools.repeat(0))

        def one_after_the_other() -> None:
            claimed.ingest(0)
            for number in range(60):
                claimed.edit(number)
            claimed.ingest(1)

        claimed.interleaving.add("both", one_after_the_other)
        claimed.interleaving.run()
        assert len(claimed.edited) == 60
        assert {each: item["merchant"] for each, item in claimed.transactions().items()} == (
            claimed.edited
        )
        assert {item["s3Key"] for item in claimed.transactions().values()} == {"theirs"}
        of_second = [call for call in claimed.interleaving.calls if call[1] == "batch_write_item"]
        assert len(of_second) == 3


def test_one_object_alone_is_put_in_batches_and_two_at_once_are_not() -> None:
    images = [f"image-{number}" for number in range(60)]
    for objects, batches in (([images], 3), ([images, images], 0)):
        with pytest.MonkeyPatch.context() as patch:
            claimed = JobWithObjects(patch, objects, itertools.count())
            for number in range(len(objects)):
                claimed.interleaving.add(f"object {number}", partial(claimed.ingest, number))
            claimed.interleaving.run()
            made = [call for _, call in claimed.interleaving.calls if call == "batch_write_item"]
            assert len(made) == batches
            assert set(claimed.transactions()) == set(images)


@pytest.mark.parametrize("retries", [frozenset[int](), frozenset({1})])
@pytest.mark.parametrize("calls", range(24))
def test_a_second_object_at_any_moment_of_the_first_and_an_edit_after_it(
    calls: int, retries: frozenset[int]
) -> None:
    """The first is paused after so many calls, the second runs to its end, a person edits."""
    with pytest.MonkeyPatch.context() as patch:
        order = itertools.chain(itertools.repeat(0, calls), itertools.repeat(1))
        claimed = JobWithObjects(patch, [["image-1"], ["image-1"]], order, retries=retries)
        claimed.interleaving.add("first", lambda: claimed.ingest(0))
        claimed.interleaving.add("second", lambda: claimed.ingest(1))
        claimed.interleaving.add("person", lambda: claimed.person([("edit", 0)]))
        claimed.interleaving.run()
        assert claimed.transactions()["image-1"]["merchant"] == claimed.edited["image-1"]


def test_a_retry_answers_its_roots_images_under_the_roots_id() -> None:
    with pytest.MonkeyPatch.context() as patch:
        objects = [["image-1", "image-2"], ["image-2", "image-3"]]
        claimed = JobWithObjects(patch, objects, itertools.repeat(0), retries=frozenset({1}))
        claimed.interleaving.add("root", lambda: claimed.ingest(0))
        claimed.interleaving.add("retry", lambda: claimed.ingest(1))
        claimed.interleaving.run()
        there = claimed.transactions()
        assert set(there) == {"image-1", "image-2", "image-3"}
        assert len(claimed.dynamodb.tables["transactions"]) == 3
        assert {item["jobId"] for item in there.values()} == {"job-1"}
        assert there["image-3"]["transactionId"] == transaction_id("job-1", "image-3")
        of_retry = [call for name, call in claimed.interleaving.calls if name == "retry"]
        assert "batch_write_item" not in of_retry

"""Sequences that no emulator produces, pinned with botocore's Stubber."""

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.stub import Stubber

from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.request_bodies import BODY, accept_ready_bodies
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.transaction_writes import BatchPut
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from functions.aws.writing.writer import TransactionWriter
from functions.domain.transactions import Transaction, insert, update_unless_edited
from tests.unit.load import segment_loading
from tests.unit.load.fake_time import FakeTime
from tests.unit.load.fixed_permit import FixedPermit

TABLE = "transactions"
THROTTLED = "ProvisionedThroughputExceededException"
ALL = A, B, C = segment_loading.transactions(0, 3)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    made: Any = boto3.client("dynamodb", "us-east-1", config=clients.WRITES_CONFIG)
    made.sent = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        made.sent.append(params.get(BODY))

    for operation in ("BatchWriteItem", "BatchExecuteStatement"):
        made.meta.events.register(f"provide-client-params.dynamodb.{operation}", keep)
        accept_ready_bodies(made, operation)
    return made


class Writing:
    """A writer on a clock that only sleeping moves."""

    def __init__(self, client: Any, *, seconds: float = 60) -> None:
        self.client = client
        self.time = FakeTime()
        self.permit = FixedPermit()
        self.budget = WriteBudget(FixedShare(1000), clock=self.time.clock, sleep=self.time.sleep)
        deadline = Deadline(self.time.now + seconds, self.time.clock)
        self.pacing = Pacing(self.budget, deadline, self.time.sleep, lambda: 0.5)
        self.expects_items = True

    @functools.cached_property
    def writer(self) -> TransactionWriter:
        return TransactionWriter(
            self.client,
            TABLE,
            pacing=self.pacing,
            permit=self.permit,
            expects_items=self.expects_items,
        )

    def write(self, batch: list[Transaction]) -> bool:
        with self.writer as writer:
            return writer.write(batch, replace=True).result()


class Answering(Writing):
    """A writer and what DynamoDB answers to its requests, in order."""

    def __init__(self, client: Any, stub: Stubber) -> None:
        super().__init__(client)
        self._stub = stub
        self.bodies: list[Any] = []

    def put(self, *put: Transaction, left: tuple[Transaction, ...] = ()) -> None:
        answer = {"UnprocessedItems": _puts(left) if left else {}}
        self._stub.add_response("batch_write_item", answer, {"RequestItems": {}})
        self.bodies.append({"RequestItems": _puts(put)})

    def put_fails(self, code: str, status: int, *put: Transaction) -> None:
        self._stub.add_client_error("batch_write_item", code, http_status_code=status)
        self.bodies.append({"RequestItems": _puts(put)})

    def update(self, answers: dict[Transaction, str]) -> None:
        self._execute(update_unless_edited, answers)

    def insert(self, answers: dict[Transaction, str]) -> None:
        self._execute(insert, answers)

    def update_fails(self, code: str, status: int, *updated: Transaction) -> None:
        self._stub.add_client_error("batch_execute_statement", code, http_status_code=status)
        self.bodies.append(_statements(update_unless_edited, updated))

    def _execute(self, statement: Any, answers: dict[Transaction, str]) -> None:
        """A request of statements, and what is answered to each: a code, `edited`, or nothing."""
        responses = [_response(code, each) for each, code in answers.items()]
        answer = {"Responses": responses}
        self._stub.add_response("batch_execute_statement", answer, {"Statements": []})
        self.bodies.append(_statements(statement, answers))


@pytest.fixture
def writing(client: Any) -> Iterator[Answering]:
    """All bodies are held against what was expected at the end."""
    with Stubber(client) as stub:
        answering = Answering(client, stub)
        yield answering
        stub.assert_no_pending_responses()
    assert [json.loads(body) for body in client.sent] == answering.bodies


@pytest.fixture
def again(writing: Answering) -> Answering:
    """Another attempt has begun, so that nothing is replaced."""
    writing.permit.replace = False
    return writing


def _puts(transactions: Iterable[Transaction]) -> Any:
    return {TABLE: [{"PutRequest": {"Item": each.item}} for each in transactions]}


def _statements(statement: Any, transactions: Iterable[Transaction]) -> Any:
    made = [statement(TABLE, each.item) for each in transactions]
    return {
        "Statements": [
            {
                "Statement": text,
                "Parameters": parameters,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
            for text, parameters in made
        ]
    }


def _response(code: str, transaction: Transaction) -> dict[str, Any]:
    if code == "edited":
        edited = transaction.item | {"version": {"N": "2"}}
        return {"Error": {"Code": "ConditionalCheckFailed", "Item": edited}, "TableName": TABLE}
    return {"Error": {"Code": code}, "TableName": TABLE} if code else {"TableName": TABLE}


def test_the_body_is_the_request_that_the_sdk_would_have_made() -> None:
    sent: list[bytes] = []

    class Client:
        def batch_write_item(self, **parameters: Any) -> dict[str, Any]:
            sent.append(parameters[BODY])
            return {}

    BatchPut(Client(), TABLE)(ALL)  # type: ignore[arg-type]
    assert json.loads(sent[0]) == {"RequestItems": _puts(ALL)}


def test_what_dynamodb_left_is_sent_again_until_nothing_is_left(writing: Answering) -> None:
    writing.put(A, B, C, left=(C, A))
    writing.put(A, C, left=(A, C))
    writing.put(A, C, left=(A,))
    writing.put(A)
    assert writing.write(ALL)
    assert writing.writer.throttles == 3
    assert writing.budget.rate < 1000


def test_total_throttling_is_waited_out_with_full_jitter(writing: Answering) -> None:
    for _ in range(3):
        writing.put_fails(THROTTLED, 400, *ALL)
    writing.put(*ALL)
    assert writing.write(ALL)
    pauses = [seconds for seconds in writing.time.slept if seconds in (0.05, 0.1, 0.2)]
    assert pauses == [0.05, 0.1, 0.2]


def test_throttling_is_bounded_by_the_time_that_is_left_and_by_nothing_else(client: Any) -> None:
    with Stubber(client) as stub:
        for _ in range(100):
            stub.add_client_error("batch_write_item", THROTTLED)
        writing = Writing(client, seconds=30)
        began = writing.time.now
        assert not writing.write(ALL)
    assert 20 < writing.time.now - began < 30
    assert writing.writer.throttles > 10


@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalServerError", 500), ("ServiceUnavailable", 503), ("ThrottlingException", 503)],
)
def test_a_put_whose_outcome_is_unknown_becomes_conditional_statements(
    writing: Answering, code: str, status: int
) -> None:
    """Also of what remains after a part of it was put."""
    writing.put(A, B, C, left=(B, C))
    writing.put_fails(code, status, B, C)
    writing.update({B: "", C: ""})
    assert writing.write(ALL)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectionClosedError])
def test_a_lost_connection_is_an_unknown_outcome_and_the_sdk_does_not_repeat_the_put(
    client: Any, error: Any
) -> None:
    sent: list[str] = []

    def lose(request: Any, **_: Any) -> None:
        sent.append(request.headers["X-Amz-Target"].decode().rpartition(".")[2])
        raise error(endpoint_url=request.url)

    client.meta.events.register("before-send.dynamodb", lose)
    with pytest.raises(error):
        Writing(client).write(ALL)
    assert sent == ["BatchWriteItem"] + ["BatchExecuteStatement"] * 5


def test_a_persons_work_stays_and_what_is_absent_is_inserted(again: Answering) -> None:
    again.update({A: "", B: "ConditionalCheckFailed", C: "edited"})
    again.insert({B: ""})
    assert again.write(ALL)


def test_what_was_expected_to_be_absent_and_is_there_is_updated(again: Answering) -> None:
    again.expects_items = False
    again.insert({A: "DuplicateItem", B: "", C: "DuplicateItem"})
    again.update({A: "", C: "edited"})
    assert again.write(ALL)


def test_what_a_person_deletes_between_two_statements_stays_deleted(again: Answering) -> None:
    """Each transaction takes three statements at most, whatever happens between them."""
    again.update({A: "ConditionalCheckFailed"})
    again.insert({A: "DuplicateItem"})
    again.update({A: "ConditionalCheckFailed"})
    assert again.write([A])


def test_the_next_batch_begins_with_the_statement_that_most_of_the_last_needed(
    again: Answering,
) -> None:
    again.update({A: "", B: "ConditionalCheckFailed"})
    again.insert({B: ""})
    again.update({C: "ConditionalCheckFailed"})
    again.insert({C: ""})
    again.insert({A: "DuplicateItem", B: "DuplicateItem"})
    again.update({A: "", B: ""})
    again.update({C: ""})
    with again.writer as writer:
        for batch in ([A, B], [C], [A, B], [C]):
            assert writer.write(batch, replace=True).result()


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"]
)
def test_a_statement_that_is_throttled_is_sent_again_without_the_others(
    again: Answering, code: str
) -> None:
    again.update({A: "", B: code, C: code})
    again.update({B: code, C: "ConditionalCheckFailed"})
    again.update({B: ""})
    again.insert({C: ""})
    assert again.write(ALL)
    assert again.writer.throttles == 2
    assert again.budget.rate < 1000


@pytest.mark.parametrize(
    ("code", "repeated"),
    [
        *(("InternalServerError", 4), ("TransactionConflict", 4)),  # may have been carried out
        *(("AccessDenied", 0), ("ValidationError", 0), ("ResourceNotFound", 0)),
    ],
)
def test_a_statement_that_fails_is_repeated_five_times_where_that_helps(
    again: Answering, code: str, repeated: int
) -> None:
    again.update({A: "", B: code})
    for _ in range(repeated):
        again.update({B: code})
    with pytest.raises(ClientError, match=code):
        again.write([A, B])


def test_requests_of_statements_are_throttled_and_fail_unknown_and_are_repeated(
    again: Answering,
) -> None:
    again.update_fails(THROTTLED, 400, A)
    again.update_fails("InternalServerError", 500, A)
    again.update_fails(THROTTLED, 400, A)
    again.update({A: ""})
    assert again.write([A])
    assert again.writer.throttles == 2


def test_nothing_is_replaced_once_another_attempt_has_begun(writing: Answering) -> None:
    writing.put(A, B, C, left=(B, C))

    def sleep(seconds: float) -> None:
        writing.permit.replace = False
        writing.time.sleep(seconds)

    writing.pacing = replace(writing.pacing, sleep=sleep)
    writing.update({B: "", C: ""})
    assert writing.write(ALL)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException"])
def test_expired_credentials_fail_the_call_at_once_and_for_all_batches(
    writing: Answering, code: str
) -> None:
    writing.put_fails(code, 400, *ALL)
    with writing.writer as writer:
        failed = writer.write(ALL, replace=True)
        writer.drain()
        assert isinstance(failed.exception(), ClientError)
        with pytest.raises(ClientError, match=code):
            writer.write(ALL, replace=True)


def test_a_batch_is_cut_to_what_a_tenth_of_a_second_allows(writing: Answering) -> None:
    writing.budget = WriteBudget(FixedShare(20), clock=writing.time.clock, sleep=writing.time.sleep)
    writing.pacing = replace(writing.pacing, budget=writing.budget)
    writing.put(A, B)
    writing.put(C)
    assert writing.write(ALL)

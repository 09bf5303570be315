"""Sequences that no emulator produces, pinned with botocore's Stubber."""

import json
from collections.abc import Iterator, Sequence
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


@pytest.fixture
def stub(client: Any) -> Iterator[Any]:
    """Answers in order; all bodies are held against what was expected at the end."""
    stubber: Any = Stubber(client)
    stubber.bodies = []
    with stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    assert [json.loads(body) for body in client.sent] == stubber.bodies


@pytest.fixture
def transactions() -> list[Transaction]:
    return segment_loading.transactions(0, 3)


class Writing:
    """A writer on a clock that only sleeping moves."""

    def __init__(
        self,
        client: Any,
        *,
        seconds: float = 60,
        undisturbed: bool = True,
        expects_items: bool = True,
    ) -> None:
        self.time = FakeTime()
        self.permit = FixedPermit(undisturbed)
        budget = WriteBudget(FixedShare(1000), clock=self.time.clock, sleep=self.time.sleep)
        deadline = Deadline(self.time.now + seconds, self.time.clock)
        pacing = Pacing(budget, deadline, self.time.sleep, lambda: 0.5)
        self.budget = budget
        self.writer = TransactionWriter(
            client,
            TABLE,
            pacing=pacing,
            permit=self.permit,
            expects_items=expects_items,
        )

    def write(self, batch: list[Transaction], *, replace: bool = True) -> bool:
        with self.writer as writer:
            return writer.write(batch, replace=replace).result()


def _put(stub: Any, *transactions: Transaction, left: tuple[Transaction, ...] = ()) -> None:
    unprocessed = {TABLE: [{"PutRequest": {"Item": each.item}} for each in left]} if left else {}
    stub.add_response("batch_write_item", {"UnprocessedItems": unprocessed}, {"RequestItems": {}})
    stub.bodies.append(_body(transactions))


def _put_fails(stub: Any, code: str, status: int, *transactions: Transaction) -> None:
    stub.add_client_error("batch_write_item", code, http_status_code=status)
    stub.bodies.append(_body(transactions))


def _body(transactions: Sequence[Transaction]) -> Any:
    return {"RequestItems": {TABLE: [{"PutRequest": {"Item": each.item}} for each in transactions]}}


def _statements(statement: Any, transactions: Sequence[Transaction]) -> Any:
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


def _executed(stub: Any, statement: Any, answers: dict[Transaction, str]) -> None:
    """A request of statements, and what is answered to each: a code, `edited`, or nothing."""
    responses = [_response(code, each) for each, code in answers.items()]
    stub.add_response("batch_execute_statement", {"Responses": responses}, {"Statements": []})
    stub.bodies.append(_statements(statement, list(answers)))


def _response(code: str, transaction: Transaction) -> dict[str, Any]:
    if code == "edited":
        edited = transaction.item | {"version": {"N": "2"}}
        return {"Error": {"Code": "ConditionalCheckFailed", "Item": edited}, "TableName": TABLE}
    return {"Error": {"Code": code}, "TableName": TABLE} if code else {"TableName": TABLE}


def _updated(stub: Any, *transactions: Transaction) -> None:
    _executed(stub, update_unless_edited, dict.fromkeys(transactions, ""))


def _request_fails(stub: Any, code: str, status: int, *transactions: Transaction) -> None:
    stub.add_client_error("batch_execute_statement", code, http_status_code=status)
    stub.bodies.append(_statements(update_unless_edited, transactions))


def test_the_body_is_the_request_that_the_sdk_would_have_made(
    transactions: list[Transaction],
) -> None:
    sent: list[bytes] = []

    class Client:
        def batch_write_item(self, **parameters: Any) -> dict[str, Any]:
            sent.append(parameters[BODY])
            return {}

    BatchPut(Client(), TABLE)(transactions)  # type: ignore[arg-type]
    items = [{"PutRequest": {"Item": each.item}} for each in transactions]
    assert json.loads(sent[0]) == {"RequestItems": {TABLE: items}}


def test_what_dynamodb_left_is_sent_again_until_nothing_is_left(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _put(stub, a, b, c, left=(c, a))
    _put(stub, a, c, left=(a, c))
    _put(stub, a, c, left=(a,))
    _put(stub, a)
    writing = Writing(client)
    assert writing.write(transactions)
    assert writing.writer.throttles == 3
    assert writing.budget.rate < 1000


def test_total_throttling_is_waited_out_with_full_jitter(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    for _ in range(3):
        _put_fails(stub, THROTTLED, 400, *transactions)
    _put(stub, *transactions)
    writing = Writing(client)
    assert writing.write(transactions)
    pauses = [seconds for seconds in writing.time.slept if seconds in (0.05, 0.1, 0.2)]
    assert pauses == [0.05, 0.1, 0.2]


def test_throttling_is_bounded_by_the_time_that_is_left_and_by_nothing_else(
    client: Any, transactions: list[Transaction]
) -> None:
    with Stubber(client) as stub:
        for _ in range(100):
            stub.add_client_error("batch_write_item", THROTTLED)
        writing = Writing(client, seconds=30)
        began = writing.time.now
        assert not writing.write(transactions)
    assert 20 < writing.time.now - began < 30
    assert writing.writer.throttles > 10


@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalServerError", 500), ("ServiceUnavailable", 503), ("ThrottlingException", 503)],
)
def test_a_put_whose_outcome_is_unknown_becomes_conditional_statements(
    client: Any, stub: Any, transactions: list[Transaction], code: str, status: int
) -> None:
    _put_fails(stub, code, status, *transactions)
    _updated(stub, *transactions)
    assert Writing(client).write(transactions)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectionClosedError])
def test_a_lost_connection_is_an_unknown_outcome_and_the_sdk_does_not_repeat_the_put(
    client: Any, transactions: list[Transaction], error: Any
) -> None:
    sent: list[str] = []

    def lose(request: Any, **_: Any) -> None:
        sent.append(request.headers["X-Amz-Target"].decode().rpartition(".")[2])
        raise error(endpoint_url=request.url)

    client.meta.events.register("before-send.dynamodb", lose)
    with pytest.raises(error):
        Writing(client).write(transactions)
    assert sent == ["BatchWriteItem"] + ["BatchExecuteStatement"] * 5


def test_what_remains_after_a_partial_put_of_unknown_outcome_is_conditional_too(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _put(stub, a, b, c, left=(b, c))
    _put_fails(stub, "InternalServerError", 500, b, c)
    _updated(stub, b, c)
    assert Writing(client).write(transactions)


def test_a_persons_work_stays_and_counts_as_confirmed(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _executed(stub, update_unless_edited, {a: "", b: "edited", c: ""})
    assert Writing(client, undisturbed=False).write(transactions)


def test_what_is_absent_is_inserted(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _executed(stub, update_unless_edited, {a: "", b: "ConditionalCheckFailed", c: "edited"})
    _executed(stub, insert, {b: ""})
    assert Writing(client, undisturbed=False).write(transactions)


def test_what_was_expected_to_be_absent_and_is_there_is_updated(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _executed(stub, insert, {a: "DuplicateItem", b: "", c: "DuplicateItem"})
    _executed(stub, update_unless_edited, {a: "", c: "edited"})
    assert Writing(client, undisturbed=False, expects_items=False).write(transactions)


def test_what_a_person_deletes_between_two_statements_stays_deleted(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    """Each transaction takes three statements at most, whatever happens between them."""
    a = transactions[0]
    _executed(stub, update_unless_edited, {a: "ConditionalCheckFailed"})
    _executed(stub, insert, {a: "DuplicateItem"})
    _executed(stub, update_unless_edited, {a: "ConditionalCheckFailed"})
    assert Writing(client, undisturbed=False).write([a])


def test_the_next_batch_begins_with_the_statement_that_most_of_the_last_needed(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    _executed(stub, update_unless_edited, {a: "", b: "ConditionalCheckFailed"})
    _executed(stub, insert, {b: ""})
    _executed(stub, update_unless_edited, {c: "ConditionalCheckFailed"})
    _executed(stub, insert, {c: ""})
    _executed(stub, insert, {a: "DuplicateItem", b: "DuplicateItem"})
    _executed(stub, update_unless_edited, {a: "", b: ""})
    _executed(stub, update_unless_edited, {c: ""})
    with Writing(client, undisturbed=False).writer as writer:
        for batch in ([a, b], [c], [a, b], [c]):
            assert writer.write(batch, replace=True).result()


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"]
)
def test_a_statement_that_is_throttled_is_sent_again_without_the_others(
    client: Any, stub: Any, transactions: list[Transaction], code: str
) -> None:
    a, b, c = transactions
    _executed(stub, update_unless_edited, {a: "", b: code, c: code})
    _executed(stub, update_unless_edited, {b: code, c: "ConditionalCheckFailed"})
    _executed(stub, update_unless_edited, {b: ""})
    _executed(stub, insert, {c: ""})
    writing = Writing(client, undisturbed=False)
    assert writing.write(transactions)
    assert writing.writer.throttles == 2
    assert writing.budget.rate < 1000


@pytest.mark.parametrize("code", ["InternalServerError", "TransactionConflict"])
def test_a_statement_that_may_have_been_carried_out_is_repeated_five_times(
    client: Any, stub: Any, transactions: list[Transaction], code: str
) -> None:
    a, b, _ = transactions
    _executed(stub, update_unless_edited, {a: code, b: ""})
    for _ in range(4):
        _executed(stub, update_unless_edited, {a: code})
    with pytest.raises(ClientError, match=code):
        Writing(client, undisturbed=False).write([a, b])


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationError", "ResourceNotFound"])
def test_a_statement_that_no_repetition_helps_fails_the_call(
    client: Any, stub: Any, transactions: list[Transaction], code: str
) -> None:
    a, b, _ = transactions
    _executed(stub, update_unless_edited, {a: "", b: code})
    with pytest.raises(ClientError, match=code):
        Writing(client, undisturbed=False).write([a, b])


def test_requests_of_statements_are_throttled_and_fail_unknown_and_are_repeated(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a = transactions[0]
    _request_fails(stub, THROTTLED, 400, a)
    _request_fails(stub, "InternalServerError", 500, a)
    _request_fails(stub, THROTTLED, 400, a)
    _updated(stub, a)
    writing = Writing(client, undisturbed=False)
    assert writing.write([a])
    assert writing.writer.throttles == 2


def test_nothing_is_replaced_once_another_attempt_has_begun(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    writing = Writing(client)
    _put(stub, a, b, c, left=(b, c))
    sleep = writing.time.sleep

    def interrupted(seconds: float) -> None:
        writing.permit.replace = False
        sleep(seconds)

    object.__setattr__(writing.writer._pacing, "sleep", interrupted)
    _updated(stub, b, c)
    assert writing.write(transactions)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException"])
def test_expired_credentials_fail_the_call_at_once_and_for_all_batches(
    client: Any, stub: Any, transactions: list[Transaction], code: str
) -> None:
    _put_fails(stub, code, 400, *transactions)
    with Writing(client).writer as writer:
        failed = writer.write(transactions, replace=True)
        writer.drain()
        assert isinstance(failed.exception(), ClientError)
        with pytest.raises(ClientError, match=code):
            writer.write(transactions, replace=True)


def test_a_batch_is_cut_to_what_a_tenth_of_a_second_allows(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    writing = Writing(client)
    writing.budget._share = FixedShare(20.0)
    writing.budget._follow(20.0)
    _put(stub, a, b)
    _put(stub, c)
    assert writing.write(transactions)

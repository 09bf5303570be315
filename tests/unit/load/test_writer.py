"""Sequences that no emulator produces, pinned with botocore's Stubber."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.request_bodies import BODY, accept_ready_bodies
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.transaction_writes import BatchPut
from functions.aws.writing.write_budget import WriteBudget
from functions.aws.writing.writer import TransactionWriter
from functions.domain.jobs import Job, JobKey
from functions.domain.receipts.transaction import Retention, TransactionBuilder
from functions.domain.transactions import Transaction
from tests.unit.load.fake_time import FakeTime

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

    made.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", keep)
    accept_ready_bodies(made, "BatchWriteItem")
    return made


@pytest.fixture
def stub(client: Any) -> Iterator[Any]:
    """Answers in order; the bodies of puts are held against what was expected at the end."""
    stubber: Any = Stubber(client)
    stubber.bodies = []
    with stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    assert client.sent[: len(stubber.bodies)] == stubber.bodies


@pytest.fixture
def transactions() -> list[Transaction]:
    job = Job("job-1", JobKey("i", "s"), "user-1", None, None, None, None, 0)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    builder = TransactionBuilder(
        job, root_id=job.job_id, event_time=at, retention=Retention(None, None)
    )
    receipt: Any = {
        "amount": Decimal("12.5"),
        "type": "expense",
        "date": "2026-07-01",
        "merchant": 'A "quoted" 店',
        "category": "fee",
        "description": "",
    }
    return [builder.build(f"image-{number}", receipt) for number in range(3)]


class Writing:
    """A writer on a clock that only sleeping moves."""

    def __init__(self, client: Any, *, seconds: float = 60, undisturbed: bool = True) -> None:
        self.time = FakeTime()
        self.undisturbed = undisturbed
        budget = WriteBudget(1000, clock=self.time.clock, sleep=self.time.sleep)
        deadline = Deadline(self.time.now + seconds, self.time.clock)
        pacing = Pacing(budget, deadline, self.time.sleep, lambda: 0.5)
        self.budget = budget
        self.writer = TransactionWriter(
            client, TABLE, pacing=pacing, may_replace=lambda: self.undisturbed
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


def _body(transactions: Sequence[Transaction]) -> bytes:
    wires = b",".join(b'{"PutRequest":{"Item":%b}}' % each.wire for each in transactions)
    return b'{"RequestItems":{"transactions":[%b]}}' % wires


def _update(transaction: Transaction) -> dict[str, Any]:
    item = transaction.item
    return {
        "TableName": TABLE,
        "Key": {name: item[name] for name in ("userId", "transactionId")},
        "UpdateExpression": ANY,
        "ConditionExpression": ANY,
        "ExpressionAttributeNames": ANY,
        "ExpressionAttributeValues": ANY,
    }


def _updated(stub: Any, *transactions: Transaction) -> None:
    for each in transactions:
        stub.add_response("update_item", {}, _update(each))


def _update_fails(stub: Any, code: str, status: int, transaction: Transaction) -> None:
    stub.add_client_error(
        "update_item", code, http_status_code=status, expected_params=_update(transaction)
    )


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
def test_a_put_whose_outcome_is_unknown_becomes_conditional_updates(
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
    assert sent == ["BatchWriteItem"] + ["UpdateItem"] * 5


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
    _updated(stub, a)
    _update_fails(stub, "ConditionalCheckFailedException", 400, b)
    _updated(stub, c)
    assert Writing(client, undisturbed=False).write(transactions)


def test_updates_are_throttled_and_fail_unknown_and_are_repeated(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a = transactions[0]
    _update_fails(stub, THROTTLED, 400, a)
    _update_fails(stub, "InternalServerError", 500, a)
    _update_fails(stub, THROTTLED, 400, a)
    _updated(stub, a)
    writing = Writing(client, undisturbed=False)
    assert writing.write([a])
    assert writing.writer.throttles == 2


def test_nothing_is_replaced_once_somebody_else_has_come(
    client: Any, stub: Any, transactions: list[Transaction]
) -> None:
    a, b, c = transactions
    writing = Writing(client)
    _put(stub, a, b, c, left=(b, c))
    sleep = writing.time.sleep

    def interrupted(seconds: float) -> None:
        writing.undisturbed = False
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
    writing.budget._share = writing.budget._rate = 20.0
    _put(stub, a, b)
    _put(stub, c)
    assert writing.write(transactions)

"""`python -m bench.conditional [ROUNDS]`: what conditional writes cost, compared with other ways.

A replay and a second object of a job are loaded whole, as first passes are. `update_item` is the
same loader with one UpdateItem for each transaction.
"""

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import corpora, environment
from bench.report import Figure, table
from bench.rounds import Round, in_turns, measure
from bench.stubs import running

environment.pretend()

from bench.ours import OurLoader  # noqa: E402
from functions.aws.writing import writer  # noqa: E402
from functions.aws.writing.conditional_writes import BatchResult  # noqa: E402
from functions.aws.writing.transaction_writes import RequestStatus  # noqa: E402
from functions.domain.transactions import Transaction  # noqa: E402

_BYTES = 4_000_000


class _OneByOne:
    """Stands in for `ConditionalBatch`: the SDK's UpdateItem for each transaction."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def update(self, transactions: Sequence[Transaction]) -> BatchResult:
        for each in transactions:
            item = each.item
            key = {name: item.pop(name) for name in ("userId", "transactionId")}
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in item),
                ConditionExpression="attribute_not_exists(userId) OR (#version <= :version"
                " AND #status = :status)",
                ExpressionAttributeNames={f"#{name}": name for name in item},
                ExpressionAttributeValues={f":{name}": value for name, value in item.items()},
            )
        return BatchResult(RequestStatus.CONFIRMED, ())

    def insert(self, transactions: Sequence[Transaction]) -> BatchResult:
        assert not transactions
        return BatchResult(RequestStatus.CONFIRMED, ())


def main(times: int) -> None:
    """Print processor time a record and records a second, against UpdateItem's."""
    path = corpora.small()
    for delay in (0, 8):
        with running(corpora.FOLDER, delay_ms=delay) as stubs:
            conditional = partial(OurLoader, stubs, may_replace=False)
            taken = in_turns(
                {
                    "update_item": partial(_one_by_one, conditional(expects_items=True), path),
                    "replay": partial(_load, conditional(expects_items=True), path),
                    "second object": partial(_load, conditional(expects_items=False), path),
                    "first pass": partial(_load, OurLoader(stubs), path),
                },
                times + 1,  # the first warms up
            )
        print(table(_figures(delay, {name: found[1:] for name, found in taken.items()})))


def _load(loader: OurLoader, path: Path) -> Round:
    return measure(partial(loader.load, path, upto=_BYTES))


def _one_by_one(loader: OurLoader, path: Path) -> Round:
    with patch.object(writer, "ConditionalBatch", _OneByOne):
        return _load(loader, path)


def _figures(delay: int, taken: dict[str, list[Round]]) -> Iterator[Figure]:
    theirs = taken.pop("update_item")
    for name, unit, value, more_is_better in (
        ("CPU a record", "µs", _cpu, False),
        ("records", "1/s", _rate, True),
    ):
        baselines = {"update_item": list(map(value, theirs))}
        for what, found in taken.items():
            title = f"{name}, {what}, {delay} ms a request"
            yield Figure(title, unit, list(map(value, found)), baselines, more_is_better)


def _cpu(each: Round) -> float:
    return each.cpu / each.records * 1e6


def _rate(each: Round) -> float:
    return each.records / each.wall


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)

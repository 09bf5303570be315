"""The one place where the reference's tests call what is deployed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.domain import lines as product_lines
from functions.domain.attribute_values import Item, item_size
from functions.domain.counts import sum_loads
from functions.domain.jobs import Job as ProductJob
from functions.domain.payloads.payload import ObjectRef
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.transaction import Retention as ProductRetention
from functions.domain.receipts.transaction import TransactionBuilder
from functions.domain.records import Padding, Reject
from functions.domain.timestamps import parse_timestamp
from functions.domain.transactions import Transaction
from functions.load_segment.groups import RecordSorter
from tests.lines import PADDING_PREFIX
from tests.reference.lines import Line
from tests.reference.transactions import Context

BATCH_WRITE_LIMIT = 25
"""Items of one BatchWriteItem, no two of one key: DynamoDB refuses the whole batch else."""

__all__ = ["Item", "Padding", "Product", "Reject", "split"]


@dataclass(frozen=True, slots=True)
class Product:
    """The product's way from a line to an item, for one results object."""

    interpret: Interpreter
    limit: int

    @classmethod
    def of(cls, context: Context) -> "Product":
        """The product, given what the reference is given."""
        job, retention = context.job, context.retention
        record = {
            "intentId": job.intent_id,
            "submitTime": "2026-07-01T00:00:00Z",
            "userId": job.user_id,
            "modelId": job.model_id,
            "traceId": job.trace_id,
        }
        product_job = ProductJob.from_record(job.job_id, record)
        kept = ProductRetention(
            guest=_span(retention.guest_days), account=_span(retention.account_days)
        )
        at = parse_timestamp(context.event_time)
        builder = TransactionBuilder(
            product_job, root_id=product_job.job_id, event_time=at, retention=kept
        )
        interpret = Interpreter(
            builder, line_bytes_limit=context.limit, padding_prefix=PADDING_PREFIX
        )
        return cls(interpret, context.limit)

    def judge(self, line: bytes) -> Item | Reject | Padding:
        """The item that a line becomes, or its reject, or that it is padding."""
        over = len(line) > self.limit
        content, head = (None, line[: product_lines.HEAD_BYTES]) if over else (line, b"")
        outcome = self.interpret(product_lines.Line(0, len(line), 0, len(line), content, head))
        if not isinstance(outcome, Transaction):
            return outcome
        assert outcome.size == item_size(outcome.item)
        return outcome.item


@dataclass(frozen=True, slots=True)
class LoadedSegment:
    """What the loader makes of a segment, before it is written."""

    counts: dict[str, object]
    items: dict[str, Item]
    dead_letters: list[dict[str, Any]]


def load(data: bytes, product: Product, *, key: str, etag: str) -> LoadedSegment:
    """A whole object as one segment, by the loader's own grouping."""
    name = key.rpartition("/")[2]
    results = ObjectRef(bucket="images", key=key, name=name, etag=etag, size=len(data))
    sorter = RecordSorter(results, product.interpret)
    records = product_lines.split_lines([data], start=0, line_bytes_limit=product.limit)
    groups = list(sorter.groups(records))
    items: dict[str, Item] = {}
    for group in groups:
        assert len(group.transactions) <= BATCH_WRITE_LIMIT
        assert group.repeats_earlier == bool(items.keys() & group.transactions.keys())
        items |= {name: built.item for name, built in group.transactions.items()}
    letters = [letter for group in groups for letter in group.dead_letters]
    assert not any(b"\n" in letter for letter in letters)
    return LoadedSegment(
        counts=sum_loads(group.counts for group in groups).as_dict(),
        items=items,
        dead_letters=[json.loads(letter) for letter in letters],
    )


def split(blocks: Iterable[bytes], *, start: int, limit: int) -> Iterator[Line]:
    """The product's lines, as the reference has them; those over the limit without content."""
    for line in product_lines.split_lines(blocks, start=start, line_bytes_limit=limit):
        yield Line(line.start, line.offset, line.length, line.content or b"")


def _span(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)

"""The one place where the reference's tests call what is deployed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from functions.domain import lines as product_lines
from functions.domain.attribute_values import Item, item_size
from functions.domain.jobs import Job as ProductJob
from functions.domain.records import Reject, read_record, too_large, too_long
from functions.domain.timestamps import parse_timestamp
from functions.domain.transactions import MAX_ITEM_BYTES, TransactionBuilder
from functions.domain.transactions import Retention as ProductRetention
from tests.reference.lines import Line
from tests.reference.transactions import Job, Retention

__all__ = ["Item", "Product", "Reject", "split"]


@dataclass(frozen=True, slots=True)
class Product:
    """The product's way from a line to an item, for one results object."""

    builder: TransactionBuilder
    limit: int

    @classmethod
    def of(cls, job: Job, *, event_time: str, retention: Retention, limit: int) -> "Product":
        """The product, given what the reference is given."""
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
        at = parse_timestamp(event_time)
        return cls(TransactionBuilder(product_job, event_time=at, retention=kept), limit)

    def judge(self, line: bytes) -> Item | Reject:
        """The item that a line becomes, or its reject."""
        if len(line) > self.limit:
            return too_long(len(line), self.limit)
        verdict = read_record(line)
        if isinstance(verdict, Reject):
            return verdict
        item = self.builder.build(verdict.image_id, verdict.receipt)
        size = item_size(item)
        return too_large(verdict, size) if size > MAX_ITEM_BYTES else item


def split(blocks: Iterable[bytes], *, start: int, limit: int) -> Iterator[Line]:
    """The product's lines, as the reference has them; those over the limit without content."""
    for line in product_lines.split_lines(blocks, start=start, line_bytes_limit=limit):
        yield Line(line.start, line.offset, line.length, line.content or b"")


def _span(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)

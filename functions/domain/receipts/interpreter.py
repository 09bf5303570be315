"""The interpreter of lines: from a line to a transaction, a reject or padding."""

from dataclasses import dataclass

from functions.domain.lines import Line
from functions.domain.receipts.record import GoodRecord, read_record, too_large, too_long
from functions.domain.receipts.transaction import TransactionBuilder
from functions.domain.records import Outcome
from functions.domain.transactions import MAX_ITEM_BYTES


@dataclass(frozen=True)
class Interpreter:
    """Interprets the lines of one results object.

    Attributes:
        builder: Makes the transactions.
        line_bytes_limit: Longer lines are not read.
        padding_prefix: What an image id of padding begins with.
    """

    builder: TransactionBuilder
    line_bytes_limit: int
    padding_prefix: str

    def __call__(self, line: Line) -> Outcome:
        """Read one line."""
        if line.content is None:
            return too_long(line, self.line_bytes_limit)
        record = read_record(line, padding_prefix=self.padding_prefix)
        if not isinstance(record, GoodRecord):
            return record
        transaction = self.builder.build(record.image_id, record.receipt)
        if transaction.size > MAX_ITEM_BYTES:
            return too_large(record, transaction.size, line)
        return transaction

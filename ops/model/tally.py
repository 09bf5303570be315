"""The counts of records as one sum, for people."""

from __future__ import annotations

from functions.domain.plain_text import counted


def tally(
    records: int, *, transactions: int, rejects: int, duplicates: int, padding: int = 0
) -> str:
    """`3 records = 1 transaction + 1 reject + 1 duplicate`."""
    text = (
        f"{counted(records, 'record')} = {counted(transactions, 'transaction')} + "
        f"{counted(rejects, 'reject')} + {counted(duplicates, 'duplicate')}"
    )
    return f"{text} + {padding:,} padding" if padding else text

"""Groups of records: what is written, and confirmed, together.

A worker call has done the confirmed groups from its first byte to the first unconfirmed one. So it
can stop after any group and record exactly what it did.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from functions.domain.counts import LoadCounts
from functions.domain.lines import Line
from functions.domain.payloads.payload import ObjectRef
from functions.domain.records import Interpret, Reject
from functions.domain.transactions import Transaction

GROUP_TRANSACTIONS: Final = 25
"""What one BatchWriteItem takes."""
GROUP_BYTES: Final = 128 * 1024
"""A group of large items is closed early: some dozens of groups wait for their writers."""
GROUP_REJECTS: Final = 25
"""Rejects and padding alone make a group as well, or a run of them would be held without end."""


@dataclass
class Group:
    """Consecutive records.

    Attributes:
        end: First byte after the last of their lines.
        transactions: By id.
        image_ids: Images of records that became transactions, repeated ones once.
        dead_letters: Lines of the dead-letter object.
        repeats_earlier: It writes a key that an earlier group wrote too: it has to wait for
            that one, and a person may have edited the transaction since.
        size: Bytes of all that came in.
    """

    end: int
    transactions: dict[str, Transaction] = field(default_factory=dict)
    image_ids: list[str] = field(default_factory=list)
    duplicates: int = 0
    padding: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    dead_letters: list[bytes] = field(default_factory=list)
    repeats_earlier: bool = False
    size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time for the next one."""
        return (
            len(self.transactions) >= GROUP_TRANSACTIONS
            or len(self.dead_letters) + self.padding >= GROUP_REJECTS
            or self.size >= GROUP_BYTES
        )

    @property
    def counts(self) -> LoadCounts:
        """What became of its records."""
        return LoadCounts(
            success=len(self.image_ids),
            duplicate=self.duplicates,
            rejects=dict(self.rejects),
            padding=self.padding,
        )


class RecordSorter:
    """Sorts the records of one segment into groups."""

    def __init__(self, results: ObjectRef, interpret: Interpret) -> None:
        """Prepare.

        Args:
            results: Named in dead letters.
            interpret: Reads a line.
        """
        self._results = results
        self._interpret = interpret
        self._seen: set[bytes] = set()

    def groups(self, lines: Iterable[Line]) -> Iterator[Group]:
        """Yield groups as they fill up; lines are asked for one at a time."""
        group: Group | None = None
        for line in lines:
            if group is None:
                group = Group(end=line.next_start)
            group.end = line.next_start
            self._add(group, line)
            if group.is_full:
                yield group
                group = None
        if group is not None:
            yield group

    def _add(self, group: Group, line: Line) -> None:
        outcome = self._interpret(line)
        if isinstance(outcome, Transaction):
            self._accept(group, outcome)
        elif isinstance(outcome, Reject):
            self._reject(group, line, outcome)
        else:
            group.padding += 1

    def _accept(self, group: Group, transaction: Transaction) -> None:
        """Take a transaction; of two with one id the later line wins."""
        identity = bytes.fromhex(transaction.transaction_id)
        if identity in self._seen:
            group.duplicates += 1
            group.repeats_earlier |= transaction.transaction_id not in group.transactions
        else:
            self._seen.add(identity)
            group.image_ids.append(transaction.image_id)
        group.transactions[transaction.transaction_id] = transaction
        group.size += len(transaction.wire)

    def _reject(self, group: Group, line: Line, reject: Reject) -> None:
        letter = {
            "key": self._results.key,
            "etag": self._results.etag,
            "offset": line.offset,
            "length": line.length,
            "reason": reject.reason.value,
            "details": reject.details,
            "excerpt": reject.excerpt,
        }
        if reject.record_id is not None:
            letter["recordId"] = reject.record_id
        group.rejects[reject.reason.value] += 1
        group.dead_letters.append(json.dumps(letter, ensure_ascii=False).encode())
        group.size += len(group.dead_letters[-1])

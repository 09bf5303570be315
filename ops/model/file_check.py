"""The result that a file's records would have, computed without AWS."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from functions.domain.jobs import Job, JobKey
from functions.domain.lines import Line, split_lines
from functions.domain.receipts.forms import answer_of
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.reject import RejectReason
from functions.domain.receipts.strict_json import NotJson, parse_object
from functions.domain.receipts.transaction import Retention, TransactionBuilder
from functions.domain.records import Padding, Reject
from ops.model import project
from ops.model.reject_kinds import Kind, KindSorter, OfKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.domain.transactions import Transaction

FIRST_TRANSACTIONS: Final = 5
EXAMPLES: Final = 3
"""Examples kept of each kind of reject."""
INPUT_ALONE: Final = "the record has the keys recordId, modelInput"
NO_FORM: Final = "none that is read"
_BLOCK_BYTES: Final = 1024 * 1024
_LOOKS: Final = "the object looks like"
_OF_THIS_LINE: Final = re.compile(r" \(.* of this (?:line|one)[^)]*\)")
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Example:
    """A rejected record; the first line of a file is 1, and blank lines are not counted."""

    record_id: str | None
    line: int
    offset: int
    details: list[str]
    excerpt: str

    @property
    def where(self) -> str:
        """For people."""
        return f"line {self.line}"


@dataclass
class FileCheck:
    """What a file holds, and what would become of it.

    Attributes:
        is_gzip: Its content was decompressed to be read here. The product does not do that.
        looks_like: Of an object that is not JSON Lines; what each kind of line says.
        forms: Where answers were found, with their numbers.
        loads: Records that would become transactions; of two with one image id, one.
        rejects: By kind, the most frequent first, with some examples.
        first: Some of the transactions.
    """

    is_gzip: bool = False
    records: int = 0
    loads: int = 0
    duplicates: int = 0
    padding: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    rejects: dict[Kind, OfKind[Example]] = field(default_factory=dict)
    looks_like: Counter[str] = field(default_factory=Counter)
    first: list[Transaction] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Records that cannot become transactions."""
        return sum(of_kind.count for of_kind in self.rejects.values())

    @property
    def is_input(self) -> bool:
        """Whether most records hold the question alone."""
        question = self.rejects.get(Kind(RejectReason.UNKNOWN_FORM.value, INPUT_ALONE))
        return question is not None and 2 * question.count > self.records - self.padding

    @property
    def is_another_shape(self) -> bool:
        """Whether most of what was read is not a receipt in a known form."""
        foreign = (RejectReason.UNKNOWN_FORM, RejectReason.MISSING_RECORD_ID)
        found = sum(
            of_kind.count
            for kind, of_kind in self.rejects.items()
            if kind.reason in foreign
            or (kind.reason == RejectReason.INVALID_RECEIPT and "is missing" in kind.detail)
        )
        return 2 * found > self.records - self.padding


def check_file(path: Path) -> FileCheck:
    """Read a file as LoadSegment would read it from S3."""
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP)) == _GZIP
    found = FileCheck(is_gzip=is_gzip)
    seen: set[str] = set()
    rejects: KindSorter[Example] = KindSorter(most=EXAMPLES)
    interpret, limit = interpreter(), project.number("lineBytesLimit")
    with gzip.open(path) if is_gzip else path.open("rb") as file:
        for line in split_lines(_blocks(file), start=0, line_bytes_limit=limit):
            found.records += 1
            outcome = interpret(line)
            if not isinstance(outcome, Padding) and (form := _form(line)) is not None:
                found.forms[form] += 1
            if isinstance(outcome, Reject):
                _add_reject(found, line, outcome, rejects)
            else:
                _add_good(found, outcome, seen)
    found.rejects = rejects.found
    return found


def _add_good(found: FileCheck, outcome: Transaction | Padding, seen: set[str]) -> None:
    if isinstance(outcome, Padding):
        found.padding += 1
    elif outcome.image_id in seen:
        found.duplicates += 1
    else:
        seen.add(outcome.image_id)
        found.loads += 1
        if len(found.first) < FIRST_TRANSACTIONS:
            found.first.append(outcome)


def _add_reject(found: FileCheck, line: Line, reject: Reject, rejects: KindSorter[Example]) -> None:
    details = []
    for detail in reject.details:
        if detail.startswith(_LOOKS):
            found.looks_like[_OF_THIS_LINE.sub("", detail)] += 1
        else:
            details.append(detail)
    example = Example(reject.record_id, found.records, line.offset, details, reject.excerpt)
    rejects.add(kind_of(reject.reason.value, details), example)


def _form(line: Line) -> str | None:
    """The form of a record; None if it is not a record."""
    try:
        record = parse_object(line.content or b"")
    except NotJson:
        return None
    answer = answer_of(record)
    return NO_FORM if answer is None else answer.form.value


def _blocks(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def interpreter() -> Interpreter:
    """Interprets lines as LoadSegment does, for a job that does not exist."""
    job = Job(
        job_id="job",
        key=JobKey("intent", ""),
        user_id="user",
        model_id=None,
        trace_id=None,
        pending_image_count=None,
    )
    builder = TransactionBuilder(
        job,
        root_id=job.job_id,
        event_time=datetime(2000, 1, 1, tzinfo=UTC),
        retention=Retention(None, None),
    )
    return Interpreter(
        builder,
        line_bytes_limit=project.number("lineBytesLimit"),
        padding_prefix=project.padding_prefix(),
    )

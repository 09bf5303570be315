"""Seeded corpora: the bytes of a results object, and what was planted in them.

    corpus = generate(Knobs(seed=7, lines=1000, guaranteed=True))
    corpus.data         # put it into the bucket
    corpus.planted      # what each record must become, in order

The same knobs give the same bytes. The job is not part of a corpus: only `ItemTooLarge` depends
on it, and what is planted for it is far over the limit whatever the job.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.reference import ingredients
from tests.reference.forms import (
    TEXT_FORMS,
    TOOL_FORMS,
    Form,
    Said,
    make_model_input,
    make_record,
)
from tests.reference.ingredients import ExpectedReceipt
from tests.reference.lines import BYTE_ORDER_MARK
from tests.reference.records import PADDING_PREFIX, Reason
from tests.reference.spoilers import SPOILERS, Spoilt
from tests.reference.tree import to_bytes, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What a corpus consists of. Shares are of 1, weights relative.

    `guaranteed` plants every text form and every reason at least once (where the lines suffice).
    `line_limit` is the bound the reader will be given: `LineTooLong` is planted just over it.
    """

    seed: int
    lines: int = 1000
    forms: Mapping[Form, float] = field(default_factory=lambda: dict.fromkeys(TEXT_FORMS, 1.0))
    reject_share: float = 0.1
    rejects: Mapping[Reason, float] = field(
        default_factory=lambda: {
            reason: 0.02 if reason in (Reason.LINE_TOO_LONG, Reason.ITEM_TOO_LARGE) else 1.0
            for reason in Reason
        }
    )
    guaranteed: bool = False
    line_limit: int = 1024 * 1024
    duplicate_share: float = 0.02
    odd_id_share: float = 0.2
    model_input_bytes: tuple[int, int] = (0, 400)
    description_characters: tuple[int, int] = (0, 120)
    dressed_share: float = 0.3
    tool_share: float = 0.15
    padding_share: float = 0.02
    crlf_share: float = 0.1
    blank_line_share: float = 0.05
    tab_share: float = 0.05
    escaped_share: float = 0.2
    byte_order_mark: bool = False
    final_newline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One record: where it is, and what it must become."""

    offset: int
    length: int
    image_id: str | None
    reason: Reason | None
    receipt: ExpectedReceipt | None
    is_padding: bool = False


@dataclass(frozen=True, slots=True)
class Corpus:
    """A results object's bytes and the records in it, in order."""

    data: bytes
    planted: tuple[Planted, ...]

    def transactions(self) -> dict[str, Planted]:
        """The records that win, by image id, when the object is one segment (section 2)."""
        return {
            each.image_id: each
            for each in self.planted
            if each.receipt is not None and each.image_id is not None
        }

    def counts(self) -> dict[str, int]:
        """Section 3.3, when the object is one segment."""
        failed = sum(each.reason is not None for each in self.planted)
        padding = sum(each.is_padding for each in self.planted)
        succeeded = len(self.transactions())
        return {
            "totalCount": len(self.planted),
            "successCount": succeeded,
            "failureCount": failed,
            "duplicateCount": len(self.planted) - failed - padding - succeeded,
            "paddingCount": padding,
        }

    def rejects_by_reason(self) -> dict[str, int]:
        """Section 3.3: the reasons that occurred."""
        found: dict[str, int] = {}
        for each in self.planted:
            if each.reason is not None:
                found[each.reason.value] = found.get(each.reason.value, 0) + 1
        return found


def generate(knobs: Knobs) -> Corpus:
    """The corpus of these knobs."""
    chance = random.Random(f"corpus {knobs.seed}")
    data = bytearray(BYTE_ORDER_MARK if knobs.byte_order_mark else b"")
    planted: list[Planted] = []
    ids: list[str] = []
    for number, reason in enumerate(_reasons(knobs, chance)):
        while chance.random() < knobs.blank_line_share:
            data += chance.choice((b"\n", b"\r\n", b"  \n", b"\t \r\n", b"\r\r\n"))
        offset = len(data)
        line = _line(knobs, chance, number=number, reason=reason, ids=ids)
        content = to_bytes(line.text)
        if chance.random() < knobs.tab_share:
            content = b"\t" + content + b" \t"
        data += content
        length = len(data) - offset
        data += b"\r\n" if chance.random() < knobs.crlf_share else b"\n"
        planted.append(
            Planted(
                offset=offset,
                length=length,
                image_id=line.image_id,
                reason=reason,
                receipt=line.receipt,
                is_padding=line.is_padding,
            )
        )
    if planted and not knobs.final_newline:
        data = data[: planted[-1].offset + planted[-1].length]
    return Corpus(bytes(data), tuple(planted))


def _reasons(knobs: Knobs, chance: random.Random) -> list[Reason | None]:
    """What each line shall become."""
    names, weights = list(knobs.rejects), list(knobs.rejects.values())
    found: list[Reason | None] = [
        chance.choices(names, weights)[0] if chance.random() < knobs.reject_share else None
        for _ in range(knobs.lines)
    ]
    if knobs.guaranteed:
        wanted: list[Reason | None] = [*Reason, *([None] * len(TEXT_FORMS))]
        found[: len(wanted)] = wanted[: knobs.lines]
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    image_id: str | None
    receipt: ExpectedReceipt | None = None
    is_padding: bool = False


def _line(
    knobs: Knobs, chance: random.Random, *, number: int, reason: Reason | None, ids: list[str]
) -> _Line:
    if reason is None and ids and chance.random() < knobs.duplicate_share:
        image_id = chance.choice(ids)
    else:
        image_id = ingredients.make_image_id(chance, number=number, odd_share=knobs.odd_id_share)
    style = ingredients.make_style(chance, knobs.escaped_share)
    is_padding = reason is None and not _is_wanted(knobs, number)
    is_padding = is_padding and chance.random() < knobs.padding_share
    if is_padding:
        image_id = f"{PADDING_PREFIX}{number}"
    receipt, expected = ingredients.make_receipt(chance, knobs.description_characters)
    form = _form(knobs, chance, number)
    text = ingredients.make_text(chance, receipt, dressed_share=knobs.dressed_share)
    said = Said(text)
    if form in TOOL_FORMS and chance.random() < knobs.tool_share:
        said = Said(chance.choice(("", "I will save it.", text)), (receipt,))
    record = make_record(
        form,
        image_id=image_id,
        said=said,
        model_input=make_model_input(chance, knobs.model_input_bytes),
        chance=chance,
    )
    if is_padding:
        return _Line(write(record, style, chance), image_id, is_padding=True)
    if reason is None:
        ids.append(image_id)
        return _Line(write(record, style, chance), image_id, expected)
    spoilt = SPOILERS[reason](
        Spoilt(knobs.line_limit, chance, record, receipt, form, style, image_id)
    )
    has_id = reason not in (Reason.LINE_TOO_LONG, Reason.INVALID_JSON, Reason.MISSING_RECORD_ID)
    return _Line(spoilt, image_id if has_id else None)


def _is_wanted(knobs: Knobs, number: int) -> bool:
    """Whether the line is one that `guaranteed` plants."""
    return knobs.guaranteed and number < len(Reason) + len(TEXT_FORMS)


def _form(knobs: Knobs, chance: random.Random, number: int) -> Form:
    if _is_wanted(knobs, number) and number >= len(Reason):
        return TEXT_FORMS[number - len(Reason)]
    return chance.choices(list(knobs.forms), list(knobs.forms.values()))[0]

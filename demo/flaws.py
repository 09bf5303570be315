"""Flaws of records: how each is made, and its expected dead letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.domain.receipts.reject import RejectReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.forms import Form, Record


@dataclass(frozen=True)
class Flaw:
    """Something wrong with a record.

    Attributes:
        reason: The reject that it is.
        spoil: Makes the flawed line of a good record.
        text: What the model says instead of a receipt, where that is the flaw.
        details: The dead letter's, where the contract fixes them.
    """

    reason: RejectReason
    spoil: Callable[[Form, Record], bytes]
    text: str | None = None
    details: tuple[str, ...] | None = None


def _says(reason: RejectReason, text: str) -> Flaw:
    return Flaw(reason, lambda form, record: form.line(record), text=text)


def _error(form: Form, record: Record) -> bytes:
    error = {"errorCode": 400, "errorMessage": "Unprocessable image"}
    return form.line(
        dict(("error", error) if member[0] == form.answer else member for member in record.items())
    )


def _nameless(form: Form, record: Record) -> bytes:
    ids = ("recordId", "customData")
    return form.line({name: value for name, value in record.items() if name not in ids})


def _receipt(amount: str = "1200", date: str = "2026-03-01", category: str = "fee") -> str:
    return (
        f'{{"amount": {amount}, "type": "expense", "date": "{date}", '
        f'"merchant": "郵便局", "category": "{category}"}}'
    )


MODEL_ERROR = Flaw(RejectReason.MODEL_ERROR, _error, details=("400", "Unprocessable image"))
UNKNOWN_FORM = Flaw(
    RejectReason.UNKNOWN_FORM,
    lambda form, record: form.line({**record, form.answer: {"summary": "a receipt"}}),
)
NAMELESS = Flaw(RejectReason.MISSING_RECORD_ID, _nameless)
CUT_OFF = Flaw(RejectReason.INVALID_JSON, lambda form, record: form.line(record)[:-3])
REFUSAL = _says(RejectReason.NO_JSON_IN_TEXT, "I am sorry, this picture shows no receipt.")
SILENCE = _says(RejectReason.NO_JSON_IN_TEXT, "")
HALF_ANSWER = _says(RejectReason.NO_JSON_IN_TEXT, _receipt()[:-20])
AMOUNT_AS_TEXT = _says(RejectReason.INVALID_RECEIPT, _receipt(amount='"1200"'))
NEGATIVE_AMOUNT = _says(RejectReason.INVALID_RECEIPT, _receipt(amount="-1200"))
NO_SUCH_DAY = _says(RejectReason.INVALID_RECEIPT, _receipt(date="2026-02-30"))
NO_SUCH_CATEGORY = _says(RejectReason.INVALID_RECEIPT, _receipt(category="lunch"))

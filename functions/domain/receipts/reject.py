"""Why a record cannot become a transaction."""

from enum import StrEnum
from typing import Any, Final

MAX_DETAIL_CHARACTERS: Final = 200
MAX_DETAILS: Final = 12
_MAX_KEYS: Final = 12
_MAX_KEY_CHARACTERS: Final = 40


class RejectReason(StrEnum):
    """Reasons in their order: the first that applies counts."""

    LINE_TOO_LONG = "LineTooLong"
    INVALID_JSON = "InvalidJson"
    MISSING_RECORD_ID = "MissingRecordId"
    MODEL_ERROR = "ModelError"
    TRUNCATED = "Truncated"
    REFUSED = "Refused"
    UNKNOWN_FORM = "UnknownForm"
    SEVERAL_RECEIPTS = "SeveralReceipts"
    NO_JSON_IN_TEXT = "NoJsonInText"
    INVALID_RECEIPT = "InvalidReceipt"
    ITEM_TOO_LARGE = "ItemTooLarge"


class Unreadable(ValueError):  # noqa: N818  not an error of the program
    """An answer that holds no receipt.

    Attributes:
        reason: Why, if the model's stop reason says nothing else.
        details: Short strings, without the answer's values.
    """

    def __init__(self, reason: RejectReason, details: list[str]) -> None:
        """Keep reason and details."""
        self.reason = reason
        self.details = details
        super().__init__("; ".join(details))


def short(details: list[str]) -> list[str]:
    """Details in the bounds of a dead letter."""
    return [each[:MAX_DETAIL_CHARACTERS] for each in details[:MAX_DETAILS]]


def keys_of(value: dict[str, Any]) -> str:
    """The keys of an object, as a detail."""
    if not value:
        return "has no keys"
    shown = [key[:_MAX_KEY_CHARACTERS] for key in list(value)[:_MAX_KEYS]]
    more = " and more" if len(value) > _MAX_KEYS else ""
    return f"has the keys {', '.join(shown)}{more}"

"""Why a record cannot become a transaction."""

from enum import StrEnum


class RejectReason(StrEnum):
    """The first that applies, in this order."""

    LINE_TOO_LONG = "LineTooLong"
    INVALID_JSON = "InvalidJson"
    MISSING_RECORD_ID = "MissingRecordId"
    MODEL_ERROR = "ModelError"
    UNKNOWN_FORM = "UnknownForm"
    NO_JSON_IN_TEXT = "NoJsonInText"
    INVALID_RECEIPT = "InvalidReceipt"
    ITEM_TOO_LARGE = "ItemTooLarge"

"""The one JSON object that a model's text holds (the contract, section 1.5)."""

from enum import Enum

from tests.reference import strict_json
from tests.reference.strict_json import NotJsonError, Value

TAGS = ("reasoning", "think", "thinking")
BYTE_ORDER_MARK = "\ufeff"


class NoReceiptText(Enum):
    NO_OBJECT = "no object"
    SEVERAL_OBJECTS = "several objects"


def read_text(text: str) -> dict[str, Value] | NoReceiptText:
    """The object that the text is, or that it holds among other things."""
    whole = strip(text)
    try:
        return strict_json.parse_object(whole)
    except NotJsonError:
        pass
    answer = without_reasoning(whole)
    found = only_object(answer)
    if not answer.startswith('"'):
        return found
    with_brace = only_object("{" + answer)
    if NoReceiptText.SEVERAL_OBJECTS is with_brace or isinstance(found, NoReceiptText):
        several = found is NoReceiptText.SEVERAL_OBJECTS and not isinstance(with_brace, dict)
        return found if several else with_brace
    return found


def strip(text: str) -> str:
    """Without white space and U+FEFF around it, in whatever order they come."""
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or text[start] == BYTE_ORDER_MARK):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == BYTE_ORDER_MARK):
        end -= 1
    return text[start:end]


def without_reasoning(text: str) -> str:
    """Without the reasoning before the answer; the text is stripped, and so is what is left."""
    start = 0
    if not any(text.startswith(f"<{tag}>") for tag in TAGS):
        ends = [text.rfind(f"</{tag}>") + len(f"</{tag}>") for tag in TAGS if f"</{tag}>" in text]
        start = max(ends, default=0)
    while True:
        while start < len(text) and (text[start].isspace() or text[start] == BYTE_ORDER_MARK):
            start += 1
        tag = next((tag for tag in TAGS if text.startswith(f"<{tag}>", start)), None)
        if tag is None:
            return text[start:]
        end = text.find(f"</{tag}>", start)
        if end < 0:
            return ""
        start = end + len(f"</{tag}>")


def only_object(text: str) -> dict[str, Value] | NoReceiptText:
    """The object that the first brace begins, if no other brace opens behind it."""
    start = text.find("{")
    if start < 0:
        return NoReceiptText.NO_OBJECT
    try:
        found, end = strict_json.parse_object_at(text, start)
    except NotJsonError:
        return NoReceiptText.NO_OBJECT
    second = text.find("{", end)
    if second < 0:
        return found
    try:
        strict_json.parse_object_at(text, second)
    except NotJsonError:
        return NoReceiptText.NO_OBJECT
    return NoReceiptText.SEVERAL_OBJECTS

"""The one JSON object in a text, whatever else is written around it."""

import re
from typing import Any, Final, NamedTuple

from functions.domain.receipts.reasoning import reasoning_end
from functions.domain.receipts.reject import RejectReason, Unreadable
from functions.domain.receipts.strict_json import (
    MAX_CONTAINERS,
    TOO_MANY_CONTAINERS,
    NotJson,
    parse_object,
)

WHITE_SPACE: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The white space of `str.isspace`, and U+FEFF."""
_QUOTE: Final = '"'
_NEXT_BRACKET: Final = re.compile(
    r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL
)
"""Possessive throughout, so that it never backtracks."""


class FoundObject(NamedTuple):
    """An object, and how it is written."""

    written: str
    fields: dict[str, Any]


def find_object(text: str) -> FoundObject:
    """The object that a text is, or the only one in it.

    Args:
        text: Without white space and U+FEFF around it.

    Raises:
        Unreadable: the text holds none, or several.
    """
    if text.startswith("{"):
        try:
            return FoundObject(text, parse_object(text.encode()))
        except NotJson:
            pass
    return _find_among_words(text)


def _find_among_words(text: str) -> FoundObject:
    reasoning = reasoning_end(text)
    rest = text[reasoning:].lstrip(WHITE_SPACE)
    if not rest:
        raise _no_json("nothing behind the reasoning" if reasoning else "the text is empty")
    begins = len(text) - len(rest)
    try:
        found = _only_object(rest, begins)
    except Unreadable as problem:
        if not rest.startswith(_QUOTE):
            raise
        return _with_prefilled_brace(rest, begins, problem)
    if rest.startswith(_QUOTE) and _begins_without_brace(rest):
        raise Unreadable(RejectReason.SEVERAL_RECEIPTS, ["two objects, the first without its {"])
    return found


def _with_prefilled_brace(rest: str, begins: int, problem: Unreadable) -> FoundObject:
    """Read once more with the brace that a prompt had written for the model."""
    try:
        return _only_object("{" + rest, begins - 1)
    except Unreadable as with_brace:
        if with_brace.reason is RejectReason.SEVERAL_RECEIPTS:
            raise
        more = [f"with a {{ before it: {detail}" for detail in with_brace.details]
        raise Unreadable(problem.reason, problem.details + more) from None


def _begins_without_brace(rest: str) -> bool:
    """Whether an object whose brace was prefilled precedes the first brace."""
    whole = "{" + rest
    end = _object_end(whole, 0)
    return 0 < end <= whole.find("{", 1) and _parsed(whole[:end]) is not None


def _only_object(text: str, offset: int) -> FoundObject:
    """The object that the first brace begins, if no brace follows its end.

    Args:
        text: Where it is looked for.
        offset: Where this text begins in the model's text; for the details.
    """
    begins = text.find("{")
    if begins < 0:
        raise _no_json("no { in the text")
    end = _object_end(text, begins)
    written = text[begins : end or len(text)]
    try:
        fields = parse_object(written.encode())
    except NotJson as problem:
        raise _no_json(_place(problem, written, offset + begins)) from None
    second = text.find("{", end)
    if second < 0:
        return FoundObject(written, fields)
    at = f"at character {offset + second + 1} of the text"
    if _parsed(text[second : _object_end(text, second)]) is None:
        raise _no_json(f"another {{ behind the object, {at}")
    raise Unreadable(RejectReason.SEVERAL_RECEIPTS, [f"a second object begins {at}"])


def _object_end(text: str, begins: int) -> int:
    """The position behind the bracket that closes the one at `begins`; 0 if none does.

    Exact for JSON. Anything else is found out when it is parsed afterwards.
    """
    depth = 0
    at = begins
    for _ in range(2 * MAX_CONTAINERS + 2):
        found = _NEXT_BRACKET.match(text, at)
        if found is None:
            return 0
        at = found.end()
        depth += 1 if found[1] in "{[" else -1
        if not depth:
            return at
    raise _no_json(TOO_MANY_CONTAINERS)


def _parsed(written: str) -> dict[str, Any] | None:
    try:
        return parse_object(written.encode())
    except NotJson:
        return None


def _place(problem: NotJson, written: str, offset: int) -> str:
    if problem.at is None:
        return problem.why
    characters = len(written.encode()[: problem.at].decode(errors="ignore"))
    return f"character {offset + characters + 1} of the text: {problem.why}"


def _no_json(detail: str) -> Unreadable:
    return Unreadable(RejectReason.NO_JSON_IN_TEXT, [detail])

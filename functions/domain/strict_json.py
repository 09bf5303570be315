"""JSON as the contract has it: RFC 8259, and what nobody can rely on is refused.

No NaN and no Infinity, no unpaired surrogate escapes, no nesting deeper than 200, no integers of
more than 4,300 digits; of repeated keys the last counts. All but the last level of nesting is
what pydantic's parser refuses by itself.
"""

import re
from typing import Any, Final

from pydantic_core import from_json

MAX_NESTING: Final = 200

_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def parse_object(content: bytes) -> dict[str, Any]:
    """Parse what must be one JSON object in UTF-8.

    Raises:
        ValueError: if it is not; the message says why and where, without the content.
    """
    value = from_json(content, allow_inf_nan=False)
    if not isinstance(value, dict):
        raise ValueError("JSON, but not an object")  # noqa: TRY004  one error for its callers
    if _nests_too_deeply(content):
        raise ValueError(f"nested deeper than {MAX_NESTING}")
    return value


def _nests_too_deeply(content: bytes) -> bool:
    """Whether JSON that the parser took has an empty list or object on a level too many."""
    if content.count(b"[") + content.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(content):
        if token[0] in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif token[0] in b"]}":
            depth -= 1
    return False

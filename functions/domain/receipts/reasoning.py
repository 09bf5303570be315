"""Reasoning that a model writes into its text, before its answer.

gpt-oss on Bedrock puts it into `<reasoning>`, DeepSeek-R1 and Qwen3 into `<think>`, Nova into
`<thinking>`.
"""

import re
from typing import Final

_TAGS: Final = ("reasoning", "think", "thinking")
_OPENING: Final = re.compile(rf"[\s\ufeff]*<({'|'.join(_TAGS)})>")
_CLOSING: Final = tuple(f"</{tag}>" for tag in _TAGS)


def reasoning_end(text: str) -> int:
    """The position behind the reasoning that a text begins with; 0 if there is none.

    A text with a closing tag whose opening one was prefilled is reasoning up to its last closing
    tag. Reasoning that is never closed goes to the end of the text.
    """
    at = 0
    if not _OPENING.match(text):
        found = [text.rfind(closing) + len(closing) for closing in _CLOSING if closing in text]
        at = max(found, default=0)
    while opening := _OPENING.match(text, at):
        closing = f"</{opening[1]}>"
        closes = text.find(closing, opening.end())
        if closes < 0:
            return len(text)
        at = closes + len(closing)
    return at

"""Where a record holds the model's answer: a form for each family of models.

Sources: docs/contract.md, section 1.4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from functions.domain.receipts.reject import keys_of
from functions.domain.receipts.strict_json import kind_of


class Form(StrEnum):
    """The forms, in the order in which they count."""

    ANTHROPIC = "Anthropic Messages"
    CONVERSE = "Nova, Converse"
    CHAT = "OpenAI-style chat"
    COMPLETIONS = "completions"
    LLAMA = "Llama"
    MISTRAL = "Mistral"
    TITAN = "Titan"
    COHERE = "Cohere"
    CLAUDE_2 = "Claude 2"
    HAND_MADE = "hand-made"


@dataclass(slots=True)
class Answer:
    """What a model answered. Not frozen, since one is made for each record.

    Attributes:
        form: Where it was found.
        text: All parts of it that are text.
        inputs: Of its tool calls. In OpenAI-style chat an input is the text of an object.
    """

    form: Form
    text: str
    inputs: Sequence[Any] = ()


def output_of(record: dict[str, Any]) -> Any:
    """What holds the model's answer: `modelOutput`, or the body of an OpenAI batch response."""
    output = record.get("modelOutput")
    return _member(record.get("response"), "body") if output is None else output


def answer_of(record: dict[str, Any]) -> Answer | None:
    """The answer in the first form that is present; None if none is."""
    output = record.get("modelOutput")
    if output is None:
        output = output_of(record)
    if isinstance(output, dict):
        for form, path, take in _IN_OUTPUT:
            if (name := path[0]) not in output:
                continue
            value = output[name] if len(path) == 1 else _at(output, path)
            if (found := take(form, value)) is not None:
                return found
    return _string(Form.HAND_MADE, _at(record, _HAND_MADE.path))


def unknown_form(record: dict[str, Any]) -> list[str]:
    """Details of a record in no known form: its keys, and where each likely form ends."""
    output = output_of(record)
    if not isinstance(output, dict):
        missing = "" if output is None else f"; modelOutput is {kind_of(output)}"
        return [f"the record {keys_of(record)}{missing}"]
    details = [f"modelOutput {keys_of(output)}"]
    for place in (*_IN_OUTPUT, _HAND_MADE):
        holder = record if place is _HAND_MADE else output
        if place.path[0] in holder:
            details.append(f"{place.form}: {_where_it_breaks(holder, place.path)}")
    return details


class _Place(NamedTuple):
    """A form's path, and what is read at its end."""

    form: Form
    path: tuple[str | int, ...]
    take: Callable[[Form, Any], Answer | None]


def _string(form: Form, value: Any) -> Answer | None:
    return Answer(form, value) if isinstance(value, str) else None


def _anthropic_content(form: Form, content: Any) -> Answer | None:
    if isinstance(content, str):
        return Answer(form, content)
    if not isinstance(content, list):
        return None
    texts, inputs = [], []
    for part in content:
        if isinstance(part, dict):
            kind = part.get("type")
            if kind == "text" or kind is None:  # a part of no type is text if it has one
                if isinstance(text := part.get("text"), str):
                    texts.append(text)
            elif kind == "tool_use":
                inputs.append(part.get("input"))
    return Answer(form, "".join(texts), inputs)


def _converse_content(form: Form, content: Any) -> Answer | None:
    if not isinstance(content, list):
        return None
    texts, inputs = [], []
    for part in content:
        if isinstance(part, dict):
            if isinstance(text := part.get("text"), str):
                texts.append(text)
            if isinstance(call := part.get("toolUse"), dict):
                inputs.append(call.get("input"))
    return Answer(form, "".join(texts), inputs)


def _chat_message(form: Form, message: Any) -> Answer | None:
    content, calls = _member(message, "content"), _member(message, "tool_calls")
    has_text, has_calls = isinstance(content, str | list), isinstance(calls, list)
    if not has_text and not has_calls:
        return None
    text = content if isinstance(content, str) else _joined(content if has_text else [])
    made = calls if has_calls else []
    return Answer(form, text, [_member(_member(call, "function"), "arguments") for call in made])


_IN_OUTPUT: Final = (
    _Place(Form.ANTHROPIC, ("content",), _anthropic_content),
    _Place(Form.CONVERSE, ("output", "message", "content"), _converse_content),
    _Place(Form.CHAT, ("choices", 0, "message"), _chat_message),
    _Place(Form.COMPLETIONS, ("choices", 0, "text"), _string),
    _Place(Form.LLAMA, ("generation",), _string),
    _Place(Form.MISTRAL, ("outputs", 0, "text"), _string),
    _Place(Form.TITAN, ("results", 0, "outputText"), _string),
    _Place(Form.COHERE, ("text",), _string),
    _Place(Form.COHERE, ("generations", 0, "text"), _string),
    _Place(Form.CLAUDE_2, ("completion",), _string),
)
_HAND_MADE: Final = _Place(Form.HAND_MADE, ("output", "text"), _string)


def _joined(parts: list[Any]) -> str:
    return "".join([text for part in parts if isinstance(text := _member(part, "text"), str)])


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    """The value at the end of a path; None if the path ends earlier."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step == 0 and value:
            value = value[0]
        else:
            return None
    return value


def _where_it_breaks(holder: dict[str, Any], path: tuple[str | int, ...]) -> str:
    """The first value on a path that does not lead on."""
    value: Any = holder
    shown = ""
    for step in path:
        value = _at(value, (step,))
        shown += f"[{step}]" if isinstance(step, int) else f".{step}"
        if not isinstance(value, dict | list) or not value:
            break
    keys = f" that {keys_of(value)}" if isinstance(value, dict) else ""
    return f"{shown.lstrip('.')} is {kind_of(value)}{keys}"

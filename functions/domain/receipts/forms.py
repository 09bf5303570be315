"""Where a record holds the model's answer: a form for each family of models.

Sources: docs/contract.md, section 1.4.
"""

from collections.abc import Callable
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


class Answer(NamedTuple):
    """What a model answered.

    Attributes:
        form: Where it was found.
        text: All parts of it that are text.
        inputs: Of its tool calls. In OpenAI-style chat an input is the text of an object.
    """

    form: Form
    text: str
    inputs: tuple[Any, ...] = ()


def output_of(record: dict[str, Any]) -> Any:
    """What holds the model's answer: `modelOutput`, or the body of an OpenAI batch response."""
    output = record.get("modelOutput")
    return _member(record.get("response"), "body") if output is None else output


def answer_of(record: dict[str, Any]) -> Answer | None:
    """The answer in the first form that is present; None if none is."""
    output = output_of(record)
    if isinstance(output, dict):
        for place in _IN_OUTPUT:
            if place.path[0] in output and (found := place.read(output)) is not None:
                return found
    return _HAND_MADE.read(record)


def unknown_form(record: dict[str, Any]) -> list[str]:
    """What is there instead of a form: its keys, and where each likely form breaks off."""
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

    def read(self, holder: dict[str, Any]) -> Answer | None:
        """The answer, if the path leads to a value of its type."""
        value: Any = holder
        for step in self.path:
            value = _step(value, step)
        return self.take(self.form, value)


def _string(form: Form, value: Any) -> Answer | None:
    return Answer(form, value) if isinstance(value, str) else None


def _anthropic_content(form: Form, content: Any) -> Answer | None:
    if isinstance(content, str):
        return Answer(form, content)
    if not isinstance(content, list):
        return None
    parts = [part for part in content if isinstance(part, dict)]
    texts = [part for part in parts if part.get("type") in ("text", None)]
    inputs = tuple(part.get("input") for part in parts if part.get("type") == "tool_use")
    return Answer(form, _joined(texts), inputs)


def _converse_content(form: Form, content: Any) -> Answer | None:
    if not isinstance(content, list):
        return None
    calls = [call for part in content if isinstance(call := _member(part, "toolUse"), dict)]
    return Answer(form, _joined(content), tuple(call.get("input") for call in calls))


def _chat_message(form: Form, message: Any) -> Answer | None:
    content, calls = _member(message, "content"), _member(message, "tool_calls")
    has_text, has_calls = isinstance(content, str | list), isinstance(calls, list)
    if not has_text and not has_calls:
        return None
    text = content if isinstance(content, str) else _joined(content if has_text else [])
    inputs = (_member(_member(call, "function"), "arguments") for call in calls or ())
    return Answer(form, text, tuple(inputs) if has_calls else ())


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
    return "".join(text for part in parts if isinstance(text := _member(part, "text"), str))


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return _member(value, step)
    return value[step] if isinstance(value, list) and step < len(value) else None


def _where_it_breaks(holder: dict[str, Any], path: tuple[str | int, ...]) -> str:
    """The first value on a path that does not lead on."""
    value: Any = holder
    shown = ""
    for step in path:
        value = _step(value, step)
        shown += f"[{step}]" if isinstance(step, int) else f".{step}"
        if not isinstance(value, dict | list) or not value:
            break
    keys = f" that {keys_of(value)}" if isinstance(value, dict) else ""
    return f"{shown.lstrip('.')} is {kind_of(value)}{keys}"

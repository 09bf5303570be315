"""Where a record holds the model's text: a form for each family of models, and one made by hand."""

from typing import Any, Final


def text_of(record: dict[str, Any]) -> str | None:
    """The model's text, in the first form that is present; None if none is."""
    if isinstance(output := record.get("modelOutput"), dict):
        for member, form in _MODEL_OUTPUT_FORMS:
            if member in output and (text := form(output[member])) is not None:
                return text
    by_hand = record.get("output")
    return _string(by_hand.get("text")) if isinstance(by_hand, dict) else None


def _anthropic_messages(parts: object) -> str | None:
    return _joined(parts, of_type="text") if isinstance(parts, list) else None


def _converse(output: object) -> str | None:
    """Nova's and Converse's."""
    parts = _member(_member(output, "message"), "content")
    return _joined(parts) if isinstance(parts, list) else None


def _chat(choices: object) -> str | None:
    """OpenAI's."""
    return _string(_member(_member(_first(choices), "message"), "content"))


def _mistral(outputs: object) -> str | None:
    return _string(_member(_first(outputs), "text"))


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _string(value: object) -> str | None:
    """Llama's, as it is."""
    return value if isinstance(value, str) else None


_MODEL_OUTPUT_FORMS: Final = (
    ("content", _anthropic_messages),
    ("output", _converse),
    ("choices", _chat),
    ("generation", _string),
    ("outputs", _mistral),
)
"""In the order in which they count: the member of `modelOutput` and what is in it."""


def _joined(parts: list[Any], *, of_type: str | None = None) -> str:
    texts = [
        text
        for part in parts
        if isinstance(part, dict)
        and isinstance(text := part.get("text"), str)
        and (of_type is None or part.get("type") == of_type)
    ]
    return "".join(texts)

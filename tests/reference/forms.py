"""Records of the forms of the contract, section 1.4, as real files have them."""

import base64
import random
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from tests.reference.tree import Members, Node

MODEL_INPUT_MARK = "MarkOfTheModelInputs"
"""Stands in every image and prompt under `modelInput`, so that tests find it elsewhere."""


class Form(StrEnum):
    """Their names."""

    ERROR = "error"
    ANTHROPIC = "anthropic"
    NOVA = "nova"
    OPENAI = "openai"
    LLAMA = "llama"
    MISTRAL = "mistral"
    HANDMADE = "handmade"


TEXT_FORMS = tuple(form for form in Form if form is not Form.ERROR)


def make_record(
    form: Form, *, image_id: str, text: str, model_input: Members, chance: random.Random
) -> Members:
    """A record of a form, with the company its text keeps in real files."""
    pairs: list[tuple[str, Node]] = [("modelInput", model_input)]
    draw = chance.random()
    if draw < 0.85:
        pairs.append(("recordId", image_id))
    else:
        pairs.append(("customData", image_id))
        if draw < 0.95:
            no_ids: tuple[Node, ...] = (None, 7, "", "x" * 2049, True)
            pairs.append(("recordId", chance.choice(no_ids)))
    output = FORM_MAKERS[form](text, chance)
    pairs.append(("output" if form is Form.HANDMADE else "modelOutput", output))
    chance.shuffle(pairs)
    return Members(pairs)


def make_model_input(chance: random.Random, size: tuple[int, int]) -> Members:
    """The echoed request, its image of some size in base64 characters."""
    image = base64.b64encode(chance.randbytes(chance.randint(*size) * 3 // 4)).decode()
    source = Members(
        [("type", "base64"), ("media_type", "image/jpeg"), ("data", MODEL_INPUT_MARK + image)]
    )
    content: list[Node] = [
        Members([("type", "image"), ("source", source)]),
        Members([("type", "text"), ("text", f"Read this receipt. {MODEL_INPUT_MARK}")]),
    ]
    message = Members([("role", "user"), ("content", content)])
    return Members([("max_tokens", 512), ("messages", [message])])


def _error(_text: str, chance: random.Random) -> Members:
    codes: tuple[Node, ...] = (400, 424, 500, "ThrottlingException")
    message = "The model could not read this."
    return Members([("errorCode", chance.choice(codes)), ("errorMessage", message)])


def _anthropic(text: str, chance: random.Random) -> Members:
    parts: list[Node] = [
        Members([("type", "text"), ("text", piece)]) for piece in _pieces(text, chance)
    ]
    if chance.random() < 0.3:
        thought = Members([("type", "thinking"), ("thinking", "…"), ("text", "not this")])
        parts.insert(chance.randint(0, len(parts)), thought)
    if chance.random() < 0.1:
        parts.insert(chance.randint(0, len(parts)), Members([("type", "text"), ("text", None)]))
    return Members(
        [
            ("id", "msg_1"),
            ("type", "message"),
            ("role", "assistant"),
            ("content", parts),
            ("stop_reason", "end_turn"),
            ("usage", Members([("input_tokens", 1500), ("output_tokens", 90)])),
        ]
    )


def _nova(text: str, chance: random.Random) -> Members:
    parts: list[Node] = [Members([("text", piece)]) for piece in _pieces(text, chance)]
    if chance.random() < 0.3:
        parts.insert(0, Members([("reasoningContent", Members())]))
    message = Members([("role", "assistant"), ("content", parts)])
    return Members([("output", Members([("message", message)])), ("stopReason", "end_turn")])


def _openai(text: str, chance: random.Random) -> Members:
    message = Members([("role", "assistant"), ("content", text)])
    choices: list[Node] = [Members([("index", 0), ("message", message)])]
    if chance.random() < 0.2:
        choices.append(Members([("index", 1), ("message", Members([("content", "no")]))]))
    return Members([("choices", choices), ("object", "chat.completion")])


def _llama(text: str, _: random.Random) -> Members:
    return Members([("generation", text), ("prompt_token_count", 9), ("stop_reason", "stop")])


def _mistral(text: str, _: random.Random) -> Members:
    return Members([("outputs", [Members([("text", text), ("stop_reason", "stop")])])])


def _handmade(text: str, _: random.Random) -> Members:
    return Members([("text", text)])


FORM_MAKERS: Mapping[Form, Callable[[str, random.Random], Members]] = {
    Form.ERROR: _error,
    Form.ANTHROPIC: _anthropic,
    Form.NOVA: _nova,
    Form.OPENAI: _openai,
    Form.LLAMA: _llama,
    Form.MISTRAL: _mistral,
    Form.HANDMADE: _handmade,
}
"""What holds a text under `modelOutput` (`output` for the hand-made form)."""


def _pieces(text: str, chance: random.Random) -> Sequence[str]:
    """The text as one part, or cut into two."""
    if chance.random() < 0.7:
        return (text,)
    cut = chance.randint(0, len(text))
    return (text[:cut], text[cut:])

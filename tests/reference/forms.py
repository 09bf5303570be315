"""Records of the forms of the contract, section 1.4, as real files have them."""

import base64
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.reference.tree import Members, Node, Style, write

MODEL_INPUT_MARK = "MarkOfTheModelInputs"
"""Stands in every image and prompt under `modelInput`, so that tests find it elsewhere."""


class Form(StrEnum):
    ANTHROPIC = "anthropic"
    NOVA = "nova"
    CHAT = "chat"
    COMPLETIONS = "completions"
    LLAMA = "llama"
    MISTRAL = "mistral"
    TITAN = "titan"
    COHERE = "cohere"
    CLAUDE_2 = "claude 2"
    HANDMADE = "handmade"


TEXT_FORMS = tuple(Form)
TOOL_FORMS = (Form.ANTHROPIC, Form.NOVA, Form.CHAT)


@dataclass(frozen=True, slots=True)
class Said:
    """What a model answered; `stop` is why it stopped: `end`, `limit` or `refused`."""

    text: str = ""
    calls: tuple[Node, ...] = ()
    stop: str = "end"


def make_record(
    form: Form, *, image_id: str, said: Said, model_input: Members, chance: random.Random
) -> Members:
    """A record of a form, with the company its answer keeps in real files."""
    pairs: list[tuple[str, Node]] = [("modelInput", model_input)]
    output = FORM_MAKERS[form](said, chance)
    if form is Form.HANDMADE:
        pairs.append(("output", output))
    elif chance.random() < 0.1:
        pairs.append(("response", make_response(output, chance.choice((200, 200, 201, 299)))))
        pairs.append(("error", None))
    else:
        pairs.append(("modelOutput", output))
    pairs.extend(_ids(image_id, chance))
    chance.shuffle(pairs)
    return Members(pairs)


def make_response(body: Node, status: Node) -> Members:
    """An answer as Bedrock's OpenAI batch API wraps it."""
    return Members([("status_code", status), ("request_id", "r-1"), ("body", body)])


def _ids(image_id: str, chance: random.Random) -> list[tuple[str, Node]]:
    """The image id in one of the three places, some with what is no id before it."""
    keys = ("recordId", "customData", "custom_id")
    place = chance.choices(range(3), weights=(80, 10, 10))[0]
    no_ids: tuple[Node, ...] = (None, 7, "", "x" * 2049, True)
    before = [(key, chance.choice(no_ids)) for key in keys[:place] if chance.random() < 0.3]
    behind = [(key, "another") for key in keys[place + 1 :] if chance.random() < 0.1]
    return [*before, (keys[place], image_id), *behind]


def make_model_input(chance: random.Random) -> Members:
    """The echoed request, its image in a few base64 characters."""
    image = base64.b64encode(chance.randbytes(chance.randint(0, 45))).decode()
    source = Members(
        [("type", "base64"), ("media_type", "image/jpeg"), ("data", MODEL_INPUT_MARK + image)]
    )
    content: list[Node] = [
        Members([("type", "image"), ("source", source)]),
        Members([("type", "text"), ("text", f"Read this receipt. {MODEL_INPUT_MARK}")]),
    ]
    message = Members([("role", "user"), ("content", content)])
    return Members([("max_tokens", 512), ("messages", [message])])


def _anthropic(said: Said, chance: random.Random) -> Members:
    reason = _stop(said, end="end_turn", limit="max_tokens", refused="refusal")
    content: Node = said.text
    if said.calls or chance.random() < 0.9:
        content = _anthropic_parts(said, chance)
    return Members(
        [
            ("id", "msg_1"),
            ("type", "message"),
            ("role", "assistant"),
            ("content", content),
            ("stop_reason", reason),
            ("usage", Members([("input_tokens", 1500), ("output_tokens", 90)])),
        ]
    )


def _anthropic_parts(said: Said, chance: random.Random) -> list[Node]:
    parts: list[Node] = []
    if said.text or not said.calls:
        for piece in _pieces(said.text, chance):
            kind: list[tuple[str, Node]] = [("type", "text")] if chance.random() < 0.9 else []
            parts.append(Members([*kind, ("text", piece)]))
    if chance.random() < 0.3:
        thought = Members([("type", "thinking"), ("thinking", "…"), ("text", "not this")])
        parts.insert(chance.randint(0, len(parts)), thought)
    if chance.random() < 0.1:
        parts.insert(chance.randint(0, len(parts)), Members([("type", "text"), ("text", None)]))
    for each in said.calls:
        use = Members([("type", "tool_use"), ("id", "t"), ("name", "save"), ("input", each)])
        parts.insert(chance.randint(0, len(parts)), use)
    return parts


def _nova(said: Said, chance: random.Random) -> Members:
    parts: list[Node] = []
    if said.text or not said.calls:
        parts = [Members([("text", piece)]) for piece in _pieces(said.text, chance)]
    if chance.random() < 0.3:
        parts.insert(0, Members([("reasoningContent", Members())]))
    for each in said.calls:
        use = Members([("toolUseId", "t"), ("name", "save"), ("input", each)])
        parts.insert(chance.randint(0, len(parts)), Members([("toolUse", use)]))
    message = Members([("role", "assistant"), ("content", parts)])
    refused = chance.choice(("content_filtered", "guardrail_intervened"))
    reason = _stop(said, end="end_turn", limit="max_tokens", refused=refused)
    return Members([("output", Members([("message", message)])), ("stopReason", reason)])


def _chat(said: Said, chance: random.Random) -> Members:
    content: Node = said.text
    if not said.text and said.calls:
        content = chance.choice((None, ""))
    elif chance.random() < 0.2:
        content = [
            Members([("type", "text"), ("text", piece)]) for piece in _pieces(said.text, chance)
        ]
    message = Members([("role", "assistant"), ("content", content)])
    if said.calls:
        message.put("tool_calls", [_chat_call(each, chance) for each in said.calls])
    elif chance.random() < 0.1:
        message.put("tool_calls", chance.choice(([], None)))
    reason = _stop(said, end="stop", limit="length", refused="content_filter")
    if said.stop == "refused" and chance.random() < 0.5:
        reason = "stop"
        message.put("refusal", "I cannot help with that.")
    elif chance.random() < 0.2:
        message.put("refusal", None)
    choice = Members([("index", 0), ("message", message), ("finish_reason", reason)])
    choices: list[Node] = [choice]
    if chance.random() < 0.2:
        choices.append(Members([("index", 1), ("message", Members([("content", "no")]))]))
    return Members([("choices", choices), ("object", "chat.completion")])


def _chat_call(given: Node, chance: random.Random) -> Members:
    """A call with its input as text: a text as it is, anything else written."""
    text = given if isinstance(given, str) else write(given, Style(), chance)
    function = Members([("name", "save"), ("arguments", text)])
    return Members([("id", "c1"), ("type", "function"), ("function", function)])


def _completions(said: Said, _: random.Random) -> Members:
    reason = _stop(said, end="stop", limit="length", refused="content_filter")
    return Members([("choices", [Members([("text", said.text), ("finish_reason", reason)])])])


def _llama(said: Said, _: random.Random) -> Members:
    reason = _stop(said, end="stop", limit="length", refused="content_filtered")
    return Members([("generation", said.text), ("stop_reason", reason)])


def _mistral(said: Said, _: random.Random) -> Members:
    reason = _stop(said, end="stop", limit="length", refused="content_filter")
    return Members([("outputs", [Members([("text", said.text), ("stop_reason", reason)])])])


def _titan(said: Said, _: random.Random) -> Members:
    reason = _stop(said, end="FINISHED", limit="LENGTH", refused="CONTENT_FILTERED")
    result = Members([("tokenCount", 9), ("outputText", said.text), ("completionReason", reason)])
    return Members([("inputTextTokenCount", 9), ("results", [result])])


def _cohere(said: Said, chance: random.Random) -> Members:
    reason = _stop(said, end="COMPLETE", limit="MAX_TOKENS", refused="ERROR_TOXIC")
    answer = Members([("text", said.text), ("finish_reason", reason)])
    return answer if chance.random() < 0.5 else Members([("generations", [answer])])


def _claude_2(said: Said, _: random.Random) -> Members:
    reason = _stop(said, end="stop_sequence", limit="max_tokens", refused="refusal")
    return Members([("completion", said.text), ("stop_reason", reason), ("type", "completion")])


def _handmade(said: Said, _: random.Random) -> Members:
    return Members([("text", said.text)])


FORM_MAKERS: Mapping[Form, Callable[[Said, random.Random], Members]] = {
    Form.ANTHROPIC: _anthropic,
    Form.NOVA: _nova,
    Form.CHAT: _chat,
    Form.COMPLETIONS: _completions,
    Form.LLAMA: _llama,
    Form.MISTRAL: _mistral,
    Form.TITAN: _titan,
    Form.COHERE: _cohere,
    Form.CLAUDE_2: _claude_2,
    Form.HANDMADE: _handmade,
}
"""What holds an answer under `modelOutput` (`output` for the hand-made form)."""


def _stop(said: Said, *, end: str, limit: str, refused: str) -> str:
    if said.calls and said.stop == "end":
        return "tool_calls" if end == "stop" else "tool_use"
    return {"end": end, "limit": limit, "refused": refused}[said.stop]


def _pieces(text: str, chance: random.Random) -> Sequence[str]:
    """The text as one part, or cut into two."""
    if chance.random() < 0.7:
        return (text,)
    cut = chance.randint(0, len(text))
    return (text[:cut], text[cut:])

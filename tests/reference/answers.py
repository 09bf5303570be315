"""What a record's model answered: the forms, the errors, the stop reasons (section 1.4, 1.6)."""

from dataclasses import dataclass
from typing import TypeAlias

from tests.reference import strict_json, texts
from tests.reference.strict_json import NotJsonError, Number, Value

Record: TypeAlias = "dict[str, Value]"

TOKEN_LIMIT_REASONS = frozenset(
    {"max_tokens", "length", "model_length", "model_context_window_exceeded", "error_limit"}
)
"""Stop reasons of an answer that ended for want of tokens, in lower case."""
REFUSAL_REASONS = frozenset(
    {
        *("refusal", "guardrail_intervened", "content_filtered", "content_filter", "error_toxic"),
    }
)
"""Stop reasons of an answer that was refused or filtered, in lower case."""
STOP_REASON_KEYS = ("stop_reason", "stopReason", "finish_reason", "completionReason")

GUARDRAIL_ACTION = "amazon-bedrock-guardrailAction"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first form present holds: its texts joined, and the inputs of its tool calls."""

    text: str
    calls: tuple[Value, ...] = ()


def model_output(record: Record) -> Value:
    """`modelOutput`; where there is none, what Bedrock's OpenAI batch API has in its place."""
    output = record.get("modelOutput")
    return _walk(record, "response", "body") if output is None else output


def outer_error(record: Record) -> Value:
    """A top-level error, or the body of a response that is no success; None where neither is."""
    error = record.get("error")
    if is_error(error):
        return error
    status = _walk(record, "response", "status_code")
    code = status.text if isinstance(status, Number) else _three_digits(status)
    if record.get("modelOutput") is not None or code is None:
        return None
    body = _walk(record, "response", "body")
    return None if 200 <= float(code) < 300 else status if body is None else body


def inner_error(record: Record) -> Value:
    """An error where the answer should be; None where there is none."""
    output = model_output(record)
    error = _walk(output, "error")
    if is_error(error):
        return error
    return output if _walk(output, "type") == "error" else None


def is_error(value: Value) -> bool:
    """Whether a member `error` says that there is one."""
    return value is not None and value is not False and value not in ("", {})


def read_answer(record: Record) -> Answer | None:
    """The answer by the first form present; None when no form is."""
    output = model_output(record)

    content = _walk(output, "content")
    if isinstance(content, str):
        return Answer(content)
    if isinstance(content, list):
        said = [part for part in content if _walk(part, "type") in ("text", None)]
        uses = [part for part in content if _walk(part, "type") == "tool_use"]
        return Answer(_joined(said), tuple(_walk(use, "input") for use in uses))

    content = _walk(output, "output", "message", "content")
    if isinstance(content, list):
        uses = [_walk(part, "toolUse") for part in content]
        return Answer(
            _joined(content),
            tuple(_walk(use, "input") for use in uses if isinstance(use, dict)),
        )

    content = _walk(output, "choices", 0, "message", "content")
    calls = _walk(output, "choices", 0, "message", "tool_calls")
    if isinstance(content, (str, list)) or isinstance(calls, list):
        text = content if isinstance(content, str) else ""
        if isinstance(content, list):
            text = _joined(content)
        return Answer(text, tuple(map(_arguments, calls)) if isinstance(calls, list) else ())

    for path in (
        ("choices", 0, "text"),
        ("generation",),
        ("outputs", 0, "text"),
        ("results", 0, "outputText"),
        ("text",),
        ("generations", 0, "text"),
        ("completion",),
    ):
        plain = _walk(output, *path)
        if isinstance(plain, str):
            return Answer(plain)

    plain = _walk(record, "output", "text")
    return Answer(plain) if isinstance(plain, str) else None


def _arguments(call: Value) -> Value:
    """A call's input that is written as the text of an object; None where it is not."""
    arguments = _walk(call, "function", "arguments")
    try:
        return strict_json.parse_object(
            texts.strip(arguments if isinstance(arguments, str) else "")
        )
    except NotJsonError:
        return None


def stopped_at_limit(record: Record) -> str | None:
    """The stop reason of an answer that ended at its token limit."""
    return _stop_reason(record, TOKEN_LIMIT_REASONS)


def was_refused(record: Record) -> bool:
    """Whether the model refused, or a guardrail or a content filter stepped in."""
    refusals = [_walk(place, "refusal") for place in _places(record)]
    return (
        _stop_reason(record, REFUSAL_REASONS) is not None
        or any(isinstance(refusal, str) and refusal for refusal in refusals)
        or any(_walk(place, GUARDRAIL_ACTION) == "INTERVENED" for place in _places(record))
    )


def _stop_reason(record: Record, wanted: frozenset[str]) -> str | None:
    for place in _places(record):
        for key in STOP_REASON_KEYS:
            reason = _walk(place, key)
            if isinstance(reason, str) and reason.lower() in wanted:
                return reason
    return None


def _places(record: Record) -> list[Value]:
    """Where the families say how an answer ended."""
    output = model_output(record)
    firsts = [_walk(output, name, 0) for name in ("choices", "outputs", "results", "generations")]
    messages = [_walk(first, "message") for first in firsts]
    contents = [_walk(message, "content") for message in messages]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return [output, *firsts, *messages, *parts, record.get("output")]


def _three_digits(value: Value) -> str | None:
    """A string that is a status code of HTTP."""
    is_code = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit()
    return value if is_code and isinstance(value, str) else None


def _walk(value: Value, *path: str | int) -> Value:
    """The value at a path; None (which no form asks for) where it leads nowhere."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def _joined(parts: list[Value]) -> str:
    said = [_walk(part, "text") for part in parts]
    return "".join(text for text in said if isinstance(text, str))

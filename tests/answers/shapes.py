"""Shapes of answers, each with its source and what it must become by docs/contract.md."""

import json
from dataclasses import dataclass
from typing import Any

from tests.answers import sources as source

GOOD = "1280"
"""The amount of the receipt, where it is read."""
RECEIPT: dict[str, Any] = {
    "amount": 1280,
    "type": "expense",
    "date": "2026-06-30",
    "merchant": "Kissa Maru",
    "category": "purchase",
    "description": "coffee beans",
}
TEXT = json.dumps(RECEIPT)
INPUT = {"messages": [{"role": "user", "content": [{"type": "image", "source": {"data": "AAAA"}}]}]}


@dataclass(frozen=True)
class Shape:
    """One shape.

    Attributes:
        name: Also its record id, unless the record says otherwise.
        source: Where it is documented or reported.
        record: The members beside `recordId` and `modelInput`.
        becomes: The amount as it is stored, or the reason of the reject.
        detail: Part of one of the reject's details.
    """

    name: str
    source: str
    record: dict[str, Any]
    becomes: str = GOOD
    detail: str = ""

    @property
    def line(self) -> bytes:
        """The record as a line."""
        named = {} if self.record.keys() & {"custom_id", "customData"} else {"recordId": self.name}
        return json.dumps({**named, "modelInput": INPUT, **self.record}).encode()


def anthropic(*parts: dict[str, Any] | str, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    """Anthropic Messages."""
    content = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    output = {"id": "msg_1", "type": "message", "role": "assistant", "content": content}
    return {"modelOutput": {**output, "stop_reason": stop, "usage": {"input_tokens": 1}, **more}}


def tool_use(**receipt: Any) -> dict[str, Any]:
    """A part of Anthropic Messages."""
    return {"type": "tool_use", "id": "toolu_1", "name": "save_receipt", "input": receipt}


def converse(*parts: dict[str, Any] | str, stop: str = "end_turn") -> dict[str, Any]:
    """Nova, and Converse."""
    content = [{"text": part} if isinstance(part, str) else part for part in parts]
    output = {"output": {"message": {"content": content, "role": "assistant"}}, "stopReason": stop}
    return {"modelOutput": {**output, "usage": {"inputTokens": 1, "outputTokens": 2}}}


def chat(content: Any, *, stop: str = "stop", **more: Any) -> dict[str, Any]:
    """OpenAI-style chat."""
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "finish_reason": stop, "message": message}
    return {"modelOutput": {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice]}}


def calls(*arguments: Any) -> list[dict[str, Any]]:
    """Tool calls of OpenAI-style chat."""
    return [
        {"id": "c", "type": "function", "function": {"name": "save_receipt", "arguments": each}}
        for each in arguments
    ]


def response(status: int, body: Any) -> dict[str, Any]:
    """A line of OpenAI's batch API."""
    answer = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "batch_req_1", "custom_id": "image-1", "response": answer, "error": None}


def says(text: str) -> dict[str, Any]:
    """An answer of Llama."""
    return {"modelOutput": {"generation": text, "stop_reason": "stop"}}


def _changed(**members: Any) -> str:
    return json.dumps({**RECEIPT, **members})


_PYTHON = "{'amount': 1280, 'type': 'expense', 'description': None}"
_OTHER = _changed(amount=300)

FORMS = [
    Shape("anthropic messages", source.ANTHROPIC, anthropic(TEXT)),
    Shape("anthropic, several text blocks", source.ANTHROPIC, anthropic(TEXT[:40], TEXT[40:])),
    Shape("anthropic, a text alone", source.ANTHROPIC, {"modelOutput": {"content": TEXT}}),
    Shape(
        "anthropic, thinking before",
        source.ANTHROPIC_THINKING,
        anthropic({"type": "thinking", "thinking": "{}", "signature": "E"}, TEXT),
    ),
    Shape(
        "anthropic, redacted thinking",
        source.ANTHROPIC_THINKING,
        anthropic({"type": "redacted_thinking", "data": "{}"}, TEXT),
    ),
    Shape("anthropic, tool use", source.ANTHROPIC_TOOLS, anthropic(tool_use(**RECEIPT))),
    Shape(
        "anthropic, words before a tool use",
        source.ANTHROPIC_TOOLS,
        anthropic("I'll save {this}.", tool_use(**RECEIPT), stop="tool_use"),
    ),
    Shape(
        "anthropic, two tool uses",
        source.ANTHROPIC_TOOLS,
        anthropic(tool_use(**RECEIPT), tool_use(**RECEIPT), stop="tool_use"),
        "SeveralReceipts",
        "2 tool calls",
    ),
    Shape("nova", source.NOVA, converse(TEXT)),
    Shape(
        "converse, reasoning content",
        source.CONVERSE,
        converse({"reasoningContent": {"reasoningText": {"text": "{}"}}}, TEXT),
    ),
    Shape(
        "nova, tool use",
        source.CONVERSE,
        converse({"toolUse": {"toolUseId": "t", "name": "n", "input": RECEIPT}}, stop="tool_use"),
    ),
    Shape(
        "nova, thinking and a tool use",
        source.NOVA_THINKING_TOOL,
        converse(
            "<thinking> I will save it. </thinking>\n",
            {"toolUse": {"toolUseId": "t", "name": "n", "input": RECEIPT}},
            stop="tool_use",
        ),
    ),
    Shape("openai chat", source.OPENAI, chat(TEXT)),
    Shape("openai chat, parts", source.OPENAI_CHAT, chat([{"type": "text", "text": TEXT}])),
    Shape(
        "openai chat, tool call",
        source.OPENAI_CHAT,
        chat(None, tool_calls=calls(TEXT), stop="tool_calls"),
    ),
    Shape(
        "openai chat, tool call and an empty content",
        source.OPENAI_CHAT,
        chat("", tool_calls=calls(TEXT), stop="tool_calls"),
    ),
    Shape("openai chat, no tool calls", source.OPENAI_CHAT, chat(TEXT, tool_calls=[])),
    Shape(
        "openai chat, cut arguments",
        source.OPENAI_CHAT,
        chat(None, tool_calls=calls(TEXT[:50]), stop="length"),
        "Truncated",
        "length",
    ),
    Shape(
        "openai chat, two tool calls",
        source.OPENAI_CHAT,
        chat(None, tool_calls=calls(TEXT, _OTHER), stop="tool_calls"),
        "SeveralReceipts",
    ),
    Shape(
        "openai chat, reasoning beside the content",
        source.OPENAI_CHAT,
        chat(TEXT, reasoning_content="The total is {1280}."),
    ),
    Shape(
        "openai batch",
        source.OPENAI_BATCH,
        response(200, chat(TEXT)["modelOutput"]),
    ),
    Shape(
        "openai batch, an error",
        source.OPENAI_BATCH,
        response(429, {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}),
        "ModelError",
        "rate_limit_exceeded",
    ),
    Shape(
        "openai batch, expired",
        source.OPENAI_BATCH,
        {
            "custom_id": "image-1",
            "response": None,
            "error": {"code": "batch_expired", "message": "not executed in time"},
        },
        "ModelError",
        "batch_expired",
    ),
    Shape(
        "deepseek",
        source.DEEPSEEK,
        {"modelOutput": {"choices": [{"text": f"ok\n</think>\n\n{TEXT}", "stop_reason": "stop"}]}},
    ),
    Shape("llama", source.LLAMA, says(f"\n\n{TEXT}")),
    Shape("llama, end of turn", source.LLAMA, says(f"{TEXT}<|eot_id|>")),
    Shape(
        "mistral",
        source.MISTRAL,
        {"modelOutput": {"outputs": [{"text": f" {TEXT}</s>", "stop_reason": "stop"}]}},
    ),
    Shape(
        "titan",
        source.TITAN,
        {"modelOutput": {"results": [{"outputText": f"\n{TEXT}", "completionReason": "FINISH"}]}},
    ),
    Shape(
        "titan, cut",
        source.TITAN,
        {"modelOutput": {"results": [{"outputText": "{", "completionReason": "LENGTH"}]}},
        "Truncated",
        "LENGTH",
    ),
    Shape(
        "titan, filtered",
        source.TITAN,
        {"modelOutput": {"results": [{"outputText": "", "completionReason": "CONTENT_FILTERED"}]}},
        "Refused",
        "CONTENT_FILTERED",
    ),
    Shape(
        "command r",
        source.COMMAND_R,
        {"modelOutput": {"text": TEXT, "finish_reason": "COMPLETE", "chat_history": []}},
    ),
    Shape(
        "command",
        source.COMMAND,
        {"modelOutput": {"generations": [{"text": f" {TEXT}", "finish_reason": "COMPLETE"}]}},
    ),
    Shape(
        "command r, cut",
        source.COMMAND_R,
        {"modelOutput": {"text": TEXT[:30], "finish_reason": "MAX_TOKENS"}},
        "Truncated",
        "MAX_TOKENS",
    ),
    Shape(
        "command r, toxic",
        source.COMMAND_R,
        {"modelOutput": {"text": "", "finish_reason": "ERROR_TOXIC"}},
        "Refused",
    ),
    Shape(
        "claude 2",
        source.CLAUDE_2,
        {"modelOutput": {"completion": f" {TEXT}", "stop_reason": "stop_sequence"}},
    ),
    Shape(
        "an embedding",
        source.TITAN_EMBEDDINGS,
        {"modelOutput": {"embedding": [0.1], "inputTextTokenCount": 1}},
        "UnknownForm",
        "embedding",
    ),
    Shape(
        "jurassic",
        source.JURASSIC,
        {"modelOutput": {"completions": [{"data": {"text": TEXT}}]}},
        "UnknownForm",
        "completions",
    ),
    Shape(
        "an error of Bedrock",
        source.RESULTS,
        {"error": {"errorCode": 400, "errorMessage": "bad request"}},
        "ModelError",
        "bad request",
    ),
    Shape(
        "an error of Anthropic",
        source.ANTHROPIC_ERRORS,
        {"modelOutput": {"type": "error", "error": {"type": "overloaded_error", "message": "O"}}},
        "ModelError",
        "overloaded_error",
    ),
]
STOPS = [
    Shape(
        "anthropic, max_tokens",
        source.ANTHROPIC_STOPS,
        anthropic(TEXT[:60], stop="max_tokens"),
        "Truncated",
        "max_tokens",
    ),
    Shape(
        "anthropic, a whole receipt at max_tokens",
        source.ANTHROPIC_STOPS,
        anthropic(TEXT, stop="max_tokens"),
    ),
    Shape(
        "anthropic, context window",
        source.ANTHROPIC_STOPS,
        anthropic("", stop="model_context_window_exceeded"),
        "Truncated",
    ),
    Shape(
        "anthropic, refusal",
        source.ANTHROPIC_STOPS,
        anthropic(stop="refusal"),
        "Refused",
        "refusal",
    ),
    Shape(
        "anthropic, guardrail",
        source.GUARDRAILS,
        anthropic("Sorry.", **{"amazon-bedrock-guardrailAction": "INTERVENED"}),
        "Refused",
        "INTERVENED",
    ),
    Shape(
        "anthropic, guardrail that let it pass",
        source.GUARDRAILS,
        anthropic("Sorry.", **{"amazon-bedrock-guardrailAction": "NONE"}),
        "NoJsonInText",
    ),
    Shape(
        "converse, content filtered",
        source.CONVERSE,
        converse("Blocked.", stop="content_filtered"),
        "Refused",
    ),
    Shape(
        "converse, guardrail intervened",
        source.CONVERSE,
        converse("Blocked.", stop="guardrail_intervened"),
        "Refused",
    ),
    Shape(
        "converse, malformed output",
        source.CONVERSE,
        converse(stop="malformed_model_output"),
        "NoJsonInText",
        "malformed_model_output",
    ),
    Shape(
        "openai chat, refusal",
        source.OPENAI_CHAT,
        chat(None, refusal="I can't help with that."),
        "Refused",
        "I can't help",
    ),
    Shape(
        "openai chat, content filter",
        source.OPENAI_CHAT,
        chat("", stop="content_filter"),
        "Refused",
    ),
    Shape(
        "no stop reason and no text",
        source.ANTHROPIC,
        {"modelOutput": {"content": []}},
        "NoJsonInText",
        "empty",
    ),
]
TEXTS = [
    Shape("fenced", source.FENCES, says(f"```json\n{TEXT}\n```")),
    Shape("fenced with a capital", source.FENCES, says(f"```JSON\n{TEXT}\n```")),
    Shape("fenced on one line", source.FENCES, says(f"```{TEXT}```")),
    Shape("fence never closed", source.FENCES, says(f"```json\n{TEXT}")),
    Shape("words before a fence", source.FENCES, says(f"Here it is:\n\n```json\n{TEXT}\n```\nOk?")),
    Shape("gpt-oss reasoning", source.GPT_OSS, chat(f"<reasoning>So {{x}}</reasoning>{TEXT}")),
    Shape(
        "gpt-oss reasoning in pieces",
        source.GPT_OSS_PIECES,
        chat(f"<reasoning>We need (skip</reasoning><reasoning> 4).</reasoning>1{TEXT}"),
    ),
    Shape(
        "gpt-oss reasoning never closed",
        source.GPT_OSS_UNCLOSED,
        chat(f"<reasoning>Perhaps {TEXT}"),
        "NoJsonInText",
        "reasoning",
    ),
    Shape("nova thinking", source.NOVA_THINKING, converse(f"<thinking> {{ </thinking>\n{TEXT}")),
    Shape("qwen thinking", source.QWEN, chat(f"<think>\n\n</think>\n\n{TEXT}")),
    Shape("prefilled brace", source.PREFILL, anthropic(TEXT[1:])),
    Shape("prefilled brace and a line feed", source.PREFILL, anthropic(f"\n  {TEXT[1:]}")),
    Shape("prefilled fence", source.PREFILL, converse(f"\n{TEXT}\n```")),
    Shape(
        "trailing comma",
        source.TRAILING_COMMA,
        says(TEXT[:-1] + ",}"),
        "NoJsonInText",
        "trailing comma",
    ),
    Shape("single quotes", source.SINGLE_QUOTES, says(_PYTHON), "NoJsonInText", "character 2"),
    Shape(
        "quotes in a string",
        source.INNER_QUOTES,
        says(TEXT.replace("coffee", 'the "best"')),
        "NoJsonInText",
        "expected",
    ),
    Shape(
        "line feed in a string",
        source.LINE_FEEDS,
        says(TEXT.replace("coffee ", "coffee\n")),
        "NoJsonInText",
        "control character",
    ),
    Shape(
        "last brace missing",
        source.LAST_BRACE,
        says(TEXT[:-1]),
        "NoJsonInText",
        "it ends within an object",
    ),
    Shape("curly quotes", source.LAST_BRACE, says(TEXT.replace('"', "\u201d")), "NoJsonInText"),
    Shape("a list of one", source.LISTS, says(f"[{TEXT}]")),
    Shape("a list of two", source.LISTS, says(f"[{TEXT}, {_OTHER}]"), "SeveralReceipts", "second"),
    Shape("an object a line", source.LISTS, says(f"{TEXT}\n{_OTHER}"), "SeveralReceipts"),
]
SHAPES = [*FORMS, *STOPS, *TEXTS]

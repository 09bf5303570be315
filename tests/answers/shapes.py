"""A receipt, and answers with it in the forms of several models."""

import json
from typing import Any

RECEIPT: dict[str, Any] = {
    "amount": 1280,
    "type": "expense",
    "date": "2026-06-30",
    "merchant": "Kissa Maru",
    "category": "purchase",
    "description": "coffee beans",
}
TEXT = json.dumps(RECEIPT)


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


def says(text: str) -> dict[str, Any]:
    """An answer of Llama."""
    return {"modelOutput": {"generation": text, "stop_reason": "stop"}}

"""Texts in the response bodies of the models.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html and, for Converse jobs,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
A provider that is not listed answers like the OpenAI-compatible ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]


@dataclass(frozen=True)
class Generation:
    """What a model generated.

    Attributes:
        truncated: Whether it stopped at its token limit.
        input_tokens, output_tokens: Made up: a token is four letters.
    """

    text: str
    truncated: bool
    input_tokens: int
    output_tokens: int

    def stop(self, ended: str, truncated: str) -> str:
        """The stop reason, of the two words that a provider has for them."""
        return truncated if self.truncated else ended


def body_of(generation: Generation, *, provider: str, model: str, converse: bool) -> Body:
    """The response body of a provider's model, or that of Converse."""
    if converse:
        return {**_converse(generation, model), "metrics": {"latencyMs": 1}}
    family = "titan" if provider == "amazon" and model.startswith("titan") else provider
    return _FAMILIES.get(family, _chat)(generation, model)


def _converse(generation: Generation, _model: str) -> Body:
    tokens = (generation.input_tokens, generation.output_tokens)
    return {
        "output": {"message": {"content": [{"text": generation.text}], "role": "assistant"}},
        "stopReason": generation.stop("end_turn", "max_tokens"),
        "usage": {
            "inputTokens": tokens[0],
            "outputTokens": tokens[1],
            "totalTokens": sum(tokens),
        },
    }


def _anthropic(generation: Generation, model: str) -> Body:
    return {
        "model": model,
        "id": "msg_bdrk_embedded",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": generation.text}],
        "stop_reason": generation.stop("end_turn", "max_tokens"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": generation.input_tokens,
            "output_tokens": generation.output_tokens,
        },
    }


def _titan(generation: Generation, _model: str) -> Body:
    result = {
        "tokenCount": generation.output_tokens,
        "outputText": generation.text,
        "completionReason": generation.stop("FINISH", "LENGTH"),
    }
    return {"inputTextTokenCount": generation.input_tokens, "results": [result]}


def _llama(generation: Generation, _model: str) -> Body:
    return {
        "generation": generation.text,
        "prompt_token_count": generation.input_tokens,
        "generation_token_count": generation.output_tokens,
        "stop_reason": generation.stop("stop", "length"),
    }


def _mistral(generation: Generation, _model: str) -> Body:
    stop = generation.stop("stop", "length")
    return {"outputs": [{"text": generation.text, "stop_reason": stop}]}


def _cohere(generation: Generation, _model: str) -> Body:
    return {"text": generation.text, "finish_reason": generation.stop("COMPLETE", "MAX_TOKENS")}


def _chat(generation: Generation, model: str) -> Body:
    tokens = (generation.input_tokens, generation.output_tokens)
    return {
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": generation.text},
                "finish_reason": generation.stop("stop", "length"),
            }
        ],
        "usage": {
            "prompt_tokens": tokens[0],
            "completion_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    }


_FAMILIES: dict[str, Callable[[Generation, str], Body]] = {
    "amazon": _converse,  # Nova
    "anthropic": _anthropic,
    "cohere": _cohere,
    "meta": _llama,
    "mistral": _mistral,
    "titan": _titan,
}

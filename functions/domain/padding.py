"""Padding: records that fill a batch job up to Bedrock's least number of records, and cost little.

https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html, "Minimum number of records per
batch inference job".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_LIMITS: Final = frozenset(
    {
        "max_tokens",
        "max_completion_tokens",
        "max_tokens_to_sample",
        "max_new_tokens",
        "max_gen_len",
        "maxTokens",
        "maxTokenCount",
    }
)
"""Members that limit the tokens of an answer, in the families' own words.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""
_SECTIONS: Final = frozenset({"inferenceConfig", "textGenerationConfig"})
"""Where Nova, Converse and Titan have them."""


def padding_records(
    model_input: Mapping[str, Any], *, count: int, prefix: str
) -> Iterator[dict[str, Any]]:
    """Records that repeat an input, answered with as few tokens as its model allows.

    Args:
        model_input: The shortest input of the job.
        count: How many records.
        prefix: Of their ids, by which the workflow knows padding.
    """
    cheap = with_least_tokens(model_input)
    for number in range(1, count + 1):
        yield {"recordId": f"{prefix}{number:06}", "modelInput": cheap}


def with_least_tokens(model_input: Mapping[str, Any]) -> dict[str, Any]:
    """The input with its token limit at 1, where it has one."""
    return {name: _lowered(name, value) for name, value in model_input.items()}


def _lowered(name: str, value: Any) -> Any:
    if name in _SECTIONS and isinstance(value, dict):
        return with_least_tokens(value)
    is_limit = name in _LIMITS and isinstance(value, int) and not isinstance(value, bool)
    return 1 if is_limit else value

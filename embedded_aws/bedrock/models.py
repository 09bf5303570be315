"""Model identifiers: a model's or an inference profile's id or ARN.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region

_GEOGRAPHIES = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"})


def arn_of(model: str) -> str:
    """The ARN of a foundation model or inference profile of the caller's Region."""
    if model.startswith("arn:"):
        return model
    if model.partition(".")[0] in _GEOGRAPHIES:
        return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:inference-profile/{model}"
    return f"arn:aws:bedrock:{get_region()}::foundation-model/{model}"


def provider_and_name(arn: str) -> tuple[str, str]:
    """`anthropic` and `claude-...` of a model's or a system-defined inference profile's ARN."""
    parts = arn.rpartition("/")[2].split(".")
    if parts[0] in _GEOGRAPHIES:
        parts = parts[1:]
    return parts[0], ".".join(parts[1:])

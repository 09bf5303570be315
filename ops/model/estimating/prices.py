"""AWS list prices: the one table that estimates and the simulation use.

US East (N. Virginia), without free tiers, taxes, discounts and data transfer, in November 2026.
Taken from copies and quotations of these pages, not from the pages themselves:

| service | page |
|---|---|
| Step Functions | https://aws.amazon.com/step-functions/pricing/ |
| Lambda (arm64) | https://aws.amazon.com/lambda/pricing/ |
| DynamoDB, on demand | https://aws.amazon.com/dynamodb/pricing/on-demand/ |
| S3 Standard, requests | https://aws.amazon.com/s3/pricing/ |
| CloudWatch Logs | https://aws.amazon.com/cloudwatch/pricing/ |
| EventBridge, S3's opt-in events | https://aws.amazon.com/eventbridge/pricing/ |
| Bedrock, batch inference | https://aws.amazon.com/bedrock/pricing/ |

Tests and docs/scale.md quote it. What a bucket or a table costs to store is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

REGION = "US East (N. Virginia)"
DATE = "November 2026"


@dataclass(frozen=True)
class Prices:
    """US dollars.

    Attributes:
        transition: Of a standard workflow.
        call: Of a Lambda function.
        gigabyte_second: Of a Lambda function on arm64.
        write_unit: DynamoDB, on demand: a write of 1 KiB.
        read_unit: DynamoDB, on demand: a strongly consistent read of 4 KiB.
        s3_write: PUT, COPY, POST or LIST. DELETE is free.
        s3_read: GET or HEAD.
        log_byte: Ingested.
        event: Of S3 on EventBridge.
    """

    transition: float = 0.025 / 1e3
    call: float = 0.20 / 1e6
    gigabyte_second: float = 0.0000133334
    write_unit: float = 0.625 / 1e6
    read_unit: float = 0.125 / 1e6
    s3_write: float = 0.005 / 1e3
    s3_read: float = 0.0004 / 1e3
    log_byte: float = 0.50 / 1e9
    event: float = 1.00 / 1e6


LIST_PRICES = Prices()


@dataclass(frozen=True)
class TokenPrices:
    """US dollars of a token of the input and of the answer in batch inference."""

    given: float
    answered: float


def batch_token_prices(model_id: str) -> TokenPrices | None:
    """What tokens of a model or an inference profile cost, by its id or ARN; None if not known."""
    for name, (given, answered) in _ON_DEMAND.items():
        if name in model_id:
            return TokenPrices(given / 1e6 * _BATCH_SHARE, answered / 1e6 * _BATCH_SHARE)
    return None


_BATCH_SHARE = 0.5
"""Of the price on demand."""
_ON_DEMAND = {
    "amazon.nova-micro-v1": (0.035, 0.14),
    "amazon.nova-lite-v1": (0.06, 0.24),
    "amazon.nova-pro-v1": (0.80, 3.20),
    "anthropic.claude-3-haiku": (0.25, 1.25),
    "anthropic.claude-3-5-haiku": (0.80, 4.00),
    "anthropic.claude-haiku-4-5": (1.00, 5.00),
    "anthropic.claude-3-5-sonnet": (3.00, 15.00),
    "anthropic.claude-3-7-sonnet": (3.00, 15.00),
    "anthropic.claude-sonnet-4": (3.00, 15.00),
    "anthropic.claude-opus-4-5": (5.00, 25.00),
}
"""By what is in a model's id: dollars of a million tokens of input and of answers, on demand."""

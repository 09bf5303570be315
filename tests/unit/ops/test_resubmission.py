"""What Bedrock will bill of a retry."""

from typing import Any

import pytest

from functions.aws.resubmission.export import Export
from ops.model.resubmission import Tokens, expected_tokens

TOOK = {"totalRecordCount": 1000, "inputTokenCount": 1_700_000, "outputTokenCount": 80_000}


def test_records_cost_as_those_of_the_job_and_padding_answers_one_token() -> None:
    found = expected_tokens({"bedrock": TOOK}, Export(written=60, padding=40))
    assert found == Tokens(170_000, 4_840)


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"bedrock": {}},
        {"bedrock": {"totalRecordCount": 1000}},
        {"bedrock": {**TOOK, "totalRecordCount": 0}},
    ],
)
def test_without_the_job_s_manifest_nothing_is_estimated(stats: dict[str, Any]) -> None:
    assert expected_tokens(stats, Export(written=60)) is None


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        # 170,000 tokens at $0.80 and 4,840 at $3.20 a million, half of it in batch inference.
        ("apac.amazon.nova-pro-v1:0", 0.075744),
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", 0.0056808),
        ("anthropic.claude-3-5-haiku-20241022-v1:0", 0.07768),
        ("anthropic.claude-3-haiku-20240307-v1:0", 0.024275),
    ],
)
def test_tokens_cost_half_of_the_list_price(model: str, dollars: float) -> None:
    assert Tokens(170_000, 4_840).cost(model) == pytest.approx(dollars)


def test_a_model_that_is_not_in_the_list_has_no_price() -> None:
    assert Tokens(1, 1).cost("meta.llama4-maverick-17b-instruct-v1:0") is None

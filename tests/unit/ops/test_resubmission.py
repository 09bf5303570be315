"""What Bedrock will bill of a retry."""

from __future__ import annotations

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

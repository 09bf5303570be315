"""Which denials fail the end-to-end suites."""

import pytest

from embedded_aws.iam.uses import Denial
from tests.e2e.denials import Watch


@pytest.mark.parametrize(
    ("action", "without_policies", "counts"),
    [
        ("s3:GetObject", False, True),
        ("sqs:SendMessage", False, False),
        ("s3:GetObject", True, False),
    ],
)
def test_a_denial_counts_unless_its_case_caused_it_or_its_role_is_gone(
    action: str, *, without_policies: bool, counts: bool
) -> None:
    watch = Watch()
    watch.begin("case", causes=("sqs:*",))
    denial = Denial("role", action, "resource", {}, "case", without_policies)
    assert watch._is_caused(denial) is not counts

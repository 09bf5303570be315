"""The check of MiniStack at every start."""

import pytest

from embedded_aws.core import self_check

MOST_OF_STEP_FUNCTIONS = 10


def test_names_every_difference_at_once() -> None:
    gone = ["ministack.services.s3:_no_such_function", "ministack.core.no_such_module:name"]
    with pytest.raises(self_check.UnexpectedMiniStack) as unexpected:
        self_check.check([*gone, "ministack.services.s3:_buckets"], installed="9.9.9")
    message = str(unexpected.value)
    assert "its version is 9.9.9" in message
    assert all(f"{each} is missing" in message for each in gone)
    assert "_buckets" not in message


def test_the_installed_one_is_the_expected_one() -> None:
    self_check.check(self_check.used_names())


def test_finds_what_a_source_uses() -> None:
    source = """
from ministack.core.responses import now_iso
from ministack.services import s3, sqs as queues

ALSO_USES = ("ministack.core.lambda_runtime:Worker._spawn",)

def f(name):
    queues._act = name
    return s3._buckets.get(name), now_iso()
"""
    assert self_check.names_in(source) == {
        "ministack.core.responses:now_iso",
        "ministack.services:s3",
        "ministack.services:sqs",
        "ministack.core.lambda_runtime:Worker._spawn",
        "ministack.services.sqs:_act",
        "ministack.services.s3:_buckets",
        "ministack.services.s3:_buckets.get",
    }


def test_step_functions_uses_few_names() -> None:
    """It is owned whole: MiniStack only hands over requests and state, and does the calls."""
    names = self_check.used_names(self_check.PACKAGE / "stepfunctions")
    assert len({name for name in names if not name.startswith("ministack.services:")}) <= (
        MOST_OF_STEP_FUNCTIONS
    )

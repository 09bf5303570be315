"""When an execution or a job that is watched has ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.claims import ClaimState
from ops.commands.watch import has_ended, is_settled
from ops.model.history import History
from tests.unit.ops.reports import DONE, FAILED, NOW, RUNNING, report, unclaimed


@pytest.mark.parametrize("redrives", range(3))
@pytest.mark.parametrize("shown", [RUNNING, FAILED, DONE], ids=["running", "failed", "done"])
def test_an_end_is_believed_only_of_the_redrive_itself(shown: History, redrives: int) -> None:
    """It was redriven once before: this is its second redrive."""
    standstill = (NOW, NOW + timedelta(seconds=1))
    history = replace(shown, standstills=(standstill,) * redrives)
    expected = redrives == 2 and shown is not RUNNING
    assert has_ended(report(history=history), {history.arn: 2}) is expected


def test_a_job_that_ended_at_bedrock_without_results_is_settled() -> None:
    assert not is_settled(unclaimed())
    assert is_settled(replace(unclaimed(), record={"status": "FAILED"}))
    assert is_settled(report())
    assert not is_settled(report(history=RUNNING, state=ClaimState.CLAIMED))

"""A step is shown with the time at which it began."""

import pytest

from ops.view.steps import Steps


def test_each_step_has_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([100.0, 100.0, 112.34])
    steps = Steps(clock=lambda: next(times))
    steps.begin("Synthesize the template")
    steps.begin("Deploy the stack")
    assert capsys.readouterr().err == (
        "   0.0 s  Synthesize the template\n  12.3 s  Deploy the stack\n"
    )

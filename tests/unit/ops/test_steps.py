"""Progress of long commands: when each step began; a line every few seconds with what is left."""

import pytest

from ops.view.steps import SAY_SECONDS, Counting, Steps


class _Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_it_says_how_far_it_has_come_and_how_long_the_rest_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = _Clock()
    progress = Counting("Started", 600, clock)
    for _ in range(300):
        clock.now += 1
        progress.one()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 300 / SAY_SECONDS
    assert lines[0] == "Started 5 of 600; about 10 min left."
    assert lines[-1] == "Started 300 of 600; about 5 min left."
    assert progress.left == 300


def test_it_says_that_it_waits(capsys: pytest.CaptureFixture[str]) -> None:
    clock = _Clock()
    progress = Counting("Redrove", 2, clock)
    progress.wait()
    assert not capsys.readouterr().err
    clock.now += SAY_SECONDS
    progress.wait()
    assert "Redrove 0 of 2; waiting until fewer executions run." in capsys.readouterr().err


def test_what_ends_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Counting("Started", 1, _Clock())
    progress.one()
    assert not capsys.readouterr().err


def test_each_step_has_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([100.0, 100.0, 112.34])
    steps = Steps(clock=lambda: next(times))
    steps.begin("Synthesize the template")
    steps.begin("Deploy the stack")
    assert capsys.readouterr().err == (
        "   0.0 s  Synthesize the template\n  12.3 s  Deploy the stack\n"
    )

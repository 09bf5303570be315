"""What holds for all tests.

The long form of a suite runs only when it is asked for; the others try the same examples each time.
Nothing that tests start outlives them, however they end.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    # A busy machine is slow, which is not a fault of an example or of what makes it.
    "at-any-speed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("same-each-run", settings.get_profile("at-any-speed"), derandomize=True)

_OF_THE_TERMINAL = ("CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "TTY_COMPATIBLE")
"""Variables that give the commands' output another width, or colours where there is no terminal."""


def pytest_configure(config: pytest.Config) -> None:
    for name in _OF_THE_TERMINAL:
        os.environ.pop(name, None)
    # The first to say so is the one that started the others (`-n`).
    os.environ.setdefault("EMBEDDED_AWS_ENDS_WITH", str(os.getpid()))
    # What passed once passes again: only the long form looks for examples of its own.
    settings.load_profile("at-any-speed" if config.getoption("--long") else "same-each-run")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long form of the suites too")
    parser.addoption(
        "--stack",
        help="run the end-to-end tests that need no more than a stack on this one, by the "
        "credentials, region and endpoint of the environment",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="long form: run with --long")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)

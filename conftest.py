"""What holds for all tests.

The long form of a suite runs only when it is asked for, and nothing that tests start outlives
them, however they end.
"""

from __future__ import annotations

import os

import pytest


def pytest_configure() -> None:
    # The first to say so is the one that started the others (`-n`).
    os.environ.setdefault("EMBEDDED_AWS_ENDS_WITH", str(os.getpid()))


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

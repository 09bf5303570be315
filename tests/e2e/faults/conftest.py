"""One embedded AWS for everything that goes wrong, in quick time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import deploy, server, synthesis
from ops import deployment
from tests.e2e.denials import watch
from tests.e2e.faults import matrix_page
from tests.e2e.faults.cases import CASES
from tests.e2e.faults.inbox import Inbox
from tests.e2e.faults.world import CONTEXT, SERVER_SETTINGS, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("faulty-aws")
    assembly = synthesis.synthesize(server.PROJECT, context=CONTEXT)
    running = server.start(folder, settings=SERVER_SETTINGS).server
    try:
        deploy.deploy(assembly, endpoint=running.endpoint)
        deployed = deployment.on_embedded(running)
        with watch.over(running.endpoint):
            yield World(deployed, Inbox.subscribe(deployed))
    finally:
        server.stop(folder)


@pytest.fixture(autouse=True)
def _no_faults_left(world: World) -> Iterator[None]:
    yield
    world.clear_faults()


_results: list[matrix_page.Result] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the cases of the matrix."""
    facts = dict(report.user_properties)
    if report.when == "call" and "fault" in facts:
        names = ("fault", "where", "state", "error")
        shown = {name: str(facts[name]) for name in names}
        _results.append(
            matrix_page.Result(**shown, outcome=report.outcome, seconds=report.duration)
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page after a long run."""
    if session.config.getoption("--long") and len(_results) == sum(
        not case.heals for case in CASES
    ):
        matrix_page.write(_results)

"""One embedded AWS for everything that goes wrong, in quick time."""

from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from typing import Any, Protocol

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.e2e.denials import watch
from tests.e2e.faults import matrix_page
from tests.e2e.faults.cases import CASES
from tests.e2e.faults.world import FaultyDeployment, world_in


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyDeployment]:
    with world_in(tmp_path_factory.mktemp("faulty-aws")) as world, watch.over(world.endpoint):
        yield world


@pytest.fixture(autouse=True)
def _no_faults_left(world: FaultyDeployment) -> Iterator[None]:
    yield
    world.clear_faults()


class Show(Protocol):
    """Puts a test on docs/generated/fault-matrix.md; see `matrix_page.Result`."""

    def __call__(
        self, fault: str, *, where: str = "", state: str = "", error: str = "", cured: str = ""
    ) -> None: ...


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Show:
    """What a test is about, said before it can fail."""

    def said(
        fault: str, *, where: str = "", state: str = "", error: str = "", cured: str = ""
    ) -> None:
        facts = {"fault": fault, "where": where, "state": state, "error": error, "cured": cured}
        record_property("case", facts)

    return said


@pytest.fixture
def show_alarms(record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """How many alarms were seen in both states."""
    return partial(record_property, "alarms")


class _MatrixSpread(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
    """A call of the matrix goes to any process; the tests of another file keep together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if file.endswith("/test_fault_matrix.py") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _MatrixSpread | None:
    """The scheduler of `pytest tests/e2e/faults --dist loadfile`."""
    return _MatrixSpread(config, log) if config.getoption("dist") == "loadfile" else None


_ROWS = {case.where: number for number, case in enumerate(CASES)}
_results: list[tuple[Any, matrix_page.Result]] = []
"""Each after its place on the page: the file, the line, the call."""
_alarms: list[int] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what the page shows."""
    if report.when != "call":
        return
    facts: dict[str, Any] = dict(report.user_properties)
    if "case" in facts:
        case = matrix_page.Result(**facts["case"], outcome=report.outcome, seconds=report.duration)
        _results.append(((report.location[:2], _ROWS.get(case.where, 0)), case))
    if "alarms" in facts:
        _alarms.append(facts["alarms"])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page after a long run of all of this."""
    if session.config.getoption("--long") and _alarms and len(_results) >= len(CASES):
        results = [case for _, case in sorted(_results, key=itemgetter(0))]
        matrix_page.write(results, alarms=_alarms[0])

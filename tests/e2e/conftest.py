"""One embedded AWS for all end-to-end tests, with the very template deployed to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local import deploy, server, synthesis
from ops.cli import app
from ops.model import deployment
from ops.model.deployment import Deployment
from tests.e2e.denials import watch

HERE = Path(__file__).parent
RANGE_BYTES = 2 * 1024 * 1024  # several ranges of objects that are still quick to make


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the embedded AWS, which runs as long as the session."""
    folder = tmp_path_factory.mktemp("aws")
    running = server.start(folder).server
    try:
        with watch.over(running.endpoint):
            yield folder
    finally:
        server.stop(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--stack`, leave out what wants an embedded AWS of its own, or its faults."""
    if not config.getoption("--stack"):
        return
    skip = pytest.mark.skip(reason="wants an embedded AWS: run without --stack")
    for item in items:
        names = getattr(item, "fixturenames", ())
        if not item.path.is_relative_to(HERE):
            continue
        if "deployed" not in names or not {"data", "world"}.isdisjoint(names):
            item.add_marker(skip)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin a case of the record of decisions."""
    causes = [str(each) for mark in item.iter_markers("causes_denials") for each in mark.args]
    watch.begin(item.nodeid, causes=tuple(causes))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """With all grants in place no call is denied."""
    result = yield
    watch.check()
    return result


@pytest.fixture
def ingest(data: Path) -> Callable[..., Result]:
    """Types an `ingest` command for the embedded AWS."""
    return lambda *words: CliRunner().invoke(app, [*words, "--data", str(data)])


@pytest.fixture(scope="session")
def deployed(request: pytest.FixtureRequest) -> Deployment:
    """The stack: on the embedded AWS, or the one that was named."""
    if stack := request.config.getoption("--stack"):
        return deployment.on_aws(str(stack))
    running = server.find(request.getfixturevalue("data"))
    assert running is not None
    assembly = synthesis.synthesize(server.PROJECT, context={"rangeBytes": RANGE_BYTES})
    deploy.deploy(assembly, endpoint=running.endpoint)
    return deployment.on_embedded(running)

"""An embedded AWS that a module has for itself, with the product on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import deploy, server, synthesis
from ops.model import deployment
from ops.model.deployment import Deployment


@contextmanager
def own_aws(folder: Path, **settings: str) -> Iterator[Path]:
    """Run one on this folder; waits of the state machine take a twentieth of their time."""
    server.start(folder, settings={"EMBEDDED_AWS_WAIT_SCALE": "0.05", **settings})
    try:
        yield folder
    finally:
        server.stop(folder)


def deploy_product(data: Path) -> Deployment:
    """Deploy the stack, with the settings of cdk.json."""
    running = server.find(data)
    assert running is not None
    deploy.deploy(synthesis.synthesize(server.PROJECT), endpoint=running.endpoint)
    return deployment.on_embedded(running)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For a module that imports it, and `deployed`: nothing of other tests is on it."""
    with own_aws(tmp_path_factory.mktemp("own-aws")) as folder:
        yield folder


@pytest.fixture(scope="module")
def deployed(data: Path) -> Deployment:
    return deploy_product(data)

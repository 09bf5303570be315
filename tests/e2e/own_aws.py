"""An embedded AWS that a module has for itself, with the product on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import deploy, server, synthesis
from ops.model import deployment
from ops.model.deployment import Deployment


@contextmanager
def own_aws(folder: Path) -> Iterator[Path]:
    """Run one on this folder; waits of the state machine take a twentieth of their time."""
    server.start(folder, settings={"EMBEDDED_AWS_WAIT_SCALE": "0.05"})
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

"""A data folder whose server is stopped, and one server for the tests of deploying."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.tests.conftest import Aws
from local import server


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "aws"
    yield folder
    server.stop(folder)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("aws")
    yield Aws(server.start(folder).server)
    server.stop(folder)

"""Handlers run on moto; everything else on the memory's S3 and DynamoDB."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.workflow import aws_tables
from tests.workflow.image_migration import ImageMigration
from tests.workflow.machine import Machine


@pytest.fixture
def aws() -> Iterator[tuple[Any, Any]]:
    """S3 and DynamoDB as the handlers see them."""
    with aws_tables.on_moto() as made:
        yield made


@pytest.fixture
def machine() -> Machine:
    """A job on the memory's tables."""
    return Machine()


@pytest.fixture
def migration() -> ImageMigration:
    """A bucket and tables without an image."""
    return ImageMigration()

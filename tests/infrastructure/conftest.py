"""One synthesis a variant of the deployment, shared by all tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.node import use_locked_node
from tests.infrastructure.template import Template

use_locked_node()

#: How the CDK is told to bundle nothing.
WITHOUT_LAYER: dict[str, Any] = {"aws:cdk:bundling-stacks": []}

KEY = "arn:aws:kms:eu-west-1:111122223333:key/"

EXISTING_KEY = f"{KEY}existing"

IMPORTED = {
    "bucketName": "their-bucket",
    "bucketKeyArns": [f"{KEY}bucket", f"{KEY}bucket-before"],
    "transactionsTableName": "their-transactions",
    "transactionsTableKeyArn": f"{KEY}transactions",
    "batchJobsTableName": "their-jobs",
    "batchJobsTableKeyArn": f"{KEY}jobs",
    "pendingImagesTableName": "their-images",
    "pendingImagesTableKeyArn": f"{KEY}pending",
    "imageKmsKeyArn": f"{KEY}images",
    "permissionsBoundaryArn": "arn:aws:iam::111122223333:policy/boundary",
    "tags": {"team": "books"},
    "workerConcurrency": 20,
    "migrateConcurrency": 4,
    "alarmEmail": "somebody@example.com",
}

RESUBMITTING = {
    "autoResubmitRecords": 500,
    "bedrockJobRoleArn": "arn:aws:iam::111122223333:role/batch",
}


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Synthesize with other settings, once for each name."""
    folders: dict[str, Path] = {}

    def synthesize_once(name: str, **changed: Any) -> Path:
        if name not in folders:
            # Imported late: it starts Node, which only the tests of templates need.
            from stacks.application import synthesize  # noqa: PLC0415

            folder = tmp_path_factory.mktemp(name)
            synthesize(overrides={**WITHOUT_LAYER, **changed}, outdir=str(folder))
            folders[name] = folder
        return folders[name]

    return synthesize_once


@pytest.fixture(scope="session")
def created_folder(synthesized: Callable[..., Path]) -> Path:
    """The `cdk.out` of a deployment with all defaults."""
    return synthesized("created")


@pytest.fixture(scope="session")
def created(created_folder: Path) -> Template:
    """All defaults: the stack creates everything."""
    return Template(created_folder / "BatchIngest.template.json")


@pytest.fixture(scope="session")
def imported(synthesized: Callable[..., Path]) -> Template:
    """Bucket and tables exist already, some of them with keys of their own."""
    return Template(synthesized("imported", **IMPORTED) / "BatchIngest.template.json")


@pytest.fixture(scope="session")
def encrypted(synthesized: Callable[..., Path]) -> Template:
    """Production, with a key of its own."""
    folder = synthesized("encrypted", customerManagedKey=True, production=True)
    return Template(folder / "BatchIngest.template.json")


@pytest.fixture(scope="session")
def keyed(synthesized: Callable[..., Path]) -> Template:
    """With a key that exists already."""
    folder = synthesized("keyed", customerManagedKeyArn=EXISTING_KEY)
    return Template(folder / "BatchIngest.template.json")


@pytest.fixture(scope="session")
def resubmitting(synthesized: Callable[..., Path]) -> Template:
    """Rejects of settled jobs are submitted again."""
    return Template(synthesized("resubmitting", **RESUBMITTING) / "BatchIngest.template.json")


@pytest.fixture(params=["created", "imported", "encrypted", "keyed"])
def template(request: pytest.FixtureRequest) -> Template:
    """Each variant in turn."""
    value = request.getfixturevalue(request.param)
    assert isinstance(value, Template)
    return value

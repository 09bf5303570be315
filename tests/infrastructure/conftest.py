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

VARIANTS: dict[str, dict[str, Any]] = {
    "created": {},
    "imported": IMPORTED,
    "encrypted": {"customerManagedKey": True, "production": True},
    "keyed": {"customerManagedKeyArn": EXISTING_KEY},
    "resubmitting": RESUBMITTING,
}
"""The settings of each fixture that is a template."""


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


def _template(variant: str) -> Any:
    @pytest.fixture(scope="session", name=variant)
    def template(synthesized: Callable[..., Path]) -> Template:
        folder = synthesized(variant, **VARIANTS[variant])
        return Template(folder / "BatchIngest.template.json")

    return template


created, imported, encrypted, keyed, resubmitting = map(_template, VARIANTS)


@pytest.fixture(params=["created", "imported", "encrypted", "keyed"])
def template(request: pytest.FixtureRequest) -> Template:
    value = request.getfixturevalue(request.param)
    assert isinstance(value, Template)
    return value

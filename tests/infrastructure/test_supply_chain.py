"""From the lock file to what is deployed: every distribution named, hashed, and the same again."""

import ast
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest

from stacks.errors import LayerNotBuilt, LockNotRead
from stacks.packaging import layer_archive
from stacks.packaging.byte_code import Interpreter
from stacks.packaging.layer_archive import Layer
from stacks.packaging.lock import bill_of_materials, requirements

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "uv.lock"

_SHA_256 = re.compile(r"sha256:([0-9a-f]{64})")


def _required() -> dict[tuple[str, str], set[str]]:
    """Hashes of each distribution, by name and version, as uv is told to install them."""
    blocks = re.split(r"\n(?=\S)", requirements(LOCK))
    found = {}
    for block in blocks:
        match = re.match(r"([\w.-]+)==([^ ;]+)", block)
        assert match, block
        found[match[1], match[2]] = set(_SHA_256.findall(block))
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's lock file, to be changed."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(PROJECT / name, folder)
    return folder / "uv.lock"


def _edit(lock: Path, old: str, new: str) -> None:
    text = lock.read_text()
    assert old in text
    lock.write_text(text.replace(old, new))


def _a_hash_of(package: str) -> str:
    packages = tomllib.loads(LOCK.read_text())["package"]
    (found,) = [each for each in packages if each["name"] == package]
    return str(found["wheels"][0]["hash"])


class TestLocked:
    """Nothing is fetched that is not locked with its hash."""

    def test_every_python_distribution(self) -> None:
        for package in tomllib.loads(LOCK.read_text())["package"]:
            if package["source"] == {"editable": "."}:
                continue
            files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
            assert files, package["name"]
            assert all(_SHA_256.fullmatch(file["hash"]) for file in files), package["name"]

    def test_the_installer_itself(self) -> None:
        """`make setup` has pip install it before uv can look at the lock file."""
        exported = subprocess.run(
            [
                *(PROJECT / ".venv" / "bin" / "uv", "export", "--quiet", "--frozen"),
                *("--only-group", "installer", "--no-emit-project", "--no-header"),
                "--no-annotate",
            ],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )

        assert (PROJECT / "tools" / "installer.txt").read_text() == exported.stdout
        assert "--require-hashes -r tools/installer.txt" in (PROJECT / "Makefile").read_text()

    def test_every_package_of_node(self) -> None:
        lock = json.loads((PROJECT / "tools" / "package-lock.json").read_text())
        packages = {name: each for name, each in lock["packages"].items() if name}

        assert packages
        for name, package in packages.items():
            assert package["integrity"].startswith("sha512-"), name


class TestLayer:
    """What the functions run with is what the lock file names, the same wherever it is built."""

    def test_everything_in_it_is_required_by_version_and_hash(self) -> None:
        required = _required()

        assert {"botocore", "pydantic", "aws-lambda-powertools"} <= {name for name, _ in required}
        assert all(required.values())

    def test_the_functions_import_what_they_depend_on_and_nothing_else(self) -> None:
        distributions = importlib.metadata.packages_distributions()
        imported = {
            _normal(distributions[module][0])
            for path in (PROJECT / "functions").rglob("*.py")
            for module in _imports(ast.parse(path.read_text(encoding="utf-8")))
            if module not in sys.stdlib_module_names and module != "functions"
        }
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
        direct = {re.split(r"[^\w-]", each)[0] for each in project["dependencies"]}

        assert direct <= imported
        assert imported <= {name for name, _ in _required()}

    def test_its_fingerprint_follows_what_the_functions_run_with(self, project: Path) -> None:
        first = Layer.of(project).fingerprint
        _edit(project, _a_hash_of("jmespath"), f"sha256:{'0' * 64}")

        assert first == Layer.of(LOCK).fingerprint
        assert Layer.of(project).fingerprint != first

    def test_its_fingerprint_ignores_the_project_s_own_tools(self, project: Path) -> None:
        _edit(project, _a_hash_of("pytest"), f"sha256:{'0' * 64}")

        assert Layer.of(project).fingerprint == Layer.of(LOCK).fingerprint

    def test_its_fingerprint_follows_builder_target_and_interpreter(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        layer = Layer("a==1", Interpreter(Path("python"), "3.13.1"))
        fingerprints = [
            layer.fingerprint,
            replace(layer, interpreter=None).fingerprint,
            replace(layer, interpreter=Interpreter(Path("python"), "3.13.2")).fingerprint,
        ]
        for name, value in (
            ("PLATFORM", "x86_64-manylinux2014"),
            ("_builder", lambda: [b"another"]),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(layer_archive, name, value)
                fingerprints.append(replace(layer).fingerprint)

        assert len(set(fingerprints)) == 5
        elsewhere = replace(layer, interpreter=Interpreter(Path("elsewhere/python"), "3.13.1"))
        assert elsewhere.fingerprint == layer.fingerprint

    def test_a_lock_file_that_is_none_is_named(self, tmp_path: Path) -> None:
        broken = tmp_path / "uv.lock"
        broken.write_text("no lock file")

        with pytest.raises(LockNotRead, match=f"^{re.escape(str(broken))} could not be read"):
            Layer.of(broken)

    def test_one_that_cannot_be_built_is_one_sentence_and_leaves_nothing(
        self, tmp_path: Path
    ) -> None:
        unhashed = Layer("jmespath==1.1.0", None)

        with pytest.raises(LayerNotBuilt, match=r"^The layer of dependencies could not be built"):
            unhashed.build(tmp_path)

        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    def test_a_distribution_of_another_hash_is_refused(self, project: Path, tmp_path: Path) -> None:
        packages = tomllib.loads(LOCK.read_text())["package"]
        (jmespath,) = [each for each in packages if each["name"] == "jmespath"]
        for file in (*jmespath["wheels"], jmespath["sdist"]):
            _edit(project, file["hash"], f"sha256:{'0' * 64}")

        with pytest.raises(LayerNotBuilt, match=r"(?i)hash mismatch"):
            Layer.of(project).build(tmp_path / "build")

    @pytest.mark.slow
    def test_it_is_the_same_byte_for_byte_and_holds_what_is_required(self, tmp_path: Path) -> None:
        """Built by two processes that share neither folder, nor mask, nor seed of hashes."""
        script = (
            "import os, sys; from pathlib import Path; os.umask(int(sys.argv[2], 8));"
            "from stacks.packaging.layer_archive import Layer;"
            "print(Layer.of(Path('uv.lock')).build(Path(sys.argv[1])))"
        )
        built = []
        for name, mask, seed in (("one", "022", "1"), ("another/place", "077", "2")):
            folder = tmp_path / name
            (folder / "tmp").mkdir(parents=True)
            done = subprocess.run(
                [sys.executable, "-c", script, str(folder), mask],
                cwd=PROJECT,
                env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            )
            built.append(Path(done.stdout.strip()))

        digests = {hashlib.sha256(each.read_bytes()).hexdigest() for each in built}
        assert len(digests) == 1
        assert _distributions(built[0]) == set(_required())


def _imports(node: ast.AST) -> Iterator[str]:
    """Top-level names of what a module imports when it runs, so not for the type checker alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (each.name.split(".")[0] for each in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield str(child.module).split(".")[0]
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from _imports(child)


def _distributions(archive: Path) -> set[tuple[str, str]]:
    """Name and version of each distribution in a layer, as its own metadata says."""
    found = set()
    with zipfile.ZipFile(archive) as layer:
        for name in layer.namelist():
            if re.fullmatch(r"python/[^/]+\.dist-info/METADATA", name):
                metadata = HeaderParser().parsestr(layer.read(name).decode())
                found.add((_normal(metadata["Name"]), metadata["Version"]))
    return found


def _normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()


class TestBillOfMaterials:
    """https://cyclonedx.org/docs/1.5/json/."""

    @pytest.fixture(scope="class")
    @classmethod
    def materials(cls) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(bill_of_materials(LOCK))
        return document

    def test_everything_in_the_layer_is_in_it_by_version_and_hash(
        self, materials: dict[str, Any]
    ) -> None:
        components = {
            (component["name"], component["version"]): {
                each["content"]
                for reference in component["externalReferences"]
                for each in reference["hashes"]
                if each["alg"] == "SHA-256"
            }
            for component in materials["components"]
        }

        assert components == _required()

    @pytest.mark.slow
    def test_a_synthesis_writes_it_next_to_the_layer_that_it_describes(
        self, tmp_path: Path
    ) -> None:
        subprocess.run(
            [sys.executable, "-m", "stacks.synth", "--output", str(tmp_path / "cdk.out")],
            cwd=PROJECT,
            capture_output=True,
            check=True,
        )
        (layer,) = (tmp_path / "cdk.out").glob("asset.*.zip")
        materials = json.loads((tmp_path / "cdk.out" / "sbom.cdx.json").read_text())

        assert _distributions(layer) == {
            (component["name"], component["version"]) for component in materials["components"]
        }

"""Every package at the top of the tree has its import rules in pyproject.toml."""

import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
UNRULED = {"bench", "tests"}
"""They may import everything, and nothing may import them."""
RULES = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]


def packages(root: Path) -> set[str]:
    return {module.parent.name for module in root.glob("*/*.py")} - UNRULED


def unruled(root: Path) -> set[str]:
    """The packages that no rule keeps from importing others, or that the linter does not read."""
    ruled = {
        module
        for contract in RULES["contracts"]
        if contract["type"] == "forbidden"
        for module in contract["source_modules"]
    }
    return packages(root) - (ruled & set(RULES["root_packages"]))


def test_every_package_has_a_rule() -> None:
    assert not unruled(PROJECT), "add it to root_packages and to a contract in pyproject.toml"


def test_a_package_without_a_rule_is_found(tmp_path: Path) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "page.py").touch()
    assert unruled(tmp_path) == {"console"}


@pytest.mark.parametrize("package", sorted(UNRULED))
def test_nothing_imports_tests_and_measurements(package: str) -> None:
    (contract,) = (
        each for each in RULES["contracts"] if package in each.get("forbidden_modules", [])
    )
    assert set(contract["source_modules"]) == set(RULES["root_packages"])

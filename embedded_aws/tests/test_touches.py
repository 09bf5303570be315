"""What an extension uses of MiniStack is in some `TOUCHES`, so that the self-check proves it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from embedded_aws import extensions

HOME = Path(extensions.__file__).parent
MODULES = [
    module for module in sorted(HOME.rglob("*.py")) if not module.is_relative_to(HOME / "tests")
]


def uses(source: str) -> set[str]:
    """The attributes of MiniStack's modules that a source reads or sets, as "module:name"."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            for alias in node.names:
                imported = f"{node.module}.{alias.name}"
                modules[alias.asname or alias.name] = imported
                if alias.name.startswith("_"):
                    used.add(f"{node.module}:{alias.name}")
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        ):
            used.add(f"{modules[node.value.id]}:{node.attr}")
    return used


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOME)))
def test_everything_that_is_used_is_proven(module: Path) -> None:
    # A name is proven once, whichever module lists it.
    unproven = {
        use
        for use in uses(module.read_text(encoding="utf-8"))
        if not any(touch == use or touch.startswith(f"{use}.") for touch in extensions.TOUCHES)
    }
    assert not unproven

"""Checks at every start that MiniStack is the version that the extensions were written for.

The extensions replace, call and read private names, which may change in any release. Without the
check, a behaviour whose name went missing would silently not be emulated. The names are read from
the sources of this package, so no list has to be kept, and all are checked before an extension is
imported, so that one start names every difference.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPECTED_VERSION = "1.5.33"
SAVED_FORMAT = 2
"""The form of the extensions' own saved records: raise it when older ones cannot be read."""
PACKAGE = Path(__file__).parent.parent


class UnexpectedMiniStack(Exception):  # noqa: N818 - reads as what it is
    """The installed MiniStack differs from the one that the extensions extend."""

    def __init__(self, differences: list[str]) -> None:
        super().__init__(
            f"The embedded AWS extends MiniStack {EXPECTED_VERSION}, but of the installed one "
            f"{'; '.join(differences)}. Install what uv.lock names: `make setup`. To move to "
            "another version, see embedded_aws/README.md."
        )


def check(names: Iterable[str], *, installed: str | None = None) -> None:
    """Check the version of MiniStack and every name in use.

    Args:
        names: names as "package.module:attribute", dotted for a class's.
        installed: the version to judge; the installed one when None.

    Raises:
        UnexpectedMiniStack: names each difference.
    """
    version = installed or importlib.metadata.version("ministack")
    differences = []
    if version != EXPECTED_VERSION:
        differences.append(f"its version is {version}, not {EXPECTED_VERSION}")
    differences += [f"{name} is missing" for name in sorted(set(names)) if not _exists(name)]
    if differences:
        raise UnexpectedMiniStack(differences)


def _exists(name: str) -> bool:
    module, _, attribute = name.partition(":")
    try:
        value = importlib.import_module(module)
        if hasattr(value, "__path__"):  # a package: the name is a module of it, or its own
            with contextlib.suppress(ImportError):
                importlib.import_module(f"{module}.{attribute}")
        functools.reduce(getattr, attribute.split("."), value)
    except (ImportError, AttributeError):
        return False
    return True


def used_names(folder: Path = PACKAGE) -> set[str]:
    """The names of MiniStack that the sources in a folder use, its tests left out."""
    return {
        name
        for source in folder.rglob("*.py")
        if "tests" not in source.relative_to(folder).parts
        for name in names_in(source.read_text(encoding="utf-8"))
    }


def names_in(source: str) -> set[str]:
    """The names of MiniStack's modules that a source imports, reads or sets.

    Names that it uses of objects which MiniStack passes in cannot be seen; a module lists them in a
    tuple `ALSO_USES`.
    """
    if "ministack" not in source:
        return set()
    nodes = list(ast.walk(ast.parse(source)))
    modules: dict[str, str] = {}
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                names.add(f"{node.module}:{alias.name}")
    for node in nodes:
        match node:
            case ast.Attribute():
                root, *attributes = _dotted(node)
                if root in modules:
                    names.add(f"{modules[root]}:{'.'.join(attributes)}")
            case ast.Assign(targets=[ast.Name(id="ALSO_USES")], value=ast.Tuple(elts=listed)):
                names |= {str(each.value) for each in listed if isinstance(each, ast.Constant)}
    return names


def _dotted(node: ast.Attribute) -> list[str]:
    """`a.b.c` as its parts; the first is empty where the expression begins with no name."""
    if isinstance(node.value, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    return [node.value.id if isinstance(node.value, ast.Name) else "", node.attr]

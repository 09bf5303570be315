"""The proof, at every start, that MiniStack is the one that the extensions were written for.

They replace and call private functions, which may change in any release. A name that went
missing would otherwise show itself as a behaviour silently not emulated.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPECTED_VERSION = "1.5.33"


class UnexpectedMiniStack(Exception):  # noqa: N818 - reads as what it is
    """The installed MiniStack differs from the one that the extensions extend."""

    def __init__(self, difference: str) -> None:
        super().__init__(
            f"The embedded AWS extends MiniStack {EXPECTED_VERSION}, but of the installed one "
            f"{difference}. Install what uv.lock names: `make setup`."
        )


def check(touches: Iterable[str], *, installed: str | None = None) -> None:
    """Check the version of MiniStack and every private name in use.

    Args:
        touches: names as "package.module:attribute", dotted for a class's.
        installed: the version to judge; the installed one when None.

    Raises:
        UnexpectedMiniStack: names each difference.
    """
    version = installed or importlib.metadata.version("ministack")
    faults = []
    if version != EXPECTED_VERSION:
        faults.append(f"its version is {version}, not {EXPECTED_VERSION}")
    faults += [f"{touch} is missing" for touch in sorted(set(touches)) if not _present(touch)]
    if faults:
        raise UnexpectedMiniStack("; ".join(faults))


def _present(touch: str) -> bool:
    module, _, name = touch.partition(":")
    try:
        functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        return False
    return True

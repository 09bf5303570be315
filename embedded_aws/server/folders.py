"""Folders of saved state."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = "clean"
"""Name of the file that is written into a folder of state once all else there is written.

It holds a line for each service whose state could not be.
"""


def link_tree(source: Path, target: Path) -> None:
    """Make a second folder of the same files; those under way (`.tmp`) are left out."""
    ignore = shutil.ignore_patterns("*.tmp")
    shutil.copytree(source, target, copy_function=os.link, ignore=ignore)

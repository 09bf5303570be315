"""The page on security lists every file of hostile cases, and links to what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_file_of_hostile_cases_is_listed() -> None:
    listed = re.findall(r"^\| \[(test_\w+\.py)\]", PAGE, re.MULTILINE)
    files = {file.name for file in Path(__file__).parent.glob("test_*.py")}
    assert set(listed) == files - {Path(__file__).name}

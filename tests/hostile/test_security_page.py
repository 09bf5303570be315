"""The page on security links every file of hostile cases."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_file_of_hostile_cases_is_listed() -> None:
    listed = re.findall(r"\]\(\.\./tests/hostile/(test_\w+\.py)\)", PAGE)
    files = {file.name for file in Path(__file__).parent.glob("test_*.py")}
    assert set(listed) == files - {Path(__file__).name}

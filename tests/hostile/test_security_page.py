"""The page on security counts what there is, and links to what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_file_of_hostile_cases_is_listed_with_its_number_of_tests() -> None:
    listed = {
        name: int(number)
        for name, number in re.findall(r"^\| \[(test_\w+\.py)\].*\| (\d+) \|$", PAGE, re.MULTILINE)
    }
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/hostile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = Counter(re.findall(r"^tests/hostile/(test_\w+\.py)::", collected.stdout, re.MULTILINE))
    del found[Path(__file__).name]
    assert listed == dict(found)


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert len(links) > 20
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []

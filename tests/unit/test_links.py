"""The pages of the project link to files that are there."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "embedded_aws", "functions", "local", "ops", "stacks", "tests")
PAGES = [
    *PROJECT.glob("*.md"),
    *(page for name in FOLDERS for page in (PROJECT / name).rglob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in linked if not page.parent.joinpath(link).exists()]

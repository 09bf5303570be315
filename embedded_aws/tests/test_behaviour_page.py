"""BEHAVIOUR.md names the test of each behaviour; each of them exists."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parent / "BEHAVIOUR.md"
NAMED = sorted(
    set(re.findall(r"`((?:tests/local/)?test_\w+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8")))
)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_exists(file: str, name: str) -> None:
    folder = HERE.parent.parent if "/" in file else HERE
    source = (folder / file).read_text(encoding="utf-8")
    assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE)

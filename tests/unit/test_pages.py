"""The pages of the project name files, commands and settings that are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from ops.cli import app

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "embedded_aws", "functions", "local", "ops", "stacks", "tests")
PAGES = [
    *PROJECT.glob("*.md"),
    *(page for name in FOLDERS for page in (PROJECT / name).rglob("*.md")),
]
COMMANDS: Any = typer.main.get_command(app)
CODE = ("demo", "embedded_aws", "functions", "local", "ops", "stacks", "statemachine", "tests")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))


@every_page
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in linked if not page.parent.joinpath(link).exists()]


@every_page
def test_every_command_and_its_options_exist(page: Path) -> None:
    typed = r"(?:^ *(?:\$ )?|`)(?:\.venv/bin/)?(ingest [^`\n#|]+)"
    for command in re.findall(typed, page.read_text(encoding="utf-8"), re.MULTILINE):
        words = command.split()[1:]
        found = COMMANDS
        while words and hasattr(found, "commands"):
            name = words.pop(0)
            if name.startswith("-"):
                break
            assert name in found.commands, command
            found = found.commands[name]
        options = {option for each in found.params for option in each.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= options, command


@every_page
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    typed = re.findall(r"(?:^(?:\$ )?|`)make (\w+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(typed) <= targets


def test_every_name_of_a_setting_or_an_attribute_is_one_of_the_code() -> None:
    files = [
        path
        for folder in CODE
        for path in (PROJECT / folder).rglob("*")
        if path.suffix in {".py", ".json"} and path != Path(__file__)
    ]
    code = "\n".join(path.read_text("utf-8") for path in [PROJECT / "cdk.json", *files])
    known = set(re.findall(r"[a-z]+[A-Z]\w+", code)) | {"likeThis"}
    for page in PAGES:
        named = set(re.findall(r"`([a-z]+[A-Z]\w+)`", page.read_text("utf-8")))
        assert named <= known, page

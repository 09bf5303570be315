import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.packaging.byte_code import compile_tree, find_interpreter
from stacks.packaging.function_code import write_code

INTERPRETER = Path(sys.executable)


def test_no_interpreter_is_no_error() -> None:
    assert find_interpreter("3.99") is None


def test_a_stand_in_is_not_taken_for_an_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_interpreter("3.99") is None


def test_byte_code_is_valid_whatever_becomes_of_the_time_stamps(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("NAMES = frozenset({'a', 'b', 'c'})\n")

    compile_tree(tmp_path, interpreter=INTERPRETER, installed_at="/opt/python")

    (compiled,) = tmp_path.rglob("*.pyc")
    content = compiled.read_bytes()
    assert int.from_bytes(content[4:8], "little") == 0b01  # by hash, and never checked (PEP 552)
    assert b"/opt/python/module.py" in content
    assert str(tmp_path).encode() not in content


def test_how_the_builder_runs_its_own_python_changes_no_byte_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, told = tmp_path / "plain", tmp_path / "told"
    for tree in (plain, told):
        tree.mkdir()
        (tree / "module.py").write_text('"""Docstring."""\nassert {"a", "b", "c"} & {"d"}\n')
    compile_tree(plain, interpreter=INTERPRETER, installed_at="/opt/python")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONHASHSEED", "7")

    compile_tree(told, interpreter=INTERPRETER, installed_at="/opt/python")

    assert _contents(told) == _contents(plain)
    assert len(_contents(plain)) == 2


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two modules, and what a person's day leaves beside them."""
    for name, text in {
        "functions/__init__.py": "",
        "functions/domain/words.py": "WORDS = {'one', 'two', 'three'}\n",
        "functions/domain/__pycache__/words.cpython-311.pyc": "old",
        "functions/domain/.words.py.swp": "draft",
        "functions/.DS_Store": "",
        "ops/cli.py": "",
    }.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


def test_functions_ship_with_the_byte_code_of_their_modules_and_nothing_else(
    project: Path, tmp_path: Path
) -> None:
    write_code(tmp_path / "code", project=project, interpreter=INTERPRETER)

    assert set(_contents(tmp_path / "code")) == {
        file
        for module in ("functions/__init__.py", "functions/domain/words.py")
        for file in (module, importlib.util.cache_from_source(module))
    }


def test_without_an_interpreter_functions_ship_as_source(project: Path, tmp_path: Path) -> None:
    write_code(tmp_path / "code", project=project, interpreter=None)

    assert set(_contents(tmp_path / "code")) == {
        "functions/__init__.py",
        "functions/domain/words.py",
    }


def test_functions_ship_the_same_bytes_wherever_and_whenever_they_are_written(
    project: Path, tmp_path: Path
) -> None:
    one, another = tmp_path / "one", tmp_path / "another" / "place"
    write_code(one, project=project, interpreter=INTERPRETER)
    for module in project.rglob("*.py"):
        os.utime(module, (0, 0))
        module.chmod(0o600)

    mask = os.umask(0o077)
    try:
        write_code(another, project=project, interpreter=INTERPRETER)
    finally:
        os.umask(mask)

    assert _contents(another) == _contents(one)
    modes = {path.stat().st_mode & 0o777 for path in another.rglob("*") if path.is_file()}
    assert modes == {0o644}


def test_byte_code_of_another_python_is_passed_over(project: Path, tmp_path: Path) -> None:
    """The embedded AWS runs the asset in the project's own Python."""
    write_code(tmp_path, project=project, interpreter=INTERPRETER)
    compiled = tmp_path / importlib.util.cache_from_source("functions/domain/words.py")
    compiled.rename(compiled.with_name("words.cpython-399.pyc"))
    compiled.with_name("words.cpython-399.pyc").write_bytes(b"of another version")

    done = subprocess.run(
        [INTERPRETER, "-c", "from functions.domain import words; print(len(words.WORDS))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "3\n"


def _contents(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file()
    }

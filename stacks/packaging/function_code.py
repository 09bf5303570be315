"""The functions' code as it is shipped: the modules of `functions`, with their byte code.

The same modules and the same Python make the same files, wherever and whenever they are written:
the CDK names the asset by their content.
"""

from pathlib import Path

from stacks.packaging.byte_code import compile_tree

#: Where Lambda unpacks a function's code.
_INSTALLED_AT = "/var/task"


def write_code(target: Path, *, project: Path, interpreter: Path | None) -> None:
    """Write the `functions` package of a project into a folder, importable as `functions`.

    Args:
        target: The folder; what it has must not be in the way.
        project: Where `functions` is. Its modules are taken and nothing beside them, so that what
            an editor or a file manager left there changes no function.
        interpreter: Compiles them; without one the code is of source alone.

    Raises:
        subprocess.CalledProcessError: a module does not compile.
    """
    for module in sorted((project / "functions").rglob("*.py")):
        copy = target / module.relative_to(project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module.read_bytes())
        # Lambda runs functions as a user of its own, whatever the mask of who wrote them.
        copy.chmod(0o644)
    if interpreter:
        compile_tree(target, interpreter=interpreter, installed_at=_INSTALLED_AT)

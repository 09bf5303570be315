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
        target: An empty folder.
        project: Where `functions` is. Only its modules are taken, so that what
            an editor or a file manager left there changes no function.
        interpreter: Compiles them; without one the code is of source alone.

    Raises:
        subprocess.CalledProcessError: a module does not compile.
    """
    for module in sorted((project / "functions").rglob("*.py")):
        copy = target / module.relative_to(project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module.read_bytes())
        # Lambda runs functions as another user, who must be able to read them.
        copy.chmod(0o644)
    if interpreter:
        compile_tree(target, interpreter=interpreter, installed_at=_INSTALLED_AT)

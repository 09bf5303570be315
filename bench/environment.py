"""What the SDK wants to see before it talks to a stub."""

import os
from typing import Final

REGION: Final = "us-east-1"


def pretend() -> None:
    """Set credentials as long as those of a Lambda function, and a Region."""
    os.environ.update(
        AWS_ACCESS_KEY_ID="ASIAEXAMPLE000000000",
        AWS_SECRET_ACCESS_KEY="s" * 40,
        AWS_SESSION_TOKEN="t" * 900,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
    )

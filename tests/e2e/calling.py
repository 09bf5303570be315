"""The functions of a deployment, called as AWS calls them."""

import json
from typing import Any

from ops.model.deployment import Deployment


def function(deployed: Deployment, name: str) -> str:
    """The deployed name of a function."""
    pages = deployed.make_client("lambda").get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    found: str
    (found,) = (each for each in names if each.startswith(f"{deployed.stack}-Workers{name}"))
    return found


def invoke(deployed: Deployment, name: str, event: object) -> Any:
    """What a function answers; of an error, its `errorType` and `errorMessage`."""
    answer = deployed.make_client("lambda").invoke(
        FunctionName=function(deployed, name), Payload=json.dumps(event).encode()
    )
    return json.loads(answer["Payload"].read())

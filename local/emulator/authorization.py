"""Where Step Functions acts with a state machine's role.

AWS (Step Functions guide, "connect-lambda", "connect-ddb", "iam-policies-eg-dist-map",
"redrive-map-run"): the role needs lambda:InvokeFunction, the DynamoDB action of a direct task,
s3:GetObject for the reader, s3:PutObject for the result writer, states:StartExecution on the
machine to run a map, and states:RedriveExecution on the labelled children to redrive one.
`local.emulator.roles` decides; what a denial is called differs from place to place.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import TYPE_CHECKING

from local.emulator.state_errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

_ROLES = "local.emulator.roles"


def require(role: str, action: str, resource: str, *, error: str) -> None:
    """Check that a state machine's role may do something.

    Raises:
        StateError: it may not, under the error name given.
    """
    why = _denial()(role, action, resource)
    if why is not None:
        raise StateError(error, why)


@functools.cache
def _denial() -> Callable[[str, str, str], str | None]:
    if importlib.util.find_spec(_ROLES) is None:
        return lambda *_: None
    denial: Callable[[str, str, str], str | None] = importlib.import_module(_ROLES).denial
    return denial

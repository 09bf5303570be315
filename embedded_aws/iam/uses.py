"""Uses of grants, and denials: rows of the record of decisions.

Those who read the record import this module, which does not import MiniStack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Use:
    """A grant, and the case in which it allowed calls.

    Attributes:
        principal: The name of a role, or of a service.
        resource: As the policy has it: `arn:aws:s3:::bucket/work/*`.
        conditions: Those of the grant, each with the values that were met, as JSON.
    """

    principal: str
    action: str
    resource: str
    conditions: str
    case: str


@dataclass(frozen=True)
class Denial:
    """A call that was denied.

    Attributes:
        resource: The ARN that it was denied on.
        context: The condition keys of the service in the request, `s3:prefix` among them.
        without_policies: The role, or the resource, had no policy at all or was gone, as while a
            stack is deleted.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, Any]
    case: str
    without_policies: bool = False

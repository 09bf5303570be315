"""Whose permissions were used, and denied, on the embedded AWS while a case ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.owner import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.endpoint import Endpoint


@dataclass(frozen=True)
class Use:
    """A grant that allowed calls; of its resource and conditions what was met."""

    principal: str
    action: str
    resource: str
    conditions: str
    case: str


@dataclass(frozen=True)
class Denial:
    """A call that was denied.

    Attributes:
        without_policies: The role, or the resource, had no policy at all or was gone, as while a
            stack is deleted.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, Any]
    case: str
    without_policies: bool

    def __str__(self) -> str:
        return f"{self.principal} was denied {self.action} on {self.resource} ({self.case})"


@dataclass(frozen=True)
class Decisions:
    """The record of decisions of one embedded AWS."""

    endpoint: Endpoint

    def begin(self, case: str) -> None:
        """Count what follows under a case."""
        ask(self.endpoint, "decisions", "POST", {"case": case})

    def uses(self) -> list[Use]:
        """Grants that allowed calls, each once a case."""
        found = ask(self.endpoint, "decisions", "GET")["uses"]
        return [Use(**{key: each[key] for key in Use.__annotations__}) for each in found]

    def calls(self, case: str) -> Iterator[tuple[Use, int]]:
        """How many calls each grant allowed in a case."""
        for each in ask(self.endpoint, "decisions", "GET")["uses"]:
            if each["case"] == case:
                yield Use(**{key: each[key] for key in Use.__annotations__}), each["count"]

    def denials(self) -> list[Denial]:
        """Calls that were denied, in their order."""
        return [Denial(**each) for each in ask(self.endpoint, "decisions", "GET")["denials"]]

"""Whose permissions were used, and denied, on the embedded AWS while a case ran."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """A call that was denied."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, Any]
    case: str

    def __str__(self) -> str:
        return f"{self.principal} was denied {self.action} on {self.resource} ({self.case})"


@dataclass(frozen=True)
class Decisions:
    """The record of decisions of one embedded AWS."""

    endpoint: Endpoint

    def begin(self, case: str) -> None:
        """Count what follows under a case."""
        self._ask("POST", {"case": case})

    def uses(self) -> list[Use]:
        """Grants that allowed calls, each once a case."""
        found = self._ask("GET")["uses"]
        return [Use(**{key: each[key] for key in Use.__annotations__}) for each in found]

    def denials(self) -> list[Denial]:
        """Calls that were denied, in their order."""
        return [Denial(**each) for each in self._ask("GET")["denials"]]

    def _ask(self, method: str, value: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - on loopback
            f"{self.endpoint.url}/_embedded/decisions",
            method=method,
            data=json.dumps(value).encode() if value is not None else None,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            loaded: dict[str, Any] = json.loads(answer.read())
            return loaded

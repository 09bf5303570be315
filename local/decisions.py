"""Whose permissions were used, and denied, on the embedded AWS while a case ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.iam.uses import Denial, Use
from local.owner import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.endpoint import Endpoint


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

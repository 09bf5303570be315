"""What the page reads, and how often: the bound of its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ops.console.feeds import Feed
from ops.console.overview import OverviewReader
from ops.errors import NothingFound

if TYPE_CHECKING:
    from ops.console.overview import Overview
    from ops.model.deployment import Deployment

PAUSE_SECONDS: Final = 1.0
_BUSY: Final = 3.0
"""It pauses for so many times what a reading took: at most a quarter of the time it reads."""


class Sources:
    """The feeds of a deployment."""

    def __init__(self, deployed: Deployment) -> None:
        """Nothing is read before somebody looks."""
        reader = OverviewReader(deployed)
        self.jobs: Feed[Overview] = Feed(reader.read, pause=_pause)

    def feed(self, name: str) -> Feed[Any]:
        """The feed that a page names.

        Raises:
            NothingFound: there is none of that name.
        """
        if name == "jobs":
            return self.jobs
        raise NothingFound("There is no such feed.")


def _pause(_: object, took: float) -> float:
    return max(PAUSE_SECONDS, _BUSY * took)

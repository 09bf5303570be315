"""The feeds of the page, and how often they read: this bounds its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ops.console.feeds import Feed, Feeds
from ops.console.job_view import JobReader
from ops.console.overview import OverviewReader
from ops.errors import NothingFound

if TYPE_CHECKING:
    from ops.console.job_view import JobView
    from ops.console.overview import Overview
    from ops.model.deployment import Deployment

PAUSE_SECONDS: Final = 1.0
_BUSY: Final = 3.0
"""Pause, as a multiple of the time of a reading: it reads for at most a quarter of the time."""


class Sources:
    """The feeds of a deployment."""

    def __init__(self, deployed: Deployment) -> None:
        """Make the feeds; nothing is read before a window shows one."""
        self._deployed = deployed
        reader = OverviewReader(deployed)
        self.jobs: Feed[Overview] = Feed(reader.read, pause=_pause)
        self._jobs: Feeds[JobView] = Feeds(self._make)

    def feed(self, name: str) -> Feed[Any]:
        """Find the feed that a page names.

        Raises:
            NothingFound: there is none of that name.
        """
        if name == "jobs":
            return self.jobs
        kind, _, job_id = name.partition(" ")
        if kind == "job" and job_id:
            return self.job(job_id)
        raise NothingFound("There is no such feed.")

    def job(self, job_id: str) -> Feed[JobView]:
        """The feed of a job."""
        return self._jobs.of(job_id)

    def _make(self, job_id: str) -> Feed[JobView]:
        return Feed(JobReader(self._deployed, job_id).read, pause=_pause)


def _pause(_: object, took: float) -> float:
    return max(PAUSE_SECONDS, _BUSY * took)

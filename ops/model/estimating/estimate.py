"""An estimate: what one or several results objects take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.model.estimating.ingest_requests import ingest_of
from ops.model.estimating.prices import DATE, REGION, Requests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.model.estimating.ingest_requests import IngestLimits
    from ops.model.estimating.workload import Workload


@dataclass(frozen=True)
class Estimate:
    """Time and cost of some results objects.

    Attributes:
        seconds: Until the last of them is settled.
        workers: Of the largest load.
        is_sampled: Scaled up from parts.
        settings: Where the settings of the plan are from.
    """

    objects: int
    records: float
    transactions: float
    images: float
    size: int
    requests: Requests
    seconds: float
    workers: int
    ranges: int
    is_sampled: bool
    settings: str

    def as_json(self) -> dict[str, Any]:
        """The output of `--json`."""
        return {
            "objects": self.objects,
            "bytes": self.size,
            "records": round(self.records),
            "transactions": round(self.transactions),
            "images": round(self.images),
            "isSampled": self.is_sampled,
            "seconds": round(self.seconds, 1),
            "workers": self.workers,
            "ranges": self.ranges,
            "dollars": self.requests.cost,
            "dollarsByService": self.requests.costs,
            "requests": vars(self.requests),
            "settings": self.settings,
            "prices": f"list prices, {REGION}, {DATE}",
        }


def estimate(
    workloads: Iterable[Workload], limits: IngestLimits, *, at_a_time: int = 1
) -> Estimate:
    """Estimate the first ingest of some objects, of which so many are ingested at a time."""
    found = list(workloads)
    ingests = [ingest_of(each, limits) for each in found]
    return Estimate(
        objects=len(found),
        records=sum(each.records for each in found),
        transactions=sum(each.transactions for each in found),
        images=sum(each.images for each in found),
        size=sum(each.size for each in found),
        requests=sum((each.requests for each in ingests), Requests()),
        seconds=max(
            sum(each.seconds for each in ingests) / at_a_time,
            max((each.seconds for each in ingests), default=0.0),
        ),
        workers=max((each.plan.workers for each in ingests), default=0),
        ranges=sum(len(each.plan.ranges) for each in ingests),
        is_sampled=any(each.is_sampled for each in found),
        settings=limits.origin,
    )

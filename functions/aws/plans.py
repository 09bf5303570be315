"""Lists of map items in S3: what LoadRanges and MigrateImages go through.

A list is written again, under the number of its round, for what the ledger finds missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.aws.objects import WorkFiles
from functions.aws.runtime.plan_settings import PlanSettings
from functions.domain.images import Chunk
from functions.domain.load_plan import plan_load
from functions.domain.payloads.chunk_work import ChunkItem
from functions.domain.payloads.ingest import Ingest, Plan
from functions.domain.payloads.segment_work import Span
from functions.domain.ranges import Range


@dataclass(frozen=True)
class RangePlanner:
    """Cuts spans into ranges, and says how many of them are loaded at a time."""

    files: WorkFiles
    settings: PlanSettings

    def plan(
        self,
        ingest: Ingest,
        spans: Sequence[Range],
        *,
        round_: int,
        line_bytes: float,
        conditional: bool,
    ) -> Plan:
        """Write the list of ranges that tile these spans."""
        limits = self.settings.limits
        planned = plan_load(spans, line_bytes=line_bytes, conditional=conditional, limits=limits)
        key = f"{ingest.work_prefix}/ranges-{round_}.json"
        if planned.ranges:
            items = [Span.of(part, again=round_ > 0).as_json() for part in planned.ranges]
            self.files.write_json(key, items)
        return Plan(
            bucket=self.files.bucket,
            key=key,
            items=len(planned.ranges),
            max_concurrency=planned.workers,
            results_prefix=f"{ingest.work_prefix}/ranges-{round_}-results",
            write_units_per_second=limits.write_units_per_second,
            line_bytes=line_bytes,
        )


@dataclass(frozen=True)
class ChunkPlanner:
    """Lists chunks of images; the first list keeps them all, later ones what is missing."""

    files: WorkFiles
    max_concurrency: int

    def plan(self, ingest: Ingest, chunks: Sequence[Chunk]) -> Plan:
        """Write the list of all chunks."""
        items = [ChunkItem.of(number, chunk) for number, chunk in enumerate(chunks)]
        return self._write(ingest, items, round_=0)

    def plan_missing(self, ingest: Ingest, done: Mapping[int, object], *, round_: int) -> Plan:
        """Write the list of the chunks that are not done."""
        items = self.files.read_rows(_chunks_key(ingest, 0), ChunkItem)
        missing = [item for item in items if item.number not in done]
        return self._write(ingest, missing, round_=round_)

    def _write(self, ingest: Ingest, items: Sequence[ChunkItem], *, round_: int) -> Plan:
        key = _chunks_key(ingest, round_)
        if items:
            self.files.write_json(key, [item.as_json() for item in items])
        return Plan(
            bucket=self.files.bucket,
            key=key,
            items=len(items),
            max_concurrency=self.max_concurrency,
            results_prefix=f"{ingest.work_prefix}/chunks-{round_}-results",
        )


def _chunks_key(ingest: Ingest, round_: int) -> str:
    return f"{ingest.work_prefix}/chunks-{round_}.json"

"""All scenarios: the first that uses a grant is the one that is run without it."""

from tests.e2e.grants.deliveries import (
    AlarmRings,
    Announced,
    Arrives,
    NotRecorded,
    NotStarted,
    Scheduled,
    StuckCheck,
)
from tests.e2e.grants.executions import (
    AlreadyClaimed,
    Batches,
    Disturbed,
    EndsAtBedrock,
    Gone,
    ManifestThere,
    MovedBefore,
    Redriven,
    Tagged,
    Versioned,
)
from tests.e2e.grants.retries import RETRIES
from tests.e2e.grants.scenario import Scenario

WRITE = {"caller": "*LoadSegment*", "action": "dynamodb:BatchWriteItem"}
CHUNK = {"caller": "*", "action": "dynamodb:PutItem", "having": ["chunk#"]}

SCENARIOS: tuple[Scenario, ...] = (
    # Before all others, which start executions, send messages and ring alarms too.
    Arrives(),
    AlarmRings(),
    Scheduled(),
    Scenario(),
    Batches(),
    ManifestThere(),
    Tagged(),
    # What a refused put left absent is inserted: no further attempt does without.
    Disturbed(
        "a range is tried again, and nothing was written",
        {**WRITE, "kind": "error", "code": "InternalServerError", "status": 500},
        heals=frozenset({"dynamodb:BatchWriteItem"}),
    ),
    # A worker that finds an attempt on record writes conditionally.
    Disturbed("a range is tried again", {**WRITE, "kind": "lost", "times": 1}),
    # What the ledger lacks is planned again.
    Disturbed("the ledger lacks a chunk of images", {**CHUNK, "kind": "pretend", "times": 1}),
    MovedBefore(copied=True),
    MovedBefore(copied=False),
    Versioned(),
    AlreadyClaimed(),
    EndsAtBedrock(),
    Gone(
        "ResolveJob",
        what="the results object",
        key=("batch-output/", ""),
        ends="ResolveJob fails: ResultsObjectMissing",
    ),
    Gone(
        "LoadSegment",
        what="the results object",
        key=("batch-output/", ""),
        ends="LoadRanges fails: ResultsObjectMissing",
    ),
    Gone(
        "MigrateImages",
        what="a list of images",
        key=("work/", "/images"),
        ends="MigrateImages fails: NoSuchKey",
    ),
    Gone(
        "VerifyMigration",
        what="the list of chunks",
        key=("work/", "/chunks-0.json"),
        ends="VerifyMigration fails: NoSuchKey",
    ),
    Redriven("LoadSegment", state="LoadRanges"),
    Redriven("MigrateImages", state="MigrateImages"),
    Announced("LoadSegment", state="LoadRanges"),
    Announced("LoadSegment", state="LoadRanges", manifest=True),
    Announced("MigrateImages", state="MigrateImages"),
    StuckCheck(),
    StuckCheck(manifest=True),
    NotRecorded(callable_by_rule=True),
    NotRecorded(callable_by_rule=False),
    NotStarted(),
    *RETRIES,
)

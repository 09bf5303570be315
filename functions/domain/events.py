"""Names of log events and metrics.

Alarms, dashboards, log queries and tests use these names, so that none of them watches for a name
that is never emitted.
"""

from enum import StrEnum
from typing import Final

METRICS_NAMESPACE: Final = "BatchIngest"


class Event(StrEnum):
    """The `event` field of a log line: a name that does not change."""

    OBJECT_IGNORED = "object_ignored"
    JOB_RESOLVED = "job_resolved"
    RANGES_PLANNED = "ranges_planned"
    SEGMENT_STARTED = "segment_started"
    SEGMENT_LOADED = "segment_loaded"
    WRITES_THROTTLED = "writes_throttled"
    LOAD_VERIFIED = "load_verified"
    LOAD_INCOMPLETE = "load_incomplete"
    CHUNK_STARTED = "chunk_started"
    CHUNK_MIGRATED = "chunk_migrated"
    IMAGE_LEFT = "image_left"
    IMAGES_THROTTLED = "images_throttled"
    MIGRATION_VERIFIED = "migration_verified"
    MIGRATION_INCOMPLETE = "migration_incomplete"
    JOB_SETTLED = "job_settled"
    MODEL_ERRORS_DIFFER = "model_errors_differ"
    CLAIM_LOST = "claim_lost"
    MANIFEST_UNREADABLE = "manifest_unreadable"
    CALL_DENIED = "call_denied"
    EXECUTION_FAILED = "execution_failed"
    EXECUTION_REDRIVEN = "execution_redriven"
    EXECUTION_RECOVERED = "execution_recovered"
    OUTCOME_OUTDATED = "outcome_outdated"
    JOB_STUCK = "job_stuck"
    JOB_FOUND_ENDED = "job_found_ended"
    REJECTS_RESUBMITTED = "rejects_resubmitted"
    RESUBMISSION_SKIPPED = "resubmission_skipped"


class Metric(StrEnum):
    """CloudWatch metrics of the namespace `BatchIngest`, all with the dimension `service`."""

    RECORDS_LOADED = "RecordsLoaded"
    RECORDS_REJECTED = "RecordsRejected"
    DUPLICATE_RECORDS = "DuplicateRecords"
    RECORDS_MISSING = "RecordsMissing"
    RECORDS_UNEXPECTED = "RecordsUnexpected"
    REJECT_PERCENT = "RejectPercent"
    IMAGES_MIGRATED = "ImagesMigrated"
    IMAGES_LEFT = "ImagesLeft"
    WRITE_UNITS_PER_SECOND = "WriteUnitsPerSecond"
    WRITE_THROTTLES = "WriteThrottles"
    MANIFEST_UNREADABLE = "ManifestUnreadable"
    MODEL_ERRORS_DIFFER = "ModelErrorsDiffer"
    CALLS_DENIED = "CallsDenied"
    STUCK_JOBS = "StuckJobs"
    SEARCH_BEHIND_HOURS = "SearchBehindHours"
    EXECUTION_FAILURES = "ExecutionFailures"


FAILED_STATE_DIMENSION: Final = "FailedState"
"""The further dimension of `Metric.EXECUTION_FAILURES`: the state that failed."""

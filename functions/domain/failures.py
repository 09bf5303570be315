"""Every failure of the workflow, with its explanation and its cure.

Errors, Fail states, alarms, messages and runbook pages use these texts, so that an operator reads
the same everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum


class Cure(StrEnum):
    """How the work of a failed execution is continued."""

    REDRIVE = "redrive"
    """Continue the failed execution in place: `ingest redrive EXECUTION`."""
    REPLAY = "replay"
    """Start a new execution on purpose: `ingest replay JOB`. A redrive would fail again."""
    DECISION = "decision"
    """Look with `ingest rejects JOB`, then decide. A redrive would fail again, and so would a
    replay that neither accepts the rejects nor follows a change of the code."""
    NEW_EVENT = "new event"
    """Start from another event: neither a redrive nor a replay can cure this execution."""


@dataclass(frozen=True)
class Explanation:
    """The meaning of a failure, and what an operator does about it.

    Attributes:
        meaning: One sentence, without the names of jobs or objects.
        remedy: What to do before the cure; empty when nothing has to be done.
        cure: How the work is then continued.
        otherwise: What to do where that cannot help, in a sentence; empty where it always does.
    """

    meaning: str
    remedy: str
    cure: Cure
    otherwise: str = ""

    @property
    def sentence(self) -> str:
        """Meaning, remedy and cure as the text of a Cause, an alarm or a message."""
        return f"{self.meaning} Cure: {self.instruction}"

    @property
    def instruction(self) -> str:
        """Remedy and cure: what to do, in the order in which to do it."""
        verb = {
            Cure.REDRIVE: "redrive the execution",
            Cure.REPLAY: "replay the results object (a redrive would fail again)",
            Cure.DECISION: "",
            Cure.NEW_EVENT: "",
        }[self.cure]
        first = ", then ".join(filter(None, (self.remedy, verb)))
        return f"{first}. {self.otherwise}".rstrip()


class Failure(StrEnum):
    """Error names as Step Functions shows them."""

    EVENT_INVALID = "EventInvalid"
    JOB_NOT_FOUND = "JobNotFound"
    JOB_AMBIGUOUS = "JobAmbiguous"
    JOB_INVALID = "JobInvalid"
    RESULTS_OBJECT_MISSING = "ResultsObjectMissing"
    RESULTS_OBJECT_CHANGED = "ResultsObjectChanged"
    WRITE_THROTTLED = "WriteThrottled"
    SEGMENT_OUT_OF_TIME = "SegmentOutOfTime"
    WORK_FILE_DAMAGED = "WorkFileDamaged"
    TOO_MANY_REJECTS = "TooManyRejects"
    INCOMPLETE_LOAD = "IncompleteLoad"
    INCOMPLETE_MIGRATION = "IncompleteMigration"

    @property
    def explanation(self) -> Explanation:
        """What it means and how it is cured."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Failure.EVENT_INVALID: Explanation(
        "The execution's input is not an event that can be processed.",
        "if the key is too long, upload the object under a key of at most 900 bytes; else start an "
        "execution with the event as S3 sends it",
        Cure.NEW_EVENT,
        "This execution itself needs nothing more.",
    ),
    Failure.JOB_NOT_FOUND: Explanation(
        "No record of the batch-jobs table has this job id.",
        "write the job's record",
        Cure.REDRIVE,
    ),
    Failure.JOB_AMBIGUOUS: Explanation(
        "More than one record of the batch-jobs table has this job id.",
        "remove the record that does not belong to the job",
        Cure.REDRIVE,
    ),
    Failure.JOB_INVALID: Explanation(
        "The job's record cannot be used.",
        "correct the attribute of the record that the cause names",
        Cure.REDRIVE,
    ),
    Failure.RESULTS_OBJECT_MISSING: Explanation(
        "The results object of the event is not in the bucket.",
        "restore the same content under the same key",
        Cure.REDRIVE,
        "If it is gone for good, submit the records to Bedrock again.",
    ),
    Failure.RESULTS_OBJECT_CHANGED: Explanation(
        "The results object is no longer the one of the event; its upload starts an execution "
        "of its own.",
        "restore the same content if the new object was a mistake",
        Cure.REDRIVE,
        "If it was meant, nothing is to be done: its own execution takes this one's place.",
    ),
    Failure.WRITE_THROTTLED: Explanation(
        "DynamoDB refused every write of a segment until the worker ran out of time.",
        "raise the table's capacity or lower writeUnitsPerSecond if it keeps happening",
        Cure.REDRIVE,
    ),
    Failure.SEGMENT_OUT_OF_TIME: Explanation(
        "A worker ran out of time before one write was confirmed; DynamoDB refused none.",
        "see that the time limit and the memory of LoadSegment are what the stack sets, and raise "
        "functionTimeoutSeconds if it keeps happening",
        Cure.REDRIVE,
    ),
    Failure.WORK_FILE_DAMAGED: Explanation(
        "A file that this execution wrote has other content now.",
        "",
        Cure.REPLAY,
    ),
    Failure.TOO_MANY_REJECTS: Explanation(
        "Too large a share of the records was rejected; good records are written, images are "
        "untouched.",
        "see why with `ingest rejects JOB`",
        Cure.DECISION,
        "To accept the rejects: `ingest replay JOB --accept-rejects`; after that, `ingest resubmit "
        "JOB` has those records answered again that another answer may cure. Where the prompt or "
        "the model is at fault, correct it and submit a new job. Where good answers are read "
        "wrongly, deploy fixed code, then `ingest replay JOB`. A redrive would fail again.",
    ),
    Failure.INCOMPLETE_LOAD: Explanation(
        "After three further attempts the ledger still does not prove that every byte of the "
        "results object was processed.",
        "look at the ledger's segments of the object",
        Cure.REPLAY,
    ),
    Failure.INCOMPLETE_MIGRATION: Explanation(
        "After three further attempts the ledger still does not prove that every chunk of "
        "images was processed.",
        "look at the ledger's chunks of the object",
        Cure.REPLAY,
    ),
}


class ImageLeftReason(StrEnum):
    """Why an image was left where it is."""

    UNKNOWN = "ImageUnknown"
    OWNER_MISMATCH = "ImageOwnerMismatch"
    OUTSIDE_UPLOADS = "ImageOutsideUploads"
    MISSING = "ImageMissing"
    TOO_LARGE = "ImageTooLarge"
    DESTINATION_TAKEN = "ImageDestinationTaken"
    ARCHIVED = "ImageArchived"
    UNREADABLE = "ImageUnreadable"
    TRANSACTION_GONE = "ImageTransactionGone"

"""Failures that AWS names: their meaning and their cure.

Names as Step Functions shows them:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
"""

from enum import StrEnum
from typing import Final

from functions.domain import transient_errors
from functions.domain.failures import Cure, Explanation, Failure

STEP_FUNCTIONS_MAP_FAILED: Final = "States.ExceedToleratedFailureThreshold"
"""A map's own error where a child failed: the child's error says why."""
PUT_BACK: Final = "make deploy CDK_OPTIONS=--revert-drift"
"""Deploying an unchanged template does not revert changes made by hand.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
"""


class ServiceFailure(StrEnum):
    """Errors of Step Functions, Lambda and the SDK that have a sentence of their own."""

    TIMED_OUT = "States.Timeout"
    RUNTIME = "States.Runtime"
    DATA_LIMIT = "States.DataLimitExceeded"
    PERMISSIONS = "States.Permissions"
    CHILD_FAILED = STEP_FUNCTIONS_MAP_FAILED
    ITEM_READER = "States.ItemReaderFailed"
    RESULT_WRITER = "States.ResultWriterFailed"
    FUNCTION_TIMED_OUT = "Sandbox.Timedout"
    FUNCTION_DIED = "Runtime.ExitError"
    FUNCTION_OUT_OF_MEMORY = "Runtime.OutOfMemory"
    FUNCTION_NOT_LOADED = "Runtime.ImportModuleError"
    FUNCTION_THROTTLED = "Lambda.TooManyRequestsException"
    FUNCTION_GONE = "Lambda.ResourceNotFoundException"
    FUNCTION_REFUSED = "Lambda.AWSLambdaException"
    CLAIM_REFUSED = "DynamoDB.AmazonDynamoDBException"
    SERVICE_ANSWERED = "ClientError"
    ACCESS_DENIED = "AccessDenied"
    FILE_GONE = "NoSuchKey"
    RESTARTED = "States.ServiceRestart"
    JOB_CONTENDED = "SettlementContended"
    EVENT_REFUSED = "StatusEventRefused"

    @property
    def explanation(self) -> Explanation:
        """What it means and how it is cured."""
        meaning, remedy = _MEANINGS[self]
        return Explanation(meaning, remedy, Cure.REDRIVE, _OTHERWISE.get(self, ""))


_MEANINGS: Final[dict[ServiceFailure, tuple[str, str]]] = {
    ServiceFailure.TIMED_OUT: (
        "A state, or the whole execution, took longer than it may.",
        "see in its logs what it waited for",
    ),
    ServiceFailure.RUNTIME: (
        "Step Functions could not evaluate the state: its input is not what it expects.",
        "compare the state's input with the definition, and correct what produced it",
    ),
    ServiceFailure.DATA_LIMIT: (
        "A state's input or output is larger than 256 KiB.",
        "find out what made it grow; a redrive runs the whole state again",
    ),
    ServiceFailure.PERMISSIONS: (
        "The state machine's role may not do what the state does.",
        f"give the role back what the stack grants it: {PUT_BACK}",
    ),
    ServiceFailure.CHILD_FAILED: (
        "A child of the map failed for good; its own error is named with it.",
        "remove the cause of the children's errors",
    ),
    ServiceFailure.ITEM_READER: (
        "The map could not read the list of its items.",
        (
            f"do what the cause says: what the state machine's role lacks comes back by {PUT_BACK};"
            " a list that is gone can be restored in a bucket with versions"
        ),
    ),
    ServiceFailure.RESULT_WRITER: (
        "The map could not write its results; the work of its children is done.",
        f"do what the cause says: what the state machine's role lacks comes back by {PUT_BACK}",
    ),
    ServiceFailure.FUNCTION_TIMED_OUT: (
        "The function was stopped at its time limit.",
        "see in its log what it waited for",
    ),
    ServiceFailure.FUNCTION_DIED: (
        "The function's process ended, often because it lacked memory.",
        "raise functionMemoryMegabytes if the log shows that memory ran out",
    ),
    ServiceFailure.FUNCTION_OUT_OF_MEMORY: (
        "The function ran out of memory.",
        "raise functionMemoryMegabytes and deploy",
    ),
    ServiceFailure.FUNCTION_NOT_LOADED: (
        "The function's code could not be loaded.",
        "deploy a package that is whole",
    ),
    ServiceFailure.FUNCTION_THROTTLED: (
        (
            "Lambda refused calls for longer than they were tried again: too many functions run at"
            " once."
        ),
        "raise the account's or the function's concurrency if it keeps happening",
    ),
    ServiceFailure.FUNCTION_GONE: (
        "The function does not exist.",
        f"put it back: {PUT_BACK}",
    ),
    ServiceFailure.FUNCTION_REFUSED: (
        "Lambda refused the call, often because the state machine's role may not make it.",
        f"do what the cause says; what the role lacks comes back by {PUT_BACK}",
    ),
    ServiceFailure.CLAIM_REFUSED: (
        "DynamoDB refused the state machine's own request to the ledger.",
        f"do what the cause says; what the role lacks comes back by {PUT_BACK}",
    ),
    ServiceFailure.SERVICE_ANSWERED: (
        "A service answered the function with an error; the cause names service, action and code.",
        (
            "do what the cause says: a throttle passes by itself, a grant that the role lost comes"
            f" back by {PUT_BACK}"
        ),
    ),
    ServiceFailure.ACCESS_DENIED: (
        "S3 refused the function an object.",
        (
            "give its role, or the bucket's policy or key, the grant back that the cause names"
            f" ({PUT_BACK} does so for what is the stack's)"
        ),
    ),
    ServiceFailure.FILE_GONE: (
        "A file that this execution wrote is gone from the bucket.",
        "restore it (a bucket with versions has it still)",
    ),
    ServiceFailure.RESTARTED: (
        "The embedded AWS was stopped while the execution ran.",
        "",
    ),
    ServiceFailure.JOB_CONTENDED: (
        "Others kept writing the job's record while it was settled.",
        "",
    ),
    ServiceFailure.EVENT_REFUSED: (
        "EventBridge did not take the event of the job's status; it is kept in the job's record.",
        "",
    ),
}

_GONE_FOR_GOOD: Final = (
    "If it is gone for good, a redrive would fail again: replay the job instead"
    " (`ingest replay JOB`), which writes it again."
)
_OTHERWISE: Final = {
    ServiceFailure.ITEM_READER: _GONE_FOR_GOOD,
    ServiceFailure.FILE_GONE: _GONE_FOR_GOOD,
}

_STOPPED: Final = Explanation("The execution was stopped by hand.", "", Cure.REDRIVE)
_OVERDUE: Final = Explanation(
    "The execution ran into its time limit.", "see in its history what it waited for", Cure.REDRIVE
)
_PASSING: Final = Explanation(
    "The network or a service did not answer, or refused, for longer than it was tried again.",
    "wait until it answers again (see AWS's health dashboard)",
    Cure.REDRIVE,
)
_OTHER: Final = Explanation(
    "A service answered with an error, or the code has a fault.",
    "remove what the cause, or the function's log, names",
    Cure.REDRIVE,
)


def explain(error: str, *, status: str = "FAILED") -> Explanation:
    """The meaning of an execution's error, named by AWS or by this system.

    Args:
        error: As Step Functions shows it; empty for an execution that was stopped.
        status: Of the execution.
    """
    if status == "ABORTED":
        return _STOPPED
    if status == "TIMED_OUT":
        return _OVERDUE
    if error in set(Failure):
        return Failure(error).explanation
    if error in set(ServiceFailure):
        return ServiceFailure(error).explanation
    return _PASSING if error in transient_errors.ALL else _OTHER

"""What can end a state, and what can end an execution around it.

    StateError               an error by name, as Retry and Catch see it
    HistoryFull              the next event would be number 25,000
    Closed                   the execution was closed from outside: leave without another word
    MachineTimedOut          the state machine's TimeoutSeconds have passed

Error names: docs.aws.amazon.com, Step Functions guide, "concepts-error-handling".
"""

from __future__ import annotations

from ministack.services import stepfunctions as sfn

TOUCHES: tuple[str, ...] = ("ministack.services.stepfunctions:_ExecutionError",)

DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
ITEM_READER_FAILED = "States.ItemReaderFailed"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
THRESHOLD_EXCEEDED = "States.ExceedToleratedFailureThreshold"
TIMEOUT = "States.Timeout"
ALL = "States.ALL"


class StateError(sfn._ExecutionError):  # type: ignore[misc]
    """A state failed with an error name and a cause.

    MiniStack's own class is the base, because its Lambda and DynamoDB calls raise that.
    """

    error: str
    cause: str


class HistoryFull(Exception):  # noqa: N818 - a condition of the history, not of the code
    """An execution's history has room for its last event alone."""


class Closed(Exception):  # noqa: N818 - a signal to the thread of a closed execution
    """The execution was stopped, or aborted with its Map Run."""


class MachineTimedOut(Exception):  # noqa: N818 - as above
    """The execution ran longer than its state machine's TimeoutSeconds."""

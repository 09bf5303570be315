"""What can end a state, and an execution.

    StateError               a state failed, by the error name that Retry and Catch see
    HistoryFull              the next event would be number 25,000
    Closed                   the execution was closed from outside: leave its thread
    MachineTimedOut          the state machine's TimeoutSeconds have passed

Error names: docs.aws.amazon.com, Step Functions guide, "concepts-error-handling".
"""

from __future__ import annotations

DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
ITEM_READER_FAILED = "States.ItemReaderFailed"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
THRESHOLD_EXCEEDED = "States.ExceedToleratedFailureThreshold"
TIMEOUT = "States.Timeout"
ALL = "States.ALL"


class StateError(Exception):
    """A state failed with an error name and a cause; either may be absent."""

    def __init__(self, error: str | None, cause: str | None) -> None:
        self.error, self.cause = error, cause
        super().__init__(f"{error}: {cause}")


class HistoryFull(Exception):  # noqa: N818 - a condition of the history, not of the code
    """An execution's history has room for its last event only."""


class Closed(Exception):  # noqa: N818 - a signal to the thread of a closed execution
    """The execution was stopped, or aborted with its Map Run."""


class MachineTimedOut(Exception):  # noqa: N818 - as above
    """The execution ran longer than its state machine's TimeoutSeconds."""

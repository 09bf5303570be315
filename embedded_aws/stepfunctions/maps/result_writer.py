"""ResultWriter: the results of a Map Run in S3.

AWS (Step Functions guide, "input-output-resultwriter"): under `{Prefix}/{Map Run's UUID}/` a
manifest.json and, for what there is, SUCCEEDED_0.json, FAILED_0.json (timed-out and aborted
children too) and PENDING_0.json (items that were never started), each an array with the metadata
of the executions; the state's output is the Map Run's ARN and the manifest's place. After a redrive
the manifest has all successes, but only the last attempt's failures. What cannot be written is
States.ResultWriterFailed, found before the first child starts.

Files of more than 5 GB and WriterConfig are not emulated.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded_aws.core.api import without_none
from embedded_aws.s3 import objects
from embedded_aws.stepfunctions import store
from embedded_aws.stepfunctions.eligibility import redrive_status
from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.errors import RESULT_WRITER_FAILED, StateError
from embedded_aws.stepfunctions.language import paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State
    from embedded_aws.stepfunctions.store import Execution, MapRun

write_object: Callable[[str, str, bytes], None] = objects.write
"""Writes an object by bucket, key and content; a test server injects failures here."""

_FILES = {
    "SUCCEEDED": "SUCCEEDED",
    "FAILED": "FAILED",
    "TIMED_OUT": "FAILED",
    "ABORTED": "FAILED",
}


class ResultWriter:
    """The destination of one Map Run's results."""

    def __init__(self, frame: Frame, state: State, data: Json) -> None:
        """Resolve the destination and prove that it can be written.

        Raises:
            StateError: States.ResultWriterFailed.
        """
        where = paths.fill(state["ResultWriter"]["Parameters"], data, frame.context)
        self._bucket: str = where["Bucket"]
        self._prefix: str = where.get("Prefix", "")
        authorization.require(
            frame.role,
            "s3:PutObject",
            f"arn:aws:s3:::{self._bucket}/{self._prefix}/manifest.json",
            error=RESULT_WRITER_FAILED,
        )
        if not objects.has_bucket(self._bucket):
            message = f"The specified bucket does not exist. (Bucket: {self._bucket})"
            raise StateError(RESULT_WRITER_FAILED, message)

    def write(self, run: MapRun) -> Json:
        """Write the files of a Map Run's attempt; the state's output."""
        folder = f"{self._prefix}/{run.arn.rsplit(':', 1)[-1]}".lstrip("/")
        results: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for text, arn in zip(run.inputs, run.children, strict=True):
            if arn is None:
                results["PENDING"].append({"Input": text, "InputDetails": {"Included": True}})
                continue
            child = store.executions[arn]
            results[_FILES[child.status]].append(_result(child))
        files: dict[str, list[dict[str, Any]]] = {}
        for status, rows in results.items():
            files[status] = []
            if rows:
                key = f"{folder}/{status}_0.json"
                files[status].append({"Key": key, "Size": self._put(key, rows)})
        manifest = {
            "DestinationBucket": self._bucket,
            "MapRunArn": run.arn,
            "ResultFiles": files,
        }
        self._put(f"{folder}/manifest.json", manifest)
        run.results_written = len(results["SUCCEEDED"]) + len(results["FAILED"])
        return {
            "MapRunArn": run.arn,
            "ResultWriterDetails": {"Bucket": self._bucket, "Key": f"{folder}/manifest.json"},
        }

    def _put(self, key: str, content: Any) -> int:
        body = json.dumps(content, separators=(",", ":")).encode()
        try:
            write_object(self._bucket, key, body)
        except objects.NotDone as error:
            raise StateError(RESULT_WRITER_FAILED, f"{key}: {error.answer}") from None
        return len(body)


def _result(child: Execution) -> dict[str, Any]:
    """A child's metadata and result as Transformation NONE gives them."""
    redrivable, reason = redrive_status(child)
    fields = {
        "ExecutionArn": child.arn,
        "Input": child.input,
        "InputDetails": {"Included": True},
        "Name": child.name,
        "Output": child.output,
        "OutputDetails": {"Included": True} if child.output is not None else None,
        "Error": child.error,
        "Cause": child.cause,
        "RedriveCount": child.redrive_count,
        "RedriveDate": child.redriven,
        "RedriveStatus": redrivable,
        "RedriveStatusReason": reason,
        "StartDate": child.started,
        "StateMachineArn": child.machine,
        "Status": child.status,
        "StopDate": child.stopped,
    }
    return without_none(fields)

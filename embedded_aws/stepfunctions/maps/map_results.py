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

from ministack.services import s3
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.engine.eligibility import redrive_status
from embedded_aws.stepfunctions.engine.state_errors import RESULT_WRITER_FAILED, StateError
from embedded_aws.stepfunctions.language import paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.s3.requests import Response
    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State
    from embedded_aws.stepfunctions.engine.history import Execution
    from embedded_aws.stepfunctions.maps.map_runs import MapRun

TOUCHES: tuple[str, ...] = (
    "ministack.services.s3:_buckets",
    "ministack.services.s3:_put_object",
)

put_object: Callable[[str, str, bytes, dict[str, str]], Response] = s3._put_object
"""Writes an object by bucket, key, content and headers; faults are put around it."""

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
        if s3._buckets.get(self._bucket) is None:
            message = f"The specified bucket does not exist. (Bucket: {self._bucket})"
            raise StateError(RESULT_WRITER_FAILED, message)

    def write(self, run: MapRun) -> Json:
        """Write the files of a Map Run's attempt; the state's output."""
        folder = f"{self._prefix}/{run['mapRunArn'].rsplit(':', 1)[-1]}".lstrip("/")
        results: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for text, arn in zip(run["_inputs"], run["_children"], strict=True):
            if arn is None:
                results["PENDING"].append({"Input": text, "InputDetails": {"Included": True}})
                continue
            child = sfn._executions[arn]
            results[_FILES[child["status"]]].append(_result(child))
        files: dict[str, list[dict[str, Any]]] = {}
        for status, rows in results.items():
            files[status] = []
            if rows:
                key = f"{folder}/{status}_0.json"
                files[status].append({"Key": key, "Size": self._put(key, rows)})
        manifest = {
            "DestinationBucket": self._bucket,
            "MapRunArn": run["mapRunArn"],
            "ResultFiles": files,
        }
        self._put(f"{folder}/manifest.json", manifest)
        run["_resultsWritten"] = len(results["SUCCEEDED"]) + len(results["FAILED"])
        return {
            "MapRunArn": run["mapRunArn"],
            "ResultWriterDetails": {"Bucket": self._bucket, "Key": f"{folder}/manifest.json"},
        }

    def _put(self, key: str, content: Any) -> int:
        body = json.dumps(content, separators=(",", ":")).encode()
        status, _, answer = put_object(self._bucket, key, body, {})
        if status != 200:
            raise StateError(RESULT_WRITER_FAILED, f"{key}: {answer!r}")
        return len(body)


def _result(child: Execution) -> dict[str, Any]:
    """A child's metadata and result as Transformation NONE gives them."""
    redrivable, reason = redrive_status(child)
    fields = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "Output": child["output"],
        "OutputDetails": {"Included": True} if child["output"] is not None else None,
        "Error": child["error"],
        "Cause": child["cause"],
        "RedriveCount": child["redriveCount"],
        "RedriveDate": child["redriveDate"],
        "RedriveStatus": redrivable,
        "RedriveStatusReason": reason,
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    return {name: value for name, value in fields.items() if value is not None}

"""The Lambda function behind the state LoadSegment."""

from typing import Any

from functions.aws.deadline import LambdaContext
from functions.aws.settings import LoadSettings
from functions.aws.telemetry import telemetry
from functions.domain.payloads import SegmentWork
from functions.load_segment.call import load_segment


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Load a segment; `SegmentWork` in, `SegmentWork` with what is left of the range out."""
    settings = LoadSettings.read()
    work = SegmentWork.model_validate(event)
    with telemetry().invocation(
        execution=work.execution, job=work.job, range=work.range.as_json()
    ) as say:
        return load_segment(work, context=context, settings=settings, say=say).as_json()

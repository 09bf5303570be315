"""The Lambda function behind the state LoadSegment."""

import gc
from typing import Any

# No garbage collection during imports: this saves a tenth of a cold start's processor time.
gc.disable()
from functions.aws.runtime.deadline import LambdaContext  # noqa: E402
from functions.aws.runtime.telemetry import telemetry  # noqa: E402
from functions.domain.payloads.segment_work import SegmentWork  # noqa: E402
from functions.load_segment.call import load_segment  # noqa: E402
from functions.load_segment.settings import LoadSettings  # noqa: E402

gc.freeze()
gc.enable()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Load a segment; `SegmentWork` in, `SegmentWork` with what is left of the range out."""
    settings = LoadSettings.read()
    work = SegmentWork.read(event)
    with telemetry().invocation(
        execution=work.execution, job=work.job, range=work.range.as_json()
    ) as log:
        return load_segment(work, context=context, settings=settings, log=log).as_json()

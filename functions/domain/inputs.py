"""The inputs of executions: the events of S3 and of Bedrock, as they were sent."""

from pydantic import ValidationError

from functions.domain.bedrock_event import JOB_STATE_CHANGE, JobStateChange
from functions.domain.errors import EventInvalid
from functions.domain.s3_event import ObjectCreated


def read_event(event: object) -> ObjectCreated | JobStateChange:
    """Read the input of an execution: of Bedrock where its `detail-type` says so, else of S3.

    Raises:
        EventInvalid: naming every member that is missing or wrong, without its value.
    """
    is_of_bedrock = isinstance(event, dict) and event.get("detail-type") == JOB_STATE_CHANGE
    try:
        return (JobStateChange if is_of_bedrock else ObjectCreated).model_validate(event)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise EventInvalid(
            "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems)
        ) from None

"""The operations of batch inference: CreateModelInvocationJob, Get, List and Stop.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock.html
All other operations of Bedrock are MiniStack's.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import bedrock

from embedded_aws.bedrock import constraints, jobs, listing, permissions
from embedded_aws.bedrock.permissions import COLLECTION
from embedded_aws.bedrock.rules import rules
from embedded_aws.bedrock.runs import JobRun
from embedded_aws.core.api import ApiError
from embedded_aws.core.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LIST = f"{COLLECTION}s"

_handle_request = bedrock.handle_request

Answer = dict[str, Any]


def install() -> None:
    """Answer before MiniStack's handler does."""
    bedrock.handle_request = handle_request


async def handle_request(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Any:
    """Answer a call of the API."""
    operation = _operation(method, path, headers, body, query)
    if operation is None:
        return await _handle_request(method, path, headers, body, query)
    try:
        return json_response(operation(), content_type="application/json")
    except ApiError as error:
        return error_response_json(error.code, error.message, error.status)


def _operation(
    method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> Callable[[], Answer] | None:
    if (method, path) == ("POST", COLLECTION):
        return partial(_create, headers, body, query)
    if (method, path) == ("GET", _LIST):
        return partial(_list, query)
    if not path.startswith(f"{COLLECTION}/"):
        return None
    if method == "GET":
        return partial(_get, path)
    if method == "POST" and path.endswith("/stop"):
        return partial(_stop, path)
    return None


def _create(headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]) -> Answer:
    request = _request(body)
    constraints.check("CreateModelInvocationJob", request)
    arn = jobs.new_arn()
    permissions.require_caller(headers, query, request, job=arn)
    token = request.get("clientRequestToken")
    if token and (known := jobs.by_token(token)):
        return {"jobArn": known["jobArn"]}
    permissions.require_trust(request["roleArn"], job=arn)
    rule = rules.of(request["jobName"])
    job = jobs.create(arn, request)
    in_background(JobRun(job, rule).run)
    return {"jobArn": arn}


def _get(path: str) -> Answer:
    return dict(jobs.find(_identifier("GetModelInvocationJob", path)))


def _stop(path: str) -> Answer:
    jobs.request_stop(jobs.find(_identifier("StopModelInvocationJob", path)))
    return {}


def _list(query: Mapping[str, Any]) -> Answer:
    request: dict[str, Any] = {
        name: value[0] if isinstance(value, list) else value for name, value in query.items()
    }
    if str(request.get("maxResults", "")).isdigit():
        request["maxResults"] = int(request["maxResults"])
    constraints.check("ListModelInvocationJobs", request)
    found, more = listing.page(jobs.every(), request)
    answer: Answer = {"invocationJobSummaries": [dict(job) for job in found]}
    return {**answer, "nextToken": more} if more else answer


def _identifier(operation: str, path: str) -> str:
    arn = permissions.job_of(path)
    constraints.check(operation, {"jobIdentifier": arn})
    return arn


def _request(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError:
        raise ApiError("ValidationException", "The body is not JSON.") from None
    if not isinstance(request, dict):
        raise ApiError("ValidationException", "The body is not a JSON object.")
    return request

"""ListModelInvocationJobs: filters, order and pages.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html
The default order and page size are not documented: the newest first, 100 a page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded_aws.core.api import ApiError, page_token, position_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_aws.bedrock.jobs import Job

_PAGE = 100


def page(jobs: Sequence[Job], request: dict[str, Any]) -> tuple[list[Job], str | None]:
    """A page of jobs, and the token of the next one.

    Args:
        jobs: Of the caller's account and Region.
        request: The operation's members, checked against its constraints.

    Raises:
        ApiError: A time or the token is not one.
    """
    found = sorted(
        (job for job in jobs if _matches(job, request)),
        key=_place,
        reverse=request.get("sortOrder", "Descending") == "Descending",
    )
    if (token := request.get("nextToken")) is not None:
        places = [_place(job) for job in found]
        try:
            found = found[places.index(position_of(token)) + 1 :]
        except ValueError:
            raise ApiError("ValidationException", "The nextToken is invalid.") from None
    size = request.get("maxResults", _PAGE)
    more = page_token(_place(found[size - 1])) if len(found) > size else None
    return found[:size], more


def _matches(job: Job, request: dict[str, Any]) -> bool:
    submitted = _moment(job["submitTime"])
    after, before = request.get("submitTimeAfter"), request.get("submitTimeBefore")
    return (
        (after is None or submitted > _moment(after))
        and (before is None or submitted < _moment(before))
        and request.get("statusEquals", job["status"]) == job["status"]
        and request.get("nameContains", "") in job["jobName"]
    )


def _place(job: Job) -> str:
    return f"{job['submitTime']} {job['jobArn']}"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError("ValidationException", f"{text} is not a timestamp.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""`ingest submit` says that an upload changes nothing only where that holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.claims import Claim, ClaimState
from ops.commands.submit import changes_nothing
from ops.model.uploads import Upload
from tests.workflow.aws_tables import deployment_on

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = "batch-output/job-1/a.jsonl"
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "more", "is_so"),
    [
        (ClaimState.DONE, {}, True),
        (ClaimState.CLAIMED, {}, True),
        (ClaimState.FAILED, {"redrivable_until": NOW + DAY}, True),
        (ClaimState.FAILED, {"redrivable_until": NOW - DAY}, False),
        (ClaimState.DONE, {"etag": "other"}, False),
    ],
)
def test_an_upload_of_claimed_content(state: ClaimState, more: dict[str, Any], is_so: bool) -> None:
    known = {"key": KEY, "etag": "e", "owner": "arn", "generation": 1, "event_time": NOW - 30 * DAY}
    earlier = Claim(**{**known, **more}, state=state)
    upload = Upload(deployment_on((None, None)), "job-1", KEY, "e", NOW)
    assert changes_nothing(upload, earlier, now=NOW) is is_so

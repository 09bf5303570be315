"""Step Functions' answers are eventually consistent: an old one is no answer."""

import itertools
from typing import Any

import pytest

from functions.domain.executions import FAILED_STATUSES, Execution, Outcome
from functions.record_outcome.recorder import WAITS, DescriptionOutdated
from tests.unit.record_outcome.conftest import (
    EXECUTION,
    JOB,
    NOW,
    RUN,
    RecorderSetup,
    described_map_run,
    listed_child,
    map_run,
)

STATUSES = ["RUNNING", "SUCCEEDED", *sorted(FAILED_STATUSES)]


def _comes_before(described: tuple[str, int], known: tuple[str, int]) -> bool:
    """Written from the life of an execution: runs, ends, is redriven (count + 1), runs, ends."""
    life = [(status, count) for count in range(3) for status in ("RUNNING", "an end")]
    at = [life.index(("RUNNING" if s == "RUNNING" else "an end", n)) for s, n in (described, known)]
    return at[0] < at[1]


@pytest.mark.parametrize(
    ("told", "described"),
    list(itertools.product(itertools.product(STATUSES, range(3)), repeat=2)),
)
def test_a_description_is_older_where_the_execution_was_so_before(
    told: tuple[str, int], described: tuple[str, int]
) -> None:
    execution = Execution.model_validate(
        {
            "executionArn": EXECUTION,
            "startDate": NOW,
            "status": described[0],
            "redriveCount": described[1],
        }
    )
    assert execution.is_older_than(*told) is _comes_before(described, told)


@pytest.mark.parametrize(
    ("told", "described"),
    [
        (("FAILED", 0), ("RUNNING", 0)),
        (("TIMED_OUT", 1), ("FAILED", 0)),
        (("ABORTED", 1), ("RUNNING", 1)),
        (("SUCCEEDED", 1), ("RUNNING", 1)),
        (("RUNNING", 1), ("FAILED", 0)),
    ],
)
def test_a_description_older_than_the_event_is_asked_for_again(
    claimed: RecorderSetup, told: tuple[str, int], described: tuple[str, int]
) -> None:
    claimed.keeps_describing(status=described[0], redriveCount=described[1])
    with pytest.raises(DescriptionOutdated):
        claimed.hears(told[0], redrive_count=told[1])
    assert claimed.slept == list(WAITS)
    assert claimed.row_of_claim()["state"] == "claimed"
    assert claimed.published == []


def test_a_description_that_is_older_for_seconds_is_no_error_and_no_alarm(
    claimed: RecorderSetup,
) -> None:
    for _ in range(2):
        claimed.describes(status="RUNNING", stopDate=None)
    claimed.hears_of_failure()
    assert claimed.slept == list(WAITS[:2])
    assert claimed.row_of_claim()["state"] == "failed"


@pytest.mark.parametrize("status", sorted(FAILED_STATUSES))
@pytest.mark.parametrize("count", [0, 1])
def test_an_old_description_after_the_mark_takes_nothing_back(
    claimed: RecorderSetup, status: str, count: int
) -> None:
    claimed.describes(status=status, redriveCount=count)
    claimed.failed_in("PlanRanges")
    claimed.keeps_describing(status="RUNNING", redriveCount=count, stopDate=None)
    with pytest.raises(DescriptionOutdated):
        claimed.hears(status, redrive_count=count)
    assert claimed.row_of_claim()["state"] == "failed"
    assert claimed.record_of_job()["status"] == "FAILED"
    # Lambda tries the event again: the message is sent now, and once.
    claimed.hears_of_failure(status=status, redriveCount=count)
    assert len(claimed.published) == 1


def test_a_map_that_could_not_read_its_list_has_no_items_to_speak_of(
    claimed: RecorderSetup,
) -> None:
    claimed.describes(error="States.ItemReaderFailed", cause="not there")
    claimed.failed_in("LoadRanges", map_runs=[map_run()])
    claimed.states.add_response("describe_map_run", described_map_run(), {"mapRunArn": RUN})
    claimed.describes()
    claimed.expect_message()
    claimed.hears("FAILED")
    text = claimed.published[-1]["Message"]
    assert "Items:" not in text
    assert "could not read the list of its items" in text


@pytest.mark.parametrize(
    "throttled",
    ["list_map_runs", "describe_map_run", "list_executions", "describe_execution"],
)
def test_a_message_is_sent_without_details_where_their_look_ups_are_throttled(
    claimed: RecorderSetup, throttled: str
) -> None:
    claimed.describes(error="States.ExceedToleratedFailureThreshold", cause="too many")
    claimed.history_ends_in("LoadRanges")
    answers: dict[str, dict[str, Any]] = {
        "list_map_runs": {"mapRuns": [map_run()]},
        "describe_map_run": described_map_run(failed=2, succeeded=3, total=5),
        "list_executions": {"executions": [listed_child(f"{RUN}:child")]},
        "describe_execution": {},
    }
    for call, answer in answers.items():
        if call == throttled:
            claimed.states.add_client_error(call, "ThrottlingException", http_status_code=400)
            break
        claimed.states.add_response(call, answer)
    claimed.describes()
    claimed.expect_message()
    assert claimed.hears("FAILED") is Outcome.FAILED
    text = claimed.published[-1]["Message"]
    assert f"job {JOB} failed in the state LoadRanges" in text
    known = throttled in {"list_executions", "describe_execution"}
    assert ("Items:      3 of 5 done, 2 failed" in text) is known


CHILD = f"{RUN}:child"


def _answers_about_the_map(setup: RecorderSetup, *, knows: str) -> None:
    """What Step Functions answers, as far as it knows of the failure."""
    setup.history_ends_in("LoadRanges")
    known = ["nothing", "the run", "the items", "the child"].index(knows)
    setup.states.add_response("list_map_runs", {"mapRuns": [map_run()] if known else []})
    if not known:
        return
    counts = described_map_run(failed=1, total=5) if known > 1 else described_map_run()
    setup.states.add_response("describe_map_run", counts)
    if known == 1:
        return
    listed = [listed_child(CHILD)] if known > 2 else []
    setup.states.add_response("list_executions", {"executions": listed})
    if known > 2:
        setup.describes(executionArn=CHILD, error="JobInvalid", cause="the child's own")


MAP_FAILED = {"error": "States.ExceedToleratedFailureThreshold", "cause": "too many"}


@pytest.mark.parametrize("at_first", ["nothing", "the run", "the items"])
def test_a_failed_child_that_is_not_listed_yet_is_looked_for_again(
    claimed: RecorderSetup, at_first: str
) -> None:
    claimed.describes(**MAP_FAILED)
    _answers_about_the_map(claimed, knows=at_first)
    claimed.describes(**MAP_FAILED)
    _answers_about_the_map(claimed, knows="the child")
    claimed.expect_message()
    assert claimed.hears("FAILED") is Outcome.FAILED
    assert "Error:      JobInvalid" in claimed.published[-1]["Message"]
    assert claimed.slept == [WAITS[0]]


def test_a_failed_child_that_is_never_listed_does_not_keep_the_message_back(
    claimed: RecorderSetup,
) -> None:
    claimed.describes(**MAP_FAILED)
    _answers_about_the_map(claimed, knows="nothing")
    claimed.describes(**MAP_FAILED)
    for _ in WAITS:
        _answers_about_the_map(claimed, knows="the items")
    claimed.expect_message()
    assert claimed.hears("FAILED") is Outcome.FAILED
    assert claimed.slept == list(WAITS)

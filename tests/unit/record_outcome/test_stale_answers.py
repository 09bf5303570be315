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
    setup: RecorderSetup, told: tuple[str, int], described: tuple[str, int]
) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.keeps_describing(status=described[0], redriveCount=described[1])
    with pytest.raises(DescriptionOutdated):
        setup.hears(told[0], redrive_count=told[1])
    assert setup.slept == list(WAITS)
    assert setup.row_of_claim()["state"] == "claimed"
    assert setup.published == []


def test_a_description_that_is_older_for_seconds_is_no_error_and_no_alarm(
    setup: RecorderSetup,
) -> None:
    setup.job(userId="u")
    setup.claim()
    for _ in range(2):
        setup.describes(status="RUNNING", stopDate=None)
    setup.hears_of_failure()
    assert setup.slept == list(WAITS[:2])
    assert setup.row_of_claim()["state"] == "failed"


@pytest.mark.parametrize("status", sorted(FAILED_STATUSES))
@pytest.mark.parametrize("count", [0, 1])
def test_an_old_description_after_the_mark_takes_nothing_back(
    setup: RecorderSetup, status: str, count: int
) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.describes(status=status, redriveCount=count)
    setup.failed_in("PlanRanges")
    setup.keeps_describing(status="RUNNING", redriveCount=count, stopDate=None)
    with pytest.raises(DescriptionOutdated):
        setup.hears(status, redrive_count=count)
    assert setup.row_of_claim()["state"] == "failed"
    assert setup.record_of_job()["status"] == "FAILED"
    # Lambda tries the event again: the message is sent now, and once.
    setup.hears_of_failure(status=status, redriveCount=count)
    assert len(setup.published) == 1
    setup.all_was_called()


def test_a_map_that_could_not_read_its_list_has_no_items_to_speak_of(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.describes(error="States.ItemReaderFailed", cause="not there")
    setup.failed_in("LoadRanges", map_runs=[map_run()])
    setup.states.add_response("describe_map_run", described_map_run(), {"mapRunArn": RUN})
    setup.describes()
    setup.expect_message()
    setup.hears("FAILED")
    text = setup.published[-1]["Message"]
    assert "Items:" not in text
    assert "could not read the list of its items" in text


@pytest.mark.parametrize(
    "throttled",
    ["list_map_runs", "describe_map_run", "list_executions", "describe_execution"],
)
def test_a_message_is_sent_without_details_where_their_look_ups_are_throttled(
    setup: RecorderSetup, throttled: str
) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.describes(error="States.ExceedToleratedFailureThreshold", cause="too many")
    setup.history_ends_in("LoadRanges")
    answers: dict[str, dict[str, Any]] = {
        "list_map_runs": {"mapRuns": [map_run()]},
        "describe_map_run": described_map_run(failed=2, succeeded=3, total=5),
        "list_executions": {"executions": [listed_child(f"{RUN}:child")]},
        "describe_execution": {},
    }
    for call, answer in answers.items():
        if call == throttled:
            setup.states.add_client_error(call, "ThrottlingException", http_status_code=400)
            break
        setup.states.add_response(call, answer)
    setup.describes()
    setup.expect_message()
    assert setup.hears("FAILED") is Outcome.FAILED
    text = setup.published[-1]["Message"]
    assert f"job {JOB} failed in the state LoadRanges" in text
    known = throttled in {"list_executions", "describe_execution"}
    assert ("Items:      3 of 5 done, 2 failed" in text) is known
    setup.all_was_called()


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
    setup: RecorderSetup, at_first: str
) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.describes(**MAP_FAILED)
    _answers_about_the_map(setup, knows=at_first)
    setup.describes(**MAP_FAILED)
    _answers_about_the_map(setup, knows="the child")
    setup.expect_message()
    assert setup.hears("FAILED") is Outcome.FAILED
    assert "Error:      JobInvalid" in setup.published[-1]["Message"]
    assert setup.slept == [WAITS[0]]
    setup.all_was_called()


def test_a_failed_child_that_is_never_listed_does_not_keep_the_message_back(
    setup: RecorderSetup,
) -> None:
    setup.job(userId="u")
    setup.claim()
    setup.describes(**MAP_FAILED)
    _answers_about_the_map(setup, knows="nothing")
    setup.describes(**MAP_FAILED)
    for _ in WAITS:
        _answers_about_the_map(setup, knows="the items")
    setup.expect_message()
    assert setup.hears("FAILED") is Outcome.FAILED
    assert setup.slept == list(WAITS)
    setup.all_was_called()

"""What a message tells a person, for every error that an execution can end with."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.aws.failed_state import FailedState
from functions.domain.attempts import Attempt
from functions.domain.causes import plain_cause
from functions.domain.executions import Execution
from functions.domain.failures import Cure, Failure
from functions.domain.service_failures import ServiceFailure, explain
from functions.record_outcome.message import console_link, failure_message

ARN = "arn:aws:states:eu-west-1:123456789012:execution:BatchIngest:one"


def _execution(**more: Any) -> Execution:
    return Execution.model_validate(
        {
            "executionArn": ARN,
            "status": "FAILED",
            "startDate": datetime(2026, 2, 28, tzinfo=UTC),
            "stopDate": datetime(2026, 3, 1, tzinfo=UTC),
            "redriveStatus": "REDRIVABLE",
            **more,
        }
    ).in_job("job1")


def _facts(**more: Any) -> dict[str, object]:
    message = failure_message(_execution(**more), FailedState("ResolveJob"), stack="BatchIngest")
    assert message.facts["meaning"]
    assert str(message.facts["command"]) in message.text
    page = re.findall(r"^Runbook:    ingest explain (\S+)$", message.text, re.MULTILINE)[0]
    assert page in (more.get("error"), "state-failed")
    return message.facts


@pytest.mark.parametrize("error", [*Failure, *ServiceFailure, "KeyError", ""])
def test_every_error_has_a_meaning_a_cure_and_a_command(error: str) -> None:
    facts = _facts(error=error)
    assert (
        facts["command"]
        == {
            Cure.REDRIVE: f"ingest redrive {ARN}",
            Cure.REPLAY: "ingest replay job1",
            Cure.DECISION: "ingest rejects job1",
            Cure.NEW_EVENT: f"ingest inspect {ARN}",
        }[explain(error).cure]
    )


EMBEDDED = ARN.replace(ARN.split(":")[4], "000000000000")
KEY = "batch-output/job1/a b.jsonl"


@pytest.mark.parametrize(
    ("arn", "stack", "options"),
    [
        (ARN, "BatchIngest", ""),
        (ARN, "S", " --stack S"),
        (EMBEDDED, "BatchIngest", ""),
        (EMBEDDED, "S", " --local --stack S"),
    ],
)
def test_commands_name_the_job_its_object_and_the_right_place(
    arn: str, stack: str, options: str
) -> None:
    is_embedded = arn == EMBEDDED
    event = {"time": "2026-02-28T00:00:00Z", "detail": {}}
    event["detail"] = {"bucket": {"name": "b"}, "object": {"key": KEY, "etag": "e"}}
    described = {"executionArn": arn, "input": json.dumps(event)}

    def text(error: str) -> str:
        execution = _execution(error=error, **described)
        state = FailedState("LoadRanges")
        return failure_message(execution, state, stack=stack).text

    assert f"ingest replay job1 --object '{KEY}'{options}\n" in text(Failure.INCOMPLETE_LOAD)
    assert f"    ingest redrive {arn}{options}\n" in text(Failure.WRITE_THROTTLED)
    assert f"    ingest inspect {arn}{options}\n" in text(Failure.EVENT_INVALID)
    assert f"    ingest rejects job1{options}\n" in text(Failure.TOO_MANY_REJECTS)
    accept = f"`ingest replay job1 --object '{KEY}'{options} --accept-rejects`"
    assert accept in text(Failure.TOO_MANY_REJECTS)
    assert f"`ingest replay job1 --object '{KEY}'{options}`" in text(ServiceFailure.FILE_GONE)
    denied = text(ServiceFailure.PERMISSIONS)
    assert ("ingest local up --revert-drift" in denied) is is_embedded
    assert ("make deploy" in denied) is not is_embedded
    assert ("Console:" in denied) is not is_embedded


def test_a_state_that_was_tried_again_says_how_often() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    failed = FailedState("PlanRanges", attempts=(Attempt(at, at, "Throttled"),) * 2)
    text = failure_message(_execution(error="Throttled"), failed, stack="S").text
    assert "\nAttempts:   Tried 2 times: 2 x Throttled.\n" in text


@pytest.mark.parametrize("error", [ServiceFailure.ITEM_READER, ServiceFailure.FILE_GONE])
def test_of_a_file_that_is_gone_for_good_the_replay_is_named(error: str) -> None:
    advice = explain(error).instruction
    assert advice.index("then redrive the execution. If it is gone for good") > 0
    assert "ingest replay JOB" in advice


def test_what_cannot_be_redriven_says_why_and_what_to_do_instead() -> None:
    message = failure_message(
        _execution(
            redriveStatus="NOT_REDRIVABLE", redriveStatusReason="Execution history event limit"
        ),
        FailedState("LoadRanges"),
        stack="BatchIngest",
    )
    assert "cannot be redriven (Execution history event limit)" in message.text
    assert message.facts["command"] == "ingest replay job1"
    assert message.facts["cure"] == "replay"


@pytest.mark.parametrize(
    ("status", "words"), [("ABORTED", "was stopped"), ("TIMED_OUT", "ran out of time")]
)
def test_an_execution_without_an_error_is_explained_by_its_status(status: str, words: str) -> None:
    message = failure_message(_execution(status=status), FailedState("LoadRanges"), stack="S")
    assert words in message.text.splitlines()[0]
    assert "redrive the execution" in message.text


def test_a_functions_cause_is_shown_without_its_stack_trace() -> None:
    assert plain_cause('{"errorMessage": "no", "stackTrace": ["x"]}') == "no"
    assert plain_cause("plain") == "plain"
    assert plain_cause('{"errorMessage": 7}') == '{"errorMessage": 7}'


def test_an_address_in_a_cause_is_cut_for_it_may_name_a_user() -> None:
    cause = 'Connection was closed: "https://b.s3.amazonaws.com/uploads/user-1/a.jpg". Sorry'
    assert plain_cause(cause) == 'Connection was closed: "https://b.s3.amazonaws.com/(...)". Sorry'


def test_explanations_are_sentences() -> None:
    for error in [*Failure, *ServiceFailure, "Unheard"]:
        explanation = explain(error)
        assert explanation.meaning.endswith("."), error
        assert explanation.instruction.endswith("."), error


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_link_leads_to_the_console_of_the_partition(
    partition: str, region: str, host: str
) -> None:
    arn = f"arn:{partition}:states:{region}:123456789012:execution:BatchIngest:one"
    assert console_link(arn) == (
        f"https://{host}/states/home?region={region}#/v2/executions/details/{arn}"
    )

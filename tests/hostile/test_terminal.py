"""What every command prints of names that want to be obeyed, by a terminal or by a shell."""

import json
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from functions.aws.resubmission.rejects import read_rejects
from functions.domain.plain_text import argument
from ops import cli
from ops.commands import options
from ops.errors import Refused
from ops.model.failures import own_execution
from ops.model.progress import JobProgress
from ops.view.progress import line
from tests.answers.shapes import RECEIPT
from tests.hostile import aws_behind_commands as behind
from tests.hostile.aws_behind_commands import DIRT, queues
from tests.hostile.others import Aws
from tests.workflow.aws_tables import BUCKET
from tests.workflow.memory.executions import EXECUTION, OneExecution

FOLDER = DIRT.replace("/", "")
JOB = f"job {FOLDER}"
ABSENT = f"x{FOLDER}"
"""A job that is not there."""
KEY = f"batch-output/{JOB}/a{DIRT}.jsonl"
EVENT = json.dumps(
    {
        "time": "2026-11-22T00:00:00Z",
        "detail": {"bucket": {"name": BUCKET}, "object": {"key": KEY, "etag": "e"}},
    }
)
UNSHOWABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.fixture
def states() -> OneExecution:
    return behind.failed(EVENT)


@pytest.fixture
def run(aws: Aws, states: OneExecution, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on the hostile deployment; all that it prints."""
    behind.plant(aws, job=JOB, key=KEY)
    ended = {"executionArn": f"arn:{DIRT}", "status": DIRT, "input": EVENT}
    results = {"time": DIRT, "detail": {"object": {"key": DIRT}}}
    queue = queues(EVENT, DIRT, json.dumps(results), json.dumps({"time": DIRT, "detail": ended}))
    deployed = behind.deployment(aws, states, queue)
    monkeypatch.setattr(options, "chosen", lambda **_: deployed)

    def command(*arguments: str, faulty: bool = False) -> str:
        result = CliRunner().invoke(cli.app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert ("fault of the command" in result.output) == faulty, result.output
        return result.output

    return command


def _obeys_nothing(text: str) -> None:
    assert text.strip()
    wrong = {c for c in text if c != "\n" and unicodedata.category(c) in UNSHOWABLE}
    assert not wrong
    assert "\\x1b" in text or "\\u001b" in text, "nothing hostile was shown at all"


COMMANDS = {
    "inspect a job": ("inspect", JOB),
    "inspect an execution": ("inspect", EXECUTION),
    "list jobs": ("jobs",),
    "tidy a job that is not there": ("tidy", ABSENT),
    "backfill below a prefix": ("backfill", "--prefix", f"batch-output/{DIRT}", "--yes"),
    "backfill below another prefix": ("backfill", "--prefix", DIRT),
    "backfill since no time": ("backfill", "--since", DIRT),
    "estimate what is not there": ("estimate", ABSENT),
    "estimate an object that is not there": ("estimate", f"batch-output/{DIRT}"),
    "explain what is neither error nor alarm": ("explain", DIRT),
    "show transactions of a job that is not there": (
        "transactions",
        ABSENT,
    ),
    "resubmit a job that is not there": ("resubmit", ABSENT),
    "resubmit for a reason that is none": ("resubmit", JOB, "--reason", DIRT),
    "watch a job that is not there": ("watch", ABSENT),
    "list jobs of a status": ("jobs", "--status", DIRT),
    "list jobs since no time": ("jobs", "--since", DIRT),
    "inspect what is not there": ("inspect", f"nothing {DIRT}"),
    "list what could be redriven": ("redrive", EXECUTION),
    "list what of a job could be redriven": ("redrive", "--job", JOB, "--since", "9999d"),
    "redrive a job that is not there": ("redrive", "--job", f"x{DIRT}"),
    "redrive since no time": ("redrive", "--all-failed", "--since", DIRT),
    "redrive what is another's": ("redrive", f"arn:{DIRT}"),
    "list what could be replayed": ("replay", JOB),
    "replay": ("replay", JOB, "--yes"),
    "replay what is not there": ("replay", ABSENT),
    "replay an object that is not there": ("replay", JOB, "--object", DIRT),
    "show rejects": ("rejects", JOB),
    "show all rejects": ("rejects", JOB, "--all"),
    "show rejects with excerpts": ("rejects", JOB, "--excerpts"),
    "show rejects of a job that is not there": ("rejects", f"x{DIRT}"),
    "show events that were not delivered": ("dead-events",),
    "resend them": ("dead-events", "--resend", "--yes"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_shows_what_is_hostile_and_obeys_nothing(run: Any, case: str) -> None:
    text = run(*COMMANDS[case])
    _obeys_nothing(text)
    assert "[" in text, "markup was taken for markup"
    _tells_no_secret(text, COMMANDS[case])


def _tells_no_secret(text: str, arguments: tuple[str, ...]) -> None:
    """Who the user is; and what a model wrote, unless that was asked for."""
    assert "the user" not in text
    assert ("excerpt" in text) == ("--excerpts" in arguments)


PROGRAMS = {
    "inspect": ("inspect", JOB, "--json"),
    "jobs": ("jobs", "--json"),
    "redrive": ("redrive", EXECUTION, "--json"),
    "replay": ("replay", JOB, "--yes", "--json"),
    "backfill": ("backfill", "--dry-run", "--json"),
    "rejects": ("rejects", JOB, "--json"),
    "dead-events": ("dead-events", "--json"),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_what_programs_read_is_one_value_of_plain_ascii(run: Any, case: str) -> None:
    text = run(*PROGRAMS[case])
    json.loads(text)
    assert all(character == "\n" or " " <= character <= "~" for character in text)
    _tells_no_secret(text, PROGRAMS[case])


def test_programs_read_an_empty_list_where_no_job_is_open(
    aws: Aws, states: OneExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "chosen", lambda **_: behind.deployment(aws, states))
    shown = CliRunner().invoke(cli.app, ["watch", "--json"])
    assert (json.loads(shown.stdout), shown.exit_code) == ([], 0)


def test_a_file_is_checked_and_nothing_in_it_is_obeyed(tmp_path: Path) -> None:
    file = tmp_path / f"a{FOLDER}.jsonl"
    receipt = {**RECEIPT, "merchant": DIRT, "description": DIRT}
    records: list[dict[str, Any]] = [
        {"recordId": DIRT, "error": {"code": DIRT, "message": DIRT}},
        {"recordId": DIRT, "modelOutput": {DIRT: 1}},
        {"recordId": DIRT, "output": {"text": json.dumps({DIRT: 1})}},
        {"recordId": f"{DIRT}1", "output": {"text": json.dumps(receipt)}},
    ]
    file.write_text("\n".join(map(json.dumps, records)))
    for more in ((), ("--excerpts",), ("--json",), ("--json", "--excerpts")):
        shown = CliRunner().invoke(cli.app, ["check", str(file), *more])
        assert shown.exit_code == 0, shown.output
        _obeys_nothing(shown.output)


def test_a_file_is_not_submitted_under_a_name_that_cannot_be_one(run: Any, tmp_path: Path) -> None:
    bad = tmp_path / "x\udcff\x1b[2J.jsonl"
    bad.write_text("{}")
    text = run("submit", str(bad), "--job", "job-1")
    assert "is not UTF-8 text" in text
    assert "\x1b" not in text
    long = tmp_path / "a.jsonl"
    long.write_text("{}")
    assert "900 are the most" in run("submit", str(long), "--job", "j" * 1000)
    assert "has a '#'" in run("submit", str(long), "--job", "j#1")
    assert "not a job id" in run("submit", str(long), "--job", "../x")


def test_an_argument_that_is_no_text_is_refused_in_a_sentence(run: Any) -> None:
    text = run("inspect", "job-\udcff")
    assert "is not UTF-8 text" in text
    assert "Traceback" not in text


def test_a_fault_of_a_command_shows_its_trace_and_obeys_nothing_of_it(
    run: Any, states: OneExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> Any:
        raise KeyError(DIRT)

    monkeypatch.setattr(states, "history", broken)
    text = run("inspect", EXECUTION, faulty=True)
    assert "Traceback" in text
    assert "\x1b" not in text


NESTED = "[" * 100_000
STRANGE = {
    "nested without end": '{"detail":' + NESTED,
    "a list": "[]",
    "no JSON": DIRT,
    "an event of a list": '{"detail": []}',
    "a key of 250 KB": json.dumps({"detail": {"object": {"key": "k" * 250_000}}}),
}


@pytest.mark.parametrize("case", STRANGE)
def test_executions_and_events_of_any_input_can_be_looked_at(
    run: Any, aws: Aws, states: OneExecution, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    states.described |= {"input": STRANGE[case], "cause": STRANGE[case]}
    _obeys_nothing(run("inspect", EXECUTION))
    _obeys_nothing(run("redrive", EXECUTION))
    deployed = behind.deployment(aws, states, queues(STRANGE[case]))
    monkeypatch.setattr(options, "chosen", lambda **_: deployed)
    _obeys_nothing(run("dead-events"))


@pytest.mark.parametrize(
    "arn",
    [
        EXECUTION.replace(":BatchIngest:", ":payroll:"),
        EXECUTION.replace(":BatchIngest:", ":BatchIngest-other:"),
        EXECUTION.replace(":1:", ":999999999999:"),
        EXECUTION.replace("us-east-1", "eu-west-1"),
        EXECUTION.replace(":BatchIngest:", ":BatchIngest/LoadRanges:"),
        EXECUTION.replace(":execution:", ":express:") + ":x",
    ],
)
def test_the_execution_of_another_machine_is_neither_shown_nor_redriven(
    run: Any, states: OneExecution, arn: str
) -> None:
    states.described["redriveStatus"] = "REDRIVABLE"
    for arguments in (("redrive", arn, "--yes", "--no-follow"), ("inspect", arn)):
        text = " ".join(run(*arguments).split())
        assert "is not an execution of this stack's state machine" in text
    assert states.redriven == []


def test_ones_own_execution_is_found_by_name_and_by_arn(aws: Aws, states: OneExecution) -> None:
    deployed = behind.deployment(aws, states)
    assert own_execution(deployed, "one") == own_execution(deployed, EXECUTION) == EXECUTION
    with pytest.raises(Refused):
        own_execution(deployed, "arn:")


def test_a_forged_dead_letter_leads_to_no_other_object(aws: Aws, states: OneExecution) -> None:
    forged = {"key": "uploads/user-2/secret.jpg", "etag": "x", "version": "v"}
    behind.plant(aws, job="job-1", key="batch-output/job-1/a.jsonl", letter=forged)
    deployed = behind.deployment(aws, states)
    (letter,) = read_rejects(deployed, "job-1", deployed.ledger.claims("job-1"))
    assert (letter.key, letter.version) == ("batch-output/job-1/a.jsonl", "")
    assert letter.etag != "x"


@pytest.mark.parametrize("length", [-5, 0, 65 * 1024 * 1024, 10**15])
def test_a_line_of_any_length_is_not_read_into_memory_to_be_exported(
    run: Any, aws: Aws, tmp_path: Path, length: int
) -> None:
    behind.plant(aws, job=JOB, key=KEY, letter={"length": length})
    text = run("rejects", JOB, "--export", str(tmp_path / "out.jsonl"))
    assert f"it has {length} bytes" in text
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_progress_shows_what_is_hostile_and_obeys_nothing() -> None:
    _obeys_nothing(line(JobProgress(JOB, DIRT)))


WORDS = [DIRT, "a b", "$(reboot)", "`id`", "x;y", "'", '"', "\\", "é 領収書", "-rf", "*", "~", ""]


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_a_command_that_is_copied_into_a_shell_means_what_it_shows(word: str) -> None:
    written = argument(word)
    assert not {c for c in written if unicodedata.category(c) in UNSHOWABLE}
    done = subprocess.run(
        ["bash", "-c", f"printf %s {written}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert done.stdout.decode() == word


@pytest.mark.parametrize(
    "arguments",
    [
        ("redrive", EXECUTION),
        ("replay", JOB),
        ("dead-events", "--resend"),
        ("redrive", "--job", JOB),
        ("redrive", "--job", f"arn:aws:bedrock:us-east-1:1:model-invocation-job/{JOB}"),
    ],
    ids=("redrive", "replay", "dead-events", "redrive-job", "redrive-arn"),
)
def test_a_command_names_account_and_region_before_it_asks(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """What is asked about may be in another account than the person thinks."""
    states = behind.failed(EVENT, redrive_status="REDRIVABLE")
    behind.plant(aws, job=JOB, key=KEY)
    place = "AWS account 111122223333, eu-west-1"
    deployed = replace(behind.deployment(aws, states, queues(EVENT)), place=place)
    monkeypatch.setattr(options, "chosen", lambda **_: deployed)
    asked = CliRunner().invoke(cli.app, arguments).output
    assert f" on {place}? There is no terminal to ask on" in " ".join(asked.split())
    assert (states.redriven, states.started) == ([], [])


def test_of_empty_queues_a_command_says_that_they_are_empty_and_no_more(
    aws: Aws, states: OneExecution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that could not even be kept is in no queue: it cannot know that all arrived."""
    deployed = behind.deployment(aws, states, queues())
    monkeypatch.setattr(options, "chosen", lambda **_: deployed)
    shown = CliRunner().invoke(cli.app, ["dead-events"]).output
    assert shown == "The dead-letter queues are empty.\n"


def test_every_command_was_tried() -> None:
    """`demo` and `local` show what they made themselves; the others have tests of their own."""
    commands = {
        each.name or each.callback.__name__ for each in cli.app.registered_commands if each.callback
    }
    tried = {arguments[0].replace("-", "_") for arguments in COMMANDS.values()}
    assert commands - tried == {"check", "console", "demo", "messages", "submit"}

"""Commands say what is wrong and what to do in a sentence, and end with a code that means it."""

import errno
import importlib.metadata
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.exceptions
import pytest
import typer
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from local import server
from local.endpoint import Endpoint
from local.errors import PortTaken, SynthesisFailed
from ops import cli
from ops.commands import inspect, options
from ops.commands.submit import results_key, write_record
from ops.errors import ExitCode, NothingFound, Refused
from ops.model import deployment
from ops.model.deployment import Deployment
from ops.model.job_report import JobReport
from ops.model.program import pasteable, program


def ingest(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments)


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(server, "DEFAULT_DATA", tmp_path / "aws")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    file = tmp_path / "a.jsonl"
    file.write_text("{}")
    return file


def test_help_tells_the_exit_codes() -> None:
    text = " ".join(ingest("--help").output.split())
    for code, meaning in ((1, "failed"), (4, "what is shown is a failed job")):
        assert f"{code} {meaning}" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", ""],
        ["redrive", "--yes", "--job", ""],
        ["redrive", "--yes", "--job="],
        ["replay", ""],
    ],
)
def test_an_empty_argument_is_refused(arguments: list[str]) -> None:
    """A script's variable that was never set is not the job of executions that have none."""
    result = ingest(*arguments)
    assert result.exit_code == ExitCode.REFUSED
    assert "is empty" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--all-failed", "--job", "one"), ("x", "--all-failed")])
def test_what_is_to_be_redriven_is_named_in_one_way(arguments: tuple[str, ...]) -> None:
    result = ingest("redrive", *arguments)
    assert result.exit_code == ExitCode.REFUSED
    assert result.stderr.startswith("Name one execution, or a job")


def test_a_reader_that_has_enough_is_no_failure_to_report() -> None:
    app = typer.Typer(cls=cli.Sentences)
    app.callback()(lambda: None)

    @app.command()
    def writes() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    shown = CliRunner().invoke(app, ["writes"])
    assert (shown.exit_code, shown.output) == (ExitCode.FAILED, "")


def test_what_the_machine_does_not_allow_is_a_sentence(tmp_path: Path) -> None:
    result = ingest("local", "status", "--data", str(tmp_path / ("x" * 300)))
    assert result.exit_code == ExitCode.FAILED
    assert "This machine does not allow it: [Errno 36] File name too long" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("below", ["", "aws"])
@pytest.mark.parametrize("command", ["local status", "local env", "local down", "jobs"])
def test_a_file_in_the_place_of_the_data_folder_is_named(
    results: Path, command: str, below: str
) -> None:
    result = ingest(*command.split(), "--data", str(results / below))
    assert result.exit_code == ExitCode.REFUSED
    assert f"{results} is not a folder: with --data, name the folder" in result.stderr


def _commands() -> list[tuple[str, ...]]:
    group: Any = typer.main.get_command(cli.app)
    ours = [(name,) for name in group.commands if name != "local"]
    return [*ours, *(("local", name) for name in group.commands["local"].commands)]


@pytest.mark.parametrize("command", [(), ("local",)])
def test_summaries_are_whole_at_80_columns(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli.app, [*command, "--help"], env={"COLUMNS": "78"}).output
    assert "..." not in shown.partition("Commands:")[2]
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("command", _commands())
def test_every_command_has_an_example_with_options_that_exist(command: tuple[str, ...]) -> None:
    before, _, example = ingest(*command, "-h").output.partition("Example:\n")
    assert re.search(rf"\bingest {' '.join(command)}\b", example)
    assert all(option in before for option in re.findall(r"--[a-z-]+", example))


def test_the_version_is_the_packages() -> None:
    assert ingest("--version").output == f"ingest {importlib.metadata.version('batch-ingest')}\n"


@pytest.mark.usefixtures("no_aws")
def test_a_stack_on_aws_is_not_looked_for_on_the_embedded_aws_that_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = server.Server(1, Endpoint("http://127.0.0.1:7", "secret"), Path("folder"))
    monkeypatch.setattr(server, "find", lambda _: running)
    ended = ingest("inspect", "job1", "--stack", "BatchIngest")
    assert ended.exit_code == ExitCode.NOT_FOUND
    assert "No embedded AWS runs" not in ended.stderr
    assert "http://127.0.0.1:7, add --local" in ended.stderr


@pytest.fixture
def credentials(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.usefixtures("credentials")
def test_a_deployment_on_aws_is_named_by_account_and_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:x"
    monkeypatch.setattr(deployment, "_outputs", lambda *_: {"StateMachineArn": machine})
    assert deployment.on_aws("x").place == "AWS account 111122223333, eu-west-1"


@pytest.mark.usefixtures("no_aws")
def test_an_embedded_aws_that_has_stopped_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between the SDK's attempts
    ended = ingest("inspect", "job1")
    assert ended.exit_code == ExitCode.FAILED
    assert "Nothing answers at http://127.0.0.1:1" in ended.stderr
    assert "ingest local up" in ended.stderr


def test_no_embedded_aws_runs(tmp_path: Path) -> None:
    ended = ingest("inspect", "job1", "--data", str(tmp_path))
    assert ended.exit_code == ExitCode.NOT_FOUND
    up = f"`ingest local up --data {tmp_path}`"
    assert ended.output == f"No embedded AWS runs on {tmp_path}. {up} starts one there.\n"


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ({"StackStatus": "CREATE_IN_PROGRESS"}, "is CREATE_IN_PROGRESS, without the output"),
        (
            {
                "StackStatus": "ROLLBACK_COMPLETE",
                "Outputs": [{"OutputKey": "BucketName", "OutputValue": "b"}],
            },
            "is ROLLBACK_COMPLETE, without the output AlarmTopicArn",
        ),
    ],
)
def test_a_stack_that_is_half_deployed_is_said_to_be(
    stack: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("cloudformation", region_name="us-east-1")
    created = datetime(2026, 11, 28, tzinfo=UTC)
    with Stubber(client) as stub:
        described = {"StackName": "Half", "CreationTime": created, **stack}
        stub.add_response("describe_stacks", {"Stacks": [described]}, {"StackName": "Half"})
        session = SimpleNamespace(
            region_name="us-east-1", get_credentials=object, client=lambda *_, **__: client
        )
        monkeypatch.setattr(boto3, "Session", lambda: session)
        ended = ingest("jobs", "--stack", "Half")
    assert ended.exit_code == ExitCode.NOT_FOUND
    assert f"The stack Half {said}" in ended.output


def test_a_name_that_no_file_can_have_is_not_a_file(tmp_path: Path) -> None:
    ended = ingest("estimate", "x" * 300, "--data", str(tmp_path))
    assert ended.exit_code == ExitCode.NOT_FOUND


@pytest.mark.usefixtures("no_aws")
def test_neither_an_embedded_aws_nor_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = ingest("inspect", "job1")
    assert ended.exit_code == ExitCode.NOT_FOUND
    assert "ingest local up" in ended.output
    assert "AWS_PROFILE" in ended.output
    (variable,) = re.findall(r"AWS_\w*REGION", ended.output)
    monkeypatch.setenv(variable, "eu-west-1")
    assert boto3.Session().region_name == "eu-west-1", "it is a variable that is read"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (PortTaken(8000), ExitCode.REFUSED, "Port 8000 of 127.0.0.1 is taken"),
        (SynthesisFailed("no node"), ExitCode.FAILED, "no node"),
        (NothingFound("There is no such thing."), ExitCode.NOT_FOUND, "There is no such thing."),
        (
            botocore.exceptions.ClientError(
                {"Error": {"Code": "AccessDenied", "Message": "no \x1b[31m"}}, "Query"
            ),
            ExitCode.FAILED,
            (
                "AWS could not do it: An error occurred (AccessDenied) when calling the Query "
                "operation: no \\x1b[31m"
            ),
        ),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            ExitCode.FAILED,
            "AWS could not do it: Could not connect",
        ),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: ExitCode, words: str
) -> None:
    def fail(**_: Any) -> Deployment:
        raise error

    monkeypatch.setattr(deployment, "find", fail)
    ended = ingest("inspect", "job1")
    assert ended.exit_code == code
    assert words in ended.output
    assert "Traceback" not in ended.output


def test_nothing_is_exported_over_a_name_that_is_there_even_if_it_leads_nowhere(
    tmp_path: Path,
) -> None:
    link = tmp_path / "again.jsonl"
    link.symlink_to(tmp_path / "gone")
    refused = ingest("rejects", "job1", "--export", str(link))
    assert refused.exit_code == ExitCode.REFUSED
    assert "exists already" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("name", "job_id", "said"),
    [
        *(
            (name, "job1", "which are JSON Lines")
            for name in ("a.json", "a.jsonl.gz", ".jsonl.outer", "manifest.json.out")
        ),
        *(("a.jsonl", job_id, "is not a job id") for job_id in ("", "a/b")),
    ],
)
def test_a_file_that_would_not_be_taken_for_results(name: str, job_id: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        results_key(name, job_id)


def test_jobs_are_never_created_on_aws() -> None:
    on_aws = Deployment("BatchIngest", "AWS, eu-west-1", "eu-west-1", {}, pytest.fail)
    with pytest.raises(Refused, match="for the embedded AWS alone"):
        write_record(on_aws, "job1", "user")


def test_asking_for_a_stack_asks_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    running = object()
    asked: list[str] = []
    monkeypatch.setattr(server, "find", lambda _: running)
    monkeypatch.setattr(deployment, "on_aws", lambda stack, **_: asked.append(f"AWS {stack}"))
    monkeypatch.setattr(
        deployment, "on_embedded", lambda _, *, stack: asked.append(f"embedded {stack}")
    )
    deployment.find()
    deployment.find(stack="Other")
    deployment.find(stack="Other", local=True)
    deployment.find(data=Path("folder"))
    assert asked == ["embedded BatchIngest", "AWS Other", "embedded Other", "embedded BatchIngest"]


@pytest.mark.parametrize(
    ("folder", "stack", "default_runs", "options"),
    [
        (None, "BatchIngest", False, ""),
        (None, "BatchIngest", True, " --stack BatchIngest"),
        (None, "Other", False, " --stack Other"),
        (server.DEFAULT_DATA, "BatchIngest", True, ""),
        (server.DEFAULT_DATA, "Other", True, " --local --stack Other"),
        (Path("a folder"), "BatchIngest", False, " --data 'a folder'"),
        (Path("folder"), "Other", True, " --data folder --stack Other"),
    ],
)
def test_the_next_command_finds_the_same_stack(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path | None,
    stack: str,
    default_runs: bool,
    options: str,
) -> None:
    monkeypatch.setattr(server, "find", lambda _: object() if default_runs else None)
    endpoint = Endpoint("http://127.0.0.1:1", "secret")
    embedded = server.Server(1, endpoint, folder) if folder else None
    deployed = Deployment(stack, "a place", "r", {}, pytest.fail, embedded)
    assert deployed.command("inspect", "job 1") == f"ingest inspect 'job 1'{options}"


@pytest.mark.parametrize("is_on_path", [True, False])
def test_a_command_to_type_next_begins_as_the_present_one_was_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_on_path: bool
) -> None:
    script = tmp_path / "a bin" / "ingest"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(script), "inspect", "job1"])
    monkeypatch.setenv("PATH", str(script.parent) if is_on_path else "/nowhere")
    typed = "ingest" if is_on_path else f"'{script}'"
    assert program() == typed
    assert pasteable("do `ingest local up`.") == f"do `{typed} local up`."
    deployed = Deployment("BatchIngest", "a place", "r", {}, pytest.fail)
    assert deployed.command("dead-events").startswith(f"{typed} dead-events")


def test_neither_job_nor_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Deployment("S", "the embedded AWS", "r", {"StateMachineArn": "a:stateMachine:S"}, str)
    monkeypatch.setattr(inspect, "read_job", lambda *_: JobReport("", None, (), None))
    monkeypatch.setattr(inspect, "read_execution", lambda *_: None)
    with pytest.raises(NothingFound, match=r"no job and no execution \\x1b\[2J"):
        inspect.look_up(nothing, "\x1b[2J")


@pytest.mark.parametrize("named", ["job-1", "arn:aws:bedrock:r:a:model-invocation-job/job-1"])
def test_a_job_is_named_by_its_id_or_its_arn(named: str) -> None:
    app = typer.Typer()
    seen: list[str] = []

    @app.command()
    def command(job: options.Job) -> None:
        seen.append(job)

    assert CliRunner().invoke(app, [named]).exit_code == 0
    assert seen == ["job-1"]

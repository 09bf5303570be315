"""Estimates of objects in the bucket, and what `submit` does with one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.domain.attribute_values import to_item
from ops.commands.estimate import estimate
from ops.commands.submit import submit
from ops.errors import NothingFound, Refused
from ops.model.deployment import Deployment
from ops.model.estimating import settings, sources
from tests.lines import answered
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT, deployment_on
from tests.workflow.memory.executions import MACHINE
from tests.workflow.rows import put_job

KEY = "batch-output/job-1/answers.jsonl.out"
VERIFY_LOAD = "arn:aws:lambda:us-east-1:123456789012:function:verify-load"


def _body(records: int) -> bytes:
    return b"".join(answered(f"image-{n}") for n in range(records))


@pytest.fixture
def deployed(aws: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A job with an object of 40 records, of which 10 have an image on record."""
    s3, dynamodb = aws
    put_job(dynamodb)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=_body(40))
    for n in range(10):
        dynamodb.put_item(TableName="pending-images", Item=to_item({"imageId": f"image-{n}"}))
    clients = {each: boto3.client(each) for each in ("lambda", "stepfunctions")}
    found = deployment_on(aws, **clients)
    monkeypatch.setattr("ops.model.deployment.find", lambda **_: found)
    return found


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("what", [KEY, "job-1", "arn:aws:bedrock:us-east-1:1:job/job-1"])
def test_images_are_counted_as_the_application_has_them_on_record(
    what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate(what, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["objects"], said["transactions"], said["images"]) == (1, 40, 10)


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("what", ["no-such-job", "batch-output/job-1/answers.jsonl"])
def test_of_nothing_it_says_so(what: str) -> None:
    with pytest.raises(NothingFound, match="not a file"):
        estimate(what)


def test_of_many_objects_some_are_read(deployed: Deployment) -> None:
    body = _body(40)
    objects = [(f"batch-output/job-1/{n}.jsonl", len(body)) for n in range(100)]
    for key, _ in objects:
        deployed.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    found = sources.of_objects(deployed, objects)
    assert [round(each.records) for each in found] == [40] * 100
    assert sum(each.is_sampled for each in found) > 80
    assert [each.is_conditional for each in found] == [False, *[True] * 99]


def test_what_costs_more_than_allowed_is_not_submitted(
    deployed: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "more.jsonl"
    file.write_bytes(_body(5))
    with pytest.raises(Refused, match="Nothing was done"):
        submit(file, job="job-1", max_cost=0.0001)
    assert "more" not in str(deployed.s3.list_objects_v2(Bucket=BUCKET)["Contents"])
    submit(file, job="job-1", max_cost=0.1)
    assert deployed.s3.head_object(Bucket=BUCKET, Key="batch-output/job-1/more.jsonl")


@pytest.fixture
def states(deployed: Deployment) -> Iterator[Stubber]:
    with Stubber(deployed.step_functions) as stubber:
        yield stubber


@pytest.fixture
def functions(deployed: Deployment) -> Iterator[Stubber]:
    with Stubber(deployed.functions) as stubber:
        yield stubber


def _configured(states: Stubber, functions: Stubber, variables: dict[str, str]) -> None:
    """The stack's machine, and the environment of the function that it names."""
    definition = {"States": {"VerifyLoad": {"Parameters": {"FunctionName": VERIFY_LOAD}}}}
    answer = {
        "stateMachineArn": MACHINE,
        "name": "BatchIngest",
        "definition": json.dumps(definition),
        "roleArn": "arn:aws:iam::123456789012:role/workflow",
        "type": "STANDARD",
        "creationDate": datetime(2026, 1, 1, tzinfo=UTC),
    }
    states.add_response("describe_state_machine", answer, {"stateMachineArn": MACHINE})
    functions.add_response(
        "get_function_configuration",
        {"Environment": {"Variables": variables}},
        {"FunctionName": VERIFY_LOAD},
    )


def test_the_settings_of_the_stack_win(
    states: Stubber, functions: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = {"WRITE_UNITS_PER_SECOND": "4", "LOAD_CONCURRENCY": "1"}
    _configured(states, functions, {**ENVIRONMENT, **changed})
    estimate("job-1", as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["settings"] == "stack BatchIngest on a test"
    assert said["seconds"] > 40 / 4
    assert said["workers"] == 1


def test_where_they_may_not_be_read_those_of_the_project_are_taken(
    deployed: Deployment, states: Stubber
) -> None:
    states.add_client_error("describe_state_machine", "AccessDeniedException")
    found = settings.of_deployment(deployed)
    assert replace(found, origin="cdk.json") == settings.of_project()
    assert "those of stack BatchIngest on a test could not be read" in found.origin
    assert "AccessDeniedException" in found.origin


@pytest.mark.parametrize(
    "variables", [{}, {**ENVIRONMENT, "LOAD_CONCURRENCY": "many"}], ids=["none", "a wrong one"]
)
def test_settings_of_an_older_stack_do_not_stop_an_estimate(
    deployed: Deployment, states: Stubber, functions: Stubber, variables: dict[str, str]
) -> None:
    _configured(states, functions, variables)
    assert settings.of_deployment(deployed).origin.startswith("cdk.json")


def test_a_file_takes_the_settings_of_a_stack_that_can_be_reached(
    states: Stubber, functions: Stubber, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _configured(states, functions, ENVIRONMENT)
    file = tmp_path / "more.jsonl"
    file.write_bytes(_body(5))
    estimate(str(file))
    assert "Settings: stack BatchIngest on a test." in " ".join(capsys.readouterr().out.split())

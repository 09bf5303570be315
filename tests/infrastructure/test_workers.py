import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from functions.aws.runtime.settings import Settings, SettleSettings
from functions.find_stuck_jobs.settings import StuckJobsSettings
from functions.load_segment.settings import LoadSettings
from functions.migrate_images.settings import MigrateSettings
from functions.plan_ranges.settings import PlanRangesSettings
from functions.record_outcome.settings import OutcomeSettings
from functions.verify_load.settings import VerifySettings
from functions.verify_migration.settings import VerifyMigrationSettings
from tests.infrastructure.template import Template

FUNCTION = "AWS::Lambda::Function"

#: The settings that each handler reads from its environment.
SETTINGS: dict[str, type[Settings]] = {
    "ResolveJob": Settings,
    "PlanRanges": PlanRangesSettings,
    "LoadSegment": LoadSettings,
    "VerifyLoad": VerifySettings,
    "MigrateImages": MigrateSettings,
    "VerifyMigration": VerifyMigrationSettings,
    "SettleJob": SettleSettings,
    "RecordOutcome": OutcomeSettings,
    "FindStuckJobs": StuckJobsSettings,
}

#: Read by Powertools, and the stack's name for people who look at a function.
FOR_ALL = {
    "BATCH_JOBS_TABLE",
    "BUCKET_NAME",
    "LEDGER_TABLE",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "STACK_NAME",
}


def _environment(template: Template, name: str) -> dict[str, str]:
    function = template.one(FUNCTION, f"Workers{name}")
    variables: dict[str, str] = function["Environment"]["Variables"]
    return variables


def test_these_are_all_functions(created: Template) -> None:
    assert set(created.of_type(FUNCTION)) == {f"Workers{name}Function" for name in SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_finds_its_settings_in_its_environment(created: Template, name: str) -> None:
    SETTINGS[name].read(_environment(created, name))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_has_no_setting_that_it_does_not_read(created: Template, name: str) -> None:
    read = {field.name.upper() for field in fields(SETTINGS[name])}

    assert set(_environment(created, name)) - FOR_ALL == read - FOR_ALL


def test_no_expiry_is_a_retention_of_no_days(created: Template) -> None:
    environment = _environment(created, "LoadSegment")

    assert environment["GUEST_RETENTION_DAYS"] == "60"
    assert environment["ACCOUNT_RETENTION_DAYS"] == "365"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_runs_the_handler_of_its_name(created: Template, name: str) -> None:
    module, _, attribute = created.one(FUNCTION, f"Workers{name}")["Handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), attribute))
    assert module.split(".")[1].replace("_", "") == name.lower()


@pytest.mark.parametrize("name", SETTINGS)
def test_functions_are_alike_in_how_they_run(created: Template, name: str) -> None:
    function = created.one(FUNCTION, f"Workers{name}")

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["MemorySize"] == 1024
    assert function["Timeout"] == 300
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Layers"] == ["<WorkersDependencies>"]
    assert function["LoggingConfig"] == {"LogGroup": f"<Workers{name}Logs>"}


def test_every_function_logs_into_a_group_that_forgets(template: Template) -> None:
    groups = template.of_type("AWS::Logs::LogGroup")
    functions = template.of_type(FUNCTION)
    logged = {
        name: function.get("LoggingConfig", {}).get("LogGroup")
        for name, function in functions.items()
    }

    assert sorted(filter(None, logged.values())) == sorted(
        f"<{name}>" for name in groups if name != "WorkflowLogs"
    )
    assert len(logged) == len(groups) - 1
    assert {group["RetentionInDays"] for group in groups.values()} == {90}


def test_the_code_is_the_functions_package_and_nothing_else(created_folder: Path) -> None:
    (code,) = [path for path in created_folder.glob("asset.*") if path.is_dir()]
    files = [path.relative_to(code) for path in code.rglob("*") if path.is_file()]

    assert {file.parts[0] for file in files} == {"functions"}
    assert {file.suffix for file in files} <= {".py", ".pyc"}
    assert {file.parent.name for file in files if file.name == "handler.py"} == {
        re.sub("(?<=[a-z])[A-Z]", r"_\g<0>", name).lower()
        for name in (*SETTINGS, "ResubmitRejects")
    }


def test_functions_share_the_concurrency_of_the_account(created: Template) -> None:
    functions = created.of_type(FUNCTION).values()
    assert all("ReservedConcurrentExecutions" not in each for each in functions)


def test_loading_and_moving_together_have_the_concurrency_of_the_setting(
    imported: Template,
) -> None:
    reserved = {
        name: imported.one(FUNCTION, f"Workers{name}").get("ReservedConcurrentExecutions")
        for name in SETTINGS
    }
    assert {name: each for name, each in reserved.items() if each is not None} == {
        "LoadSegment": 13,
        "MigrateImages": 7,
    }

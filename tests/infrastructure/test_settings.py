import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.domain.claims import REDRIVE_PERIOD
from stacks import setting
from stacks.errors import SettingsError
from stacks.settings import Settings
from stacks.settings_page import page

PROJECT = Path(__file__).resolve().parents[2]
KEY = "arn:aws:kms:eu-west-1:111122223333:key/"
ALIAS = "arn:aws:kms:eu-west-1:111122223333:alias/a"
CONTEXT = json.loads((PROJECT / "cdk.json").read_text())["context"]


def test_cdk_json_holds_every_setting_with_its_default() -> None:
    ours = {key: value for key, value in CONTEXT.items() if not key.startswith("@")}

    assert ours == Settings.defaults()


def test_the_context_of_cdk_json_is_valid() -> None:
    assert Settings.from_context(CONTEXT) == Settings()


@pytest.mark.parametrize("name", Settings.fields())
def test_every_setting_says_what_it_is_and_what_it_takes(name: str) -> None:
    field = Settings.fields()[name]

    assert field.description
    assert field.description.endswith(".")
    assert setting.allowed(field)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"rangeBytes": 12}, "12: it must be a whole number of bytes from 65,536 to 4,294,967,296."),
    (
        {"functionTimeoutSeconds": 301},
        "301: it must be a whole number of seconds from 60 to 300.",
    ),
    (
        {"writeUnitsPerSecond": "many"},
        '"many": it must be a whole number of write units per second from 1 to 40,000.',
    ),
    ({"production": "maybe"}, '"maybe": it must be true or false.'),
    (
        {"imageStorageClass": "GLACIER"},
        (
            '"GLACIER": it must be one of STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, '
            "GLACIER_IR."
        ),
    ),
    (
        {"bucketName": "Not A Bucket"},
        (
            '"Not A Bucket": it must be the name of an existing bucket in this account and Region,'
            " or empty to create one."
        ),
    ),
    ({"tags": ["a"]}, "[\"a\"]: it must be an object of texts, such as {'team': 'books'}."),
    (
        {"bucketKeyArns": f"{ALIAS}", "bucketName": "images"},
        (
            f'"{ALIAS}": it must be a list of ARNs of KMS keys (an alias will not do), separated'
            " by commas on the command line."
        ),
    ),
    (
        {"writeUnitsPerSecond": 3},
        "3: it must be at least loadConcurrency (8), one for each worker.",
    ),
    ({"workerConcurrency": 1}, "1: it must be 0, or at least 2, one for each function."),
    (
        {"stuckLookbackDays": 30, "outputRetentionDays": 20},
        "30: it must not exceed outputRetentionDays (20).",
    ),
    (
        {"bedrockInputPrefix": "batch-output/"},
        '"batch-output/": it must not be under batch-output/, where it would be taken for results.',
    ),
]
"""Context, and what is said of the value of its first setting."""


@pytest.mark.parametrize(("context", "problem"), REFUSED)
def test_a_bad_value_is_named_with_what_is_allowed(
    context: dict[str, object], problem: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_context(context)

    assert str(raised.value) == f"{next(iter(context))} is {problem}"


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"rangeByte": 1}, "rangeByte is not a setting: did you mean rangeBytes?"),
        (
            {"transactionsTableKeyArn": f"{KEY}a"},
            "transactionsTableKeyArn is given without transactionsTableName, to which it belongs.",
        ),
        (
            {"bucketKeyArns": [f"{KEY}a"]},
            "bucketKeyArns is given without bucketName, to which it belongs.",
        ),
        (
            {"autoResubmitRecords": 10},
            "autoResubmitRecords is given without bedrockJobRoleArn.",
        ),
        (
            {"customerManagedKey": True, "customerManagedKeyArn": f"{KEY}a"},
            (
                "customerManagedKey and customerManagedKeyArn are both given: the stack makes a key"
                " of its own, or uses that one."
            ),
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    context: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_context(context)

    assert str(raised.value) == sentence


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (PROJECT / "docs" / "generated" / "settings.md").read_text() == page()


def test_an_unknown_setting_without_a_near_name_is_answered_with_all_names() -> None:
    with pytest.raises(
        SettingsError, match=r"^zzz is not a setting: there are accountRetentionDays, "
    ):
        Settings.from_context({"zzz": 1})


def test_every_bad_value_has_its_sentence() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_context({"maxRanges": 0, "graceHours": 0, "nonsense": 1})

    assert [line.split()[0] for line in str(raised.value).splitlines()] == [
        "maxRanges",
        "graceHours",
        "nonsense",
    ]


def test_the_command_line_gives_texts() -> None:
    settings = Settings.from_context(
        {
            "rangeBytes": "33554432",
            "logRetentionDays": "30",
            "production": "true",
            "tags": '{"team": "books"}',
            "bucketName": "images",
            "bucketKeyArns": f"{KEY}a,{KEY}b",
        }
    )

    assert settings.range_bytes == 33_554_432
    assert settings.log_retention_days == 30
    assert settings.production is True
    assert settings.tags == {"team": "books"}
    assert settings.bucket_key_arns == [f"{KEY}a", f"{KEY}b"]


def test_context_of_the_cdk_itself_is_left_aside() -> None:
    context = {"aws:cdk:bundling-stacks": ["**"], "@aws-cdk/core:x": True, "a/b": 1}

    assert Settings.from_context(context) == Settings()


def test_what_a_redrive_reads_outlives_the_redrive_window() -> None:
    for name in ("ledgerRetentionDays", "outputRetentionDays"):
        with pytest.raises(SettingsError, match=name):
            Settings.from_context({name: REDRIVE_PERIOD.days})


def test_the_synthesis_fails_with_the_sentence_alone() -> None:
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        env={**os.environ, "CDK_CONTEXT_JSON": json.dumps({"maxRanges": 0})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "maxRanges is 0: it must be a whole number of ranges from 1 to 10,000."
    ]

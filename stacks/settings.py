"""Every knob of a deployment: one typed model, read from the CDK context.

`cdk.json` holds each knob with its default; `-c name=value` overrides one for a deployment. A value
out of its bounds, or a name that is none of ours, stops the synthesis with a sentence that names it.
"""

import difflib
import json
from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

KEBIBYTE = 1024
MEBIBYTE = 1024 * KEBIBYTE

#: Days that CloudWatch Logs accepts as a retention (PutRetentionPolicy).
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
    3653,
]  # fmt: skip

#: S3 storage classes that an image can be copied to and still be read at once.
StorageClass = Literal["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]

#: A failed execution can be redriven for 14 days: what a redrive reads must outlive them.
#: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
REDRIVE_WINDOW_DAYS = 14

_KEY_ARN = r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"
_KEY_ARN_FORM = "the ARN of a KMS key (an alias will not do), or empty for none"
_BUCKET_NAME = r"^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_TABLE_NAME = r"^$|^[A-Za-z0-9_.-]{3,255}$"
_TABLE_NAME_FORM = "the name of an existing table, or empty to create one"


class SettingsError(Exception):
    """A knob has a value that it cannot have, or a name that no knob has."""


def _number(default: int, unit: str, least: int, most: int, description: str) -> Any:
    """A knob that counts `unit`s, from `least` to `most`, both included."""
    return Field(
        default=default,
        ge=least,
        le=most,
        description=description,
        json_schema_extra={
            "unit": unit,
            "allowed": f"a whole number of {unit} from {least:,} to {most:,}",
        },
    )


def _text(default: str, pattern: str, form: str, description: str) -> Any:
    """A knob that is a text of a certain `form`."""
    return Field(
        default=default,
        pattern=pattern,
        description=description,
        json_schema_extra={"unit": "", "allowed": form},
    )


def _choice(default: object, kind: object, unit: str, description: str) -> Any:
    """A knob that takes one of a few values."""
    allowed = "one of " + ", ".join(str(value) for value in get_args(kind))
    return Field(
        default=default,
        description=description,
        json_schema_extra={"unit": unit, "allowed": allowed},
    )


def _switch(default: bool, description: str) -> Any:  # noqa: FBT001 - the value of the knob
    """A knob that is on or off."""
    return Field(
        default=default,
        description=description,
        json_schema_extra={"unit": "", "allowed": "true or false"},
    )


class Settings(BaseModel):
    """What a deployment can choose. Names in `cdk.json` are these in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="forbid", validate_default=False
    )

    # The deployment as a whole
    stack_name: str = _text(
        "BatchIngest",
        # The state machine is called like the stack, and its name may have 80 characters.
        r"^[A-Za-z][A-Za-z0-9-]{0,47}$",
        "a letter followed by at most 47 letters, digits and hyphens",
        "Name of the stack, of its state machine and of the `service` dimension of its metrics.",
    )
    production: bool = _switch(
        False,
        "Keeps what the stack creates: point-in-time recovery, deletion protection, and buckets and"
        " tables that stay when the stack is deleted.",
    )
    permissions_boundary_arn: str = _text(
        "",
        r"^$|^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$",
        "the ARN of an IAM managed policy, or empty for none",
        "Permissions boundary of every role in the stack.",
    )
    tags: dict[str, str] = Field(
        default_factory=dict,
        description="Tags of every resource that can have tags.",
        json_schema_extra={"unit": "", "allowed": "an object of texts, such as {'team': 'books'}"},
    )
    customer_managed_key: bool = _switch(
        False,
        "Encrypts all that the stack creates with a KMS key of its own instead of keys that AWS"
        " owns. Costs a key and its requests.",
    )
    packaging: Literal["aws", "local"] = _choice(
        "aws",
        Literal["aws", "local"],
        "",
        "`aws` builds the layer of dependencies; `local` puts an empty one in its place, for an"
        " embedded AWS that runs the functions in the project's own environment.",
    )

    # What exists already, owned by the application
    bucket_name: str = _text(
        "",
        _BUCKET_NAME,
        "the name of an existing bucket in this account and Region, or empty to create one",
        "Image bucket to import.",
    )
    bucket_key_arn: str = _text("", _KEY_ARN, _KEY_ARN_FORM, "KMS key of the imported bucket.")
    switch_on_event_bridge: bool = _switch(
        True,
        "Switches on the EventBridge notifications of the imported bucket, the one thing that is"
        " changed of it. Deleting the stack leaves the switch on.",
    )
    transactions_table_name: str = _text(
        "", _TABLE_NAME, _TABLE_NAME_FORM, "Transactions table to import."
    )
    transactions_table_key_arn: str = _text(
        "", _KEY_ARN, _KEY_ARN_FORM, "KMS key of the imported transactions table."
    )
    batch_jobs_table_name: str = _text("", _TABLE_NAME, _TABLE_NAME_FORM, "Job table to import.")
    batch_jobs_table_key_arn: str = _text(
        "", _KEY_ARN, _KEY_ARN_FORM, "KMS key of the imported job table."
    )
    pending_images_table_name: str = _text(
        "", _TABLE_NAME, _TABLE_NAME_FORM, "Table of pending images to import."
    )
    pending_images_table_key_arn: str = _text(
        "", _KEY_ARN, _KEY_ARN_FORM, "KMS key of the imported table of pending images."
    )

    # Loading
    range_bytes: int = _number(
        16 * MEBIBYTE,
        "bytes",
        64 * KEBIBYTE,
        1024 * MEBIBYTE,
        "Size of a range. Smaller ones lose less to a failure, larger ones start fewer workers.",
    )
    max_ranges: int = _number(
        2000, "ranges", 1, 10_000, "Ranges of one object; beyond it, ranges grow instead."
    )
    load_concurrency: int = _number(
        4, "workers", 1, 1000, "Ranges of one execution that are loaded at a time."
    )
    write_units_per_second: int = _number(
        1000,
        "write units per second",
        1,
        40_000,
        "Write budget of one execution, shared among its workers. A job's transactions share one"
        " partition key, and DynamoDB gives a partition 1,000.",
    )
    line_bytes_limit: int = _number(
        16 * MEBIBYTE,
        "bytes",
        64 * KEBIBYTE,
        256 * MEBIBYTE,
        "Longest line that is read; a longer one is a reject. A worker holds one at a time.",
    )
    reject_percent_limit: int = _number(
        50,
        "percent",
        0,
        100,
        "Share of rejects over which an execution fails as TooManyRejects (never under 20 rejects).",
    )

    # Images
    migrate_concurrency: int = _number(
        4, "workers", 1, 1000, "Chunks of images of one execution that are migrated at a time."
    )
    images_per_chunk: int = _number(
        2000, "images", 1, 50_000, "Images that one worker call is given."
    )
    image_storage_class: StorageClass = _choice(
        "STANDARD", StorageClass, "", "Storage class of migrated images."
    )
    image_kms_key_arn: str = _text(
        "", _KEY_ARN, _KEY_ARN_FORM + " (the bucket's default then)", "KMS key of migrated images."
    )

    # Functions
    function_memory_megabytes: int = _number(
        1024, "megabytes", 256, 10_240, "Memory of a function; 1,769 buys one whole processor."
    )
    function_timeout_seconds: int = _number(
        300,
        "seconds",
        60,
        # Under the 330 seconds that the definition gives a task, so that a call that is tried
        # again seldom meets a living predecessor.
        300,
        "Time limit of a function. A worker ends its segment before it and is called again.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _choice(
        "INFO", Literal["DEBUG", "INFO", "WARNING", "ERROR"], "", "Least level that functions log."
    )
    log_retention_days: LogRetentionDays = _choice(
        90, LogRetentionDays, "days", "How long logs are kept."
    )

    # How long data is kept
    guest_retention_days: int = _number(
        60, "days", 0, 36_500, "Life of a guest's transactions; 0 keeps them for ever."
    )
    account_retention_days: int = _number(
        365, "days", 0, 36_500, "Life of an account's transactions; 0 keeps them for ever."
    )
    ledger_retention_days: int = _number(
        90, "days", REDRIVE_WINDOW_DAYS + 1, 3650, "Life of attempt, segment and chunk rows."
    )
    output_retention_days: int = _number(
        30,
        "days",
        REDRIVE_WINDOW_DAYS + 1,
        3650,
        "Life of objects under `batch-output/` and `work/` in a bucket that the stack creates.",
    )
    dead_letter_retention_days: int = _number(
        90,
        "days",
        0,
        3650,
        "Life of objects under `dead-letters/` in a bucket that the stack creates; 0 keeps them for"
        " ever.",
    )

    # Settling and finding what is stuck
    grace_hours: int = _number(
        24, "hours", 1, 720, "How long a job waits for its manifest before it counts as partial."
    )
    stuck_check_minutes: int = _number(
        60, "minutes", 5, 1440, "How often manifests, claims and jobs are compared."
    )
    stuck_lookback_days: int = _number(7, "days", 1, 30, "How far back that comparison looks.")

    # Alarms
    alarm_email: str = _text(
        "",
        r"^$|^[^@\s]+@[^@\s]+$",
        "an e-mail address, or empty for none",
        "Address that is subscribed to the alarms; it must confirm once.",
    )
    runbook_url: str = _text(
        "docs/runbook",
        r"^[^\s]{1,200}$",
        "a URL or a path without blanks, of at most 200 characters",
        "Where the runbook's pages are; alarms link to them.",
    )
    reject_percent_alarm: int = _number(
        5, "percent", 0, 100, "Share of rejects of an execution over which an alarm rings."
    )
    execution_minutes_alarm: int = _number(
        120, "minutes", 1, 1440, "Duration of an execution over which an alarm rings."
    )

    @field_validator("tags", mode="before")
    @classmethod
    def _tags_from_the_command_line(cls, value: object) -> object:
        """`-c tags={"team":"books"}` arrives as text."""
        if isinstance(value, str):
            try:
                return json.loads(value or "{}")
            except ValueError:
                return value
        return value

    @model_validator(mode="after")
    def _keys_belong_to_imports(self) -> Self:
        for resource in (
            "bucket",
            "transactions_table",
            "batch_jobs_table",
            "pending_images_table",
        ):
            name, key = f"{resource}_name", f"{resource}_key_arn"
            if getattr(self, key) and not getattr(self, name):
                message = f"{to_camel(key)} is given without {to_camel(name)}, whose key it is."
                raise ValueError(message)
        if self.stuck_lookback_days > self.output_retention_days:
            message = (
                f"stuckLookbackDays is {self.stuck_lookback_days}: it must not exceed"
                f" outputRetentionDays ({self.output_retention_days})."
            )
            raise ValueError(message)
        return self

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Self:
        """The settings in a CDK context.

        Keys with `:`, `/` or `@` are the CDK's own (feature flags, look-ups) and are left aside.

        Raises:
            SettingsError: a value is out of its bounds, or a name is none of ours.
        """
        ours = {key: value for key, value in context.items() if not set(key) & set(":/@")}
        try:
            return cls.model_validate(ours)
        except ValidationError as error:
            sentences = [_sentence(detail) for detail in error.errors()]
            raise SettingsError("\n".join(dict.fromkeys(sentences))) from None

    @classmethod
    def knobs(cls) -> dict[str, FieldInfo]:
        """Every knob by its name in `cdk.json`."""
        return {str(field.alias): field for field in cls.model_fields.values()}

    @classmethod
    def defaults(cls) -> dict[str, object]:
        """What `cdk.json` holds before anybody changes it."""
        return cls().model_dump(by_alias=True)


def allowed(field: FieldInfo) -> str:
    """The values that a knob can have, in words."""
    extra = field.json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, dict) else ""


def _sentence(detail: ErrorDetails) -> str:
    """One sentence for one error: which knob, its value, and what is allowed."""
    if not detail["loc"]:
        return detail["msg"].removeprefix("Value error, ")
    name, knobs = str(detail["loc"][0]), Settings.knobs()
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, knobs, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(knobs))}."
        return f"{name} is no setting: {hint}"
    return (
        f"{name} is {json.dumps(detail['input'], default=str)}: it must be {allowed(knobs[name])}."
    )

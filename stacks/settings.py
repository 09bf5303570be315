"""The settings of a deployment: one typed model, read from the CDK context.

`cdk.json` holds each setting with its default; `-c name=value` overrides one for a deployment. A
value out of its bounds, or an unknown name, stops the synthesis with a sentence about it.
"""

import difflib
import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from functions.domain.claims import REDRIVE_PERIOD
from functions.domain.receipts.image_id import DEFAULT_PADDING_PREFIX
from stacks import setting
from stacks.errors import SettingsError

KEBIBYTE = 1024
MEBIBYTE = 1024 * KEBIBYTE

#: Days that CloudWatch Logs accepts as a retention (PutRetentionPolicy).
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
]  # fmt: skip

#: S3 storage classes that an image can be copied to and still be read at once.
StorageClass = Literal["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]

#: What a redrive reads must outlive the time in which an execution can be redriven.
_LEAST_RETENTION_DAYS = REDRIVE_PERIOD.days + 1

_KEY_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"
_KEY_ARN_FORM = "the ARN of a KMS key (an alias will not do), or empty for none"
_KeyArns = Annotated[list[Annotated[str, Field(pattern=_KEY_ARN)]], setting.SplitAtCommas]
_key_arn = partial(setting.text, pattern=_KEY_ARN, form=_KEY_ARN_FORM)
_table_name = partial(
    setting.text,
    pattern=r"^[A-Za-z0-9_.-]{3,255}$",
    form="the name of an existing table, or empty to create one",
)
# The state machine is called like the stack, and its name may have 80 characters.
_STACK_NAME = r"^[A-Za-z][A-Za-z0-9-]{0,47}$"
_BUCKET_NAME = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"

_IMPORTABLE = ("bucket", "transactions_table", "batch_jobs_table", "pending_images_table")


class Settings(BaseModel):
    """What a deployment can choose. Names in `cdk.json` are these in camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_by_alias=True,
        validate_by_name=True,
        validate_default=False,
    )

    # The deployment as a whole
    stack_name: str = setting.text(
        "BatchIngest",
        pattern=_STACK_NAME,
        form="a letter followed by at most 47 letters, digits and hyphens",
    )
    """Name of the stack, of its state machine and of the `service` dimension of its metrics."""
    production: bool = False
    """Keeps what the stack creates: point-in-time recovery, deletion protection, and a bucket and
    tables that stay when the stack is deleted. Without it, tables are deleted with their data when
    the stack is deleted or names an existing table instead, and the deletion of a stack fails at a
    bucket that holds objects."""
    permissions_boundary_arn: str = setting.text(
        pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$",
        form="the ARN of an IAM managed policy, or empty for none",
    )
    """Permissions boundary of every role in the stack."""
    tags: dict[str, str] = setting.collection(
        dict, form="an object of texts, such as {'team': 'books'}"
    )
    """Tags of every resource that can have tags."""
    customer_managed_key: bool = False
    """Encrypts all that the stack creates with a KMS key of its own instead of keys that AWS owns.
    Costs a key and its requests."""
    customer_managed_key_arn: str = _key_arn()
    """Existing KMS key that is used instead of one of the stack's own. Its policy must admit what
    [encryption](../encryption.md) lists."""

    # What exists already, owned by the application
    bucket_name: str = setting.text(
        pattern=_BUCKET_NAME,
        form="the name of an existing bucket in this account and Region, or empty to create one",
    )
    """Image bucket to import."""
    bucket_key_arns: _KeyArns = setting.collection(
        list,
        form="a list of ARNs of KMS keys (an alias will not do), separated by commas on the command"
        " line",
    )
    """KMS keys of the objects in the imported bucket. The first is the key of its default
    encryption. The others, such as keys that it had before, are only used to read."""
    switch_on_event_bridge: bool = True
    """Switches on the EventBridge notifications of the imported bucket: the only change of it. S3
    bills the events of all its objects then. Deleting the stack leaves the switch on."""
    transactions_table_name: str = _table_name()
    """Transactions table to import."""
    transactions_table_key_arn: str = _key_arn()
    """KMS key of the imported transactions table."""
    batch_jobs_table_name: str = _table_name()
    """Job table to import."""
    batch_jobs_table_key_arn: str = _key_arn()
    """KMS key of the imported job table."""
    pending_images_table_name: str = _table_name()
    """Table of pending images to import."""
    pending_images_table_key_arn: str = _key_arn()
    """KMS key of the imported table of pending images."""

    # Loading
    range_bytes: int = setting.count(
        4096 * MEBIBYTE, "bytes", least=64 * KEBIBYTE, most=4096 * MEBIBYTE
    )
    """Largest size of a range. A plan makes ranges that take a minute at most, all of one size."""
    max_ranges: int = setting.count(2000, "ranges", least=1, most=10_000)
    """Ranges of one object; beyond it, ranges grow instead."""
    load_concurrency: int = setting.count(8, "workers", least=1, most=1000)
    """Ranges of one execution that are loaded at a time, at most. A plan uses as many workers as
    fill the write budget: short lines take one worker, lines of 400 KB take seven."""
    write_units_per_second: int = setting.count(
        1000, "write units per second", least=1, most=40_000
    )
    """Write budget of a user, shared among all executions and workers that write the user's
    transactions. These share one partition key, and DynamoDB gives a partition 1,000."""
    line_bytes_limit: int = setting.count(
        16 * MEBIBYTE, "bytes", least=64 * KEBIBYTE, most=256 * MEBIBYTE
    )
    """Longest line that is read; a longer line is a reject. A worker holds one line at a time."""
    padding_prefix: str = setting.text(
        DEFAULT_PADDING_PREFIX,
        pattern=r"^[\x21-\x7e]{1,64}$",
        form="1 to 64 ASCII characters without blanks",
    )
    """What the image ids of padding begin with: records that only fill a job up to Bedrock's least
    number of records. They are counted, and nothing else is made of them."""
    reject_percent_limit: int = setting.count(50, "percent", least=0, most=100)
    """Share of rejects over which an execution fails as TooManyRejects; with fewer than 20 rejects,
    none does."""

    # Images
    migrate_concurrency: int = setting.count(8, "workers", least=1, most=1000)
    """Chunks of images of one execution that are migrated at a time."""
    images_per_chunk: int = setting.count(2000, "images", least=1, most=50_000)
    """Images in the chunk that one child of the map moves."""
    image_storage_class: StorageClass = "STANDARD"
    """Storage class of migrated images."""
    image_kms_key_arn: str = _key_arn(form=f"{_KEY_ARN_FORM} (the bucket's default then)")
    """KMS key of migrated images."""

    # Functions
    function_memory_megabytes: int = setting.count(1024, "megabytes", least=256, most=10_240)
    """Memory of a function; 1,769 buys one whole processor."""
    worker_concurrency: int = setting.count(0, "calls", least=0, most=1000)
    """Calls of LoadSegment and MigrateImages together that run at a time in the account; with 0
    there is no limit but the account's. It is reserved for the two functions, each a part by
    `loadConcurrency` and `migrateConcurrency`. An account of 10 cannot reserve any."""
    # At most 300 seconds, for the definition gives a task 330: a call that is tried again seldom
    # meets a living predecessor.
    function_timeout_seconds: int = setting.count(300, "seconds", least=60, most=300)
    """Time limit of a function. A worker ends its segment before it and is called again."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least level that functions log."""
    log_retention_days: Annotated[LogRetentionDays, setting.FromText] = 90
    """How long logs are kept."""

    # How long data is kept
    guest_retention_days: int = setting.count(60, "days", least=0, most=36_500)
    """Life of a guest's transactions; with 0 they do not expire."""
    account_retention_days: int = setting.count(365, "days", least=0, most=36_500)
    """Life of an account's transactions; with 0 they do not expire."""
    ledger_retention_days: int = setting.count(90, "days", least=_LEAST_RETENTION_DAYS, most=3650)
    """Life of attempt, segment and chunk rows."""
    output_retention_days: int = setting.count(30, "days", least=_LEAST_RETENTION_DAYS, most=3650)
    """Life of objects under `batch-output/` and `work/` in a bucket that the stack creates."""
    dead_letter_retention_days: int = setting.count(90, "days", least=0, most=3650)
    """Life of objects under `dead-letters/` in a bucket that the stack creates; with 0 they do not
    expire."""

    # Settling and finding what is stuck
    grace_hours: int = setting.count(24, "hours", least=1, most=720)
    """How long a job waits for its manifest before it counts as partial."""
    stuck_check_minutes: int = setting.count(60, "minutes", least=5, most=1440)
    """How often FindStuckJobs searches for jobs that no event will move on."""
    stuck_lookback_days: int = setting.count(7, "days", least=1, most=30)
    """How far back that search looks."""

    # Submitting rejects again
    bedrock_job_role_arn: str = setting.text(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$",
        form="the ARN of an IAM role, or empty: then each resubmission names one",
    )
    """Service role of the batch jobs that answer rejects again. The stack may pass it to Bedrock
    only with `autoResubmitRecords`."""
    bedrock_input_prefix: str = setting.text(
        "batch-input/", pattern=r"^([A-Za-z0-9_.-]+/)+$", form="folders, each with its slash"
    )
    """Where the records of such a batch job are put, in the image bucket; not under
    `batch-output/`."""
    bedrock_minimum_records: int = setting.count(100, "records", least=1, most=50_000)
    """Least number of records that Bedrock takes in a batch job of the model."""
    auto_resubmit_records: int = setting.count(0, "records", least=0, most=5000)
    """Rejects of a settled job that are submitted again without being asked for: at most this many,
    and once a job. With 0, none are."""

    # Alarms
    alarm_email: str = setting.text(
        pattern=r"^[^@\s]+@[^@\s]+$", form="an e-mail address, or empty for none"
    )
    """Address that is subscribed to the alarms; its owner must confirm the subscription once."""
    runbook_url: str = setting.text(
        "docs/runbook",
        pattern=r"^[^\s]{1,200}$",
        form="a URL or a path without blanks, of at most 200 characters",
    )
    """Where the runbook's pages are; alarms link to them."""
    reject_percent_alarm: int = setting.count(5, "percent", least=0, most=100)
    """Share of rejects of an execution over which the alarm `rejects` rings."""
    execution_minutes_alarm: int = setting.count(120, "minutes", least=1, most=1440)
    """Duration of an execution over which an alarm rings."""

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
    def _settings_fit_each_other(self) -> Self:
        if self.customer_managed_key and self.customer_managed_key_arn:
            raise ValueError(
                "customerManagedKey and customerManagedKeyArn are both given: the stack makes a key"
                " of its own, or uses that one."
            )
        for resource in _IMPORTABLE:
            name, key = f"{resource}_name", f"{resource}_key_arn" + "s" * (resource == "bucket")
            if getattr(self, key) and not getattr(self, name):
                message = f"{to_camel(key)} is given without {to_camel(name)}, to which it belongs."
                raise ValueError(message)
        if self.write_units_per_second < self.load_concurrency:
            # With less, a worker's time may end before one group of its records is written.
            message = (
                f"writeUnitsPerSecond is {self.write_units_per_second}: it must be at least"
                f" loadConcurrency ({self.load_concurrency}), one for each worker."
            )
            raise ValueError(message)
        if self.auto_resubmit_records and not self.bedrock_job_role_arn:
            raise ValueError("autoResubmitRecords is given without bedrockJobRoleArn.")
        if self.worker_concurrency == 1:
            raise ValueError(
                "workerConcurrency is 1: it must be 0, or at least 2, one for each function."
            )
        if self.bedrock_input_prefix.startswith("batch-output/"):
            message = (
                f'bedrockInputPrefix is "{self.bedrock_input_prefix}": it must not be under'
                " batch-output/, where it would be taken for results."
            )
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
            SettingsError: a value is out of its bounds, or a name is unknown.
        """
        ours = {key: value for key, value in context.items() if not set(key) & set(":/@")}
        try:
            return cls.model_validate(ours, by_name=False, by_alias=True)
        except ValidationError as error:
            sentences = [_sentence(detail) for detail in error.errors()]
            raise SettingsError("\n".join(dict.fromkeys(sentences))) from None

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """Every setting by its name in `cdk.json`."""
        return {str(field.alias): field for field in cls.model_fields.values()}

    @classmethod
    def defaults(cls) -> dict[str, object]:
        """Every setting's default, as `cdk.json` is delivered."""
        return cls().model_dump(by_alias=True)


def _sentence(detail: ErrorDetails) -> str:
    """Say of one error which setting it is, its value, and what is allowed."""
    if not detail["loc"]:
        return detail["msg"].removeprefix("Value error, ")
    name, known = str(detail["loc"][0]), Settings.fields()
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}."
        return f"{name} is not a setting: {hint}"
    value = json.dumps(detail["input"], default=str)
    return f"{name} is {value}: it must be {setting.allowed(known[name])}."

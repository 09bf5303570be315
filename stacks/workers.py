"""The Lambda functions, each with its settings and exactly the grants that it uses."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.domain.events import METRICS_NAMESPACE
from functions.domain.jobs import JOB_ID_INDEX
from functions.domain.object_keys import (
    DEAD_LETTERS_PREFIX,
    MANIFEST_NAME,
    PROCESSED_PREFIX,
    RESULTS_PREFIX,
    UPLOADS_PREFIX,
    WORK_PREFIX,
)
from functions.domain.status_events import SOURCE
from stacks import names
from stacks.definition import Definition
from stacks.notifications import Notifications
from stacks.packaging.package import package
from stacks.settings import Settings
from stacks.storage import Storage
from stacks.worker import Worker

_BATCH_OUTPUT_OBJECTS = f"{RESULTS_PREFIX}*"
_MANIFESTS = f"{RESULTS_PREFIX}*/{MANIFEST_NAME}"


class Workers(Construct):
    """All functions of the system, each with its settings and its grants."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Definition,
        key: kms.IKey | None,
        notifications: Notifications,
        outcome_dead_letters: sqs.IQueue,
        settings: Settings,
        storage: Storage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._package = package(self)
        self._key = key
        self._settings = settings
        self._storage = storage
        self.all: list[Worker] = []

        self.resolve_job = self._resolve_job()
        self.plan_ranges = self._plan_ranges()
        self.load_segment = self._load_segment()
        self.verify_load = self._verify_load()
        self.migrate_images = self._migrate_images()
        self.verify_migration = self._verify_migration()
        self.settle_job = self._settle_job()
        self.record_outcome = self._record_outcome(
            dead_letters=outcome_dead_letters, definition=definition, notifications=notifications
        )
        self.find_stuck_jobs = self._find_stuck_jobs()
        if settings.worker_concurrency:
            self._share_out(settings.worker_concurrency)
        #: Functions that no execution calls: only their alarms show that they fail.
        self.called_by_events = [self.record_outcome, self.find_stuck_jobs]
        #: None unless the settings ask for it.
        self.resubmit_rejects = self._resubmit_rejects() if settings.auto_resubmit_records else None
        if self.resubmit_rejects is not None:
            self.called_by_events.append(self.resubmit_rejects)

    def _resolve_job(self) -> Worker:
        storage = self._storage
        worker = self._worker(
            "ResolveJob", "Finds the job of an object that arrived, and looks at the object."
        )
        worker.grants.index(storage.batch_jobs, JOB_ID_INDEX)
        self._may_read_results(worker)
        return worker

    def _plan_ranges(self) -> Worker:
        storage = self._storage
        worker = self._worker(
            "PlanRanges",
            "Cuts a results object into ranges and marks its job as being ingested.",
            {**self._range_settings(), "GRACE_HOURS": self._settings.grace_hours},
        )
        worker.grants.items(storage.ledger, "GetItem", "Query", "UpdateItem")
        worker.grants.objects(storage.bucket, f"{WORK_PREFIX}*", "PutObject")
        worker.grants.items(storage.batch_jobs, "GetItem", "UpdateItem")
        # The manifest is under the same prefix.
        self._may_read_results(worker)
        return worker

    def _load_segment(self) -> Worker:
        storage, settings = self._storage, self._settings
        worker = self._worker(
            "LoadSegment",
            "Turns the records of a range into transactions.",
            {
                "ACCOUNT_RETENTION_DAYS": settings.account_retention_days,
                "GUEST_RETENTION_DAYS": settings.guest_retention_days,
                "LEDGER_RETENTION_DAYS": settings.ledger_retention_days,
                "LINE_BYTES_LIMIT": settings.line_bytes_limit,
                "PADDING_PREFIX": settings.padding_prefix,
                "TRANSACTIONS_TABLE": storage.transactions.table_name,
            },
        )
        worker.grants.items(storage.batch_jobs, "GetItem")
        worker.grants.items(storage.ledger, "DeleteItem", "GetItem", "PutItem", "Query")
        worker.grants.items(
            storage.transactions, "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate"
        )
        worker.grants.objects(storage.bucket, f"{DEAD_LETTERS_PREFIX}*", "PutObject")
        worker.grants.objects(storage.bucket, f"{WORK_PREFIX}*", "PutObject")
        self._may_read_results(worker)
        return worker

    def _verify_load(self) -> Worker:
        storage, settings = self._storage, self._settings
        worker = self._worker(
            "VerifyLoad",
            "Proves by the ledger that every byte was loaded, or plans what is missing.",
            {
                **self._range_settings(),
                "IMAGES_PER_CHUNK": settings.images_per_chunk,
                "MIGRATE_CONCURRENCY": settings.migrate_concurrency,
                "REJECT_PERCENT_LIMIT": settings.reject_percent_limit,
            },
        )
        worker.grants.items(storage.ledger, "GetItem", "Query", "UpdateItem")
        worker.grants.objects(storage.bucket, f"{WORK_PREFIX}*", "PutObject")
        return worker

    def _migrate_images(self) -> Worker:
        storage, settings = self._storage, self._settings
        bucket = storage.bucket
        worker = self._worker(
            "MigrateImages",
            "Moves the images of loaded transactions out of the upload area.",
            {
                "BUCKET_KEY_ARNS": ",".join(key.key_arn for key in storage.bucket_keys),
                "IMAGE_KMS_KEY_ARN": settings.image_kms_key_arn,
                "IMAGE_STORAGE_CLASS": settings.image_storage_class,
                "LEDGER_RETENTION_DAYS": settings.ledger_retention_days,
                "PENDING_IMAGES_TABLE": storage.pending_images.table_name,
                "TRANSACTIONS_TABLE": storage.transactions.table_name,
                "WRITE_UNITS_PER_SECOND": settings.write_units_per_second,
            },
        )
        worker.grants.items(storage.batch_jobs, "GetItem")
        worker.grants.items(storage.ledger, "DeleteItem", "GetItem", "PutItem", "Query")
        worker.grants.items(storage.pending_images, "BatchGetItem", "PartiQLUpdate")
        worker.grants.items(storage.transactions, "BatchGetItem", "PartiQLUpdate")
        worker.grants.objects(bucket, f"{WORK_PREFIX}*", "GetObject")
        worker.grants.objects(
            bucket,
            f"{UPLOADS_PREFIX}*",
            "DeleteObject",
            "GetObject",
            "GetObjectAnnotation",
            "GetObjectTagging",
        )
        worker.grants.objects(
            bucket,
            f"{PROCESSED_PREFIX}*",
            "GetObject",
            "PutObject",
            "PutObjectAnnotation",
            "PutObjectTagging",
        )
        worker.grants.listing(
            bucket, f"{PROCESSED_PREFIX}*", f"{UPLOADS_PREFIX}*", f"{WORK_PREFIX}*"
        )
        if settings.image_kms_key_arn:
            image_key = kms.Key.from_key_arn(self, "ImageKey", settings.image_kms_key_arn)
            worker.grants.key(image_key, service="s3", reads=True, writes=True)
        return worker

    def _verify_migration(self) -> Worker:
        storage = self._storage
        worker = self._worker(
            "VerifyMigration",
            "Proves by the ledger that every image was dealt with, or plans what is missing.",
            {"MIGRATE_CONCURRENCY": self._settings.migrate_concurrency},
        )
        worker.grants.items(storage.ledger, "GetItem", "Query")
        worker.grants.objects(storage.bucket, f"{WORK_PREFIX}*", "GetObject", "PutObject")
        # A list that is gone must not look like a missing permission.
        worker.grants.listing(storage.bucket, f"{WORK_PREFIX}*")
        return worker

    def _settle_job(self) -> Worker:
        worker = self._worker(
            "SettleJob",
            "Closes a claim and recomputes its job's record.",
            {"GRACE_HOURS": self._settings.grace_hours},
        )
        self._may_settle(worker)
        self._may_ask_bedrock(worker)
        return worker

    def _record_outcome(
        self, *, dead_letters: sqs.IQueue, definition: Definition, notifications: Notifications
    ) -> Worker:
        worker = self._worker(
            "RecordOutcome",
            "Marks the job of a failed execution and reports what to do.",
            {
                "ALARM_TOPIC_ARN": notifications.topic.topic_arn,
                "GRACE_HOURS": self._settings.grace_hours,
                "REJECT_PERCENT_ALARM": self._settings.reject_percent_alarm,
            },
            dead_letter_queue=dead_letters,
        )
        self._may_settle(worker)
        executions = names.executions_arn(self)
        children = [names.executions_arn(self, label=label) for label in definition.map_labels]
        map_runs = [names.map_runs_arn(self, label=label) for label in definition.map_labels]
        worker.grants.allow("states:DescribeExecution", on=[executions, *children])
        worker.grants.allow("states:GetExecutionHistory", "states:ListMapRuns", on=[executions])
        # Listing the children of a map run is an action on the run, not on the machine.
        worker.grants.allow("states:DescribeMapRun", "states:ListExecutions", on=map_runs)
        worker.grants.allow("sns:Publish", on=[notifications.topic.topic_arn])
        worker.grants.key(notifications.key, service="sns", reads=True, writes=True)
        if self._key:
            # What it reads of executions, and what Lambda puts into its queue, is encrypted.
            worker.grants.key(self._key, service="states", reads=True, writes=False)
            worker.grants.key(self._key, service="sqs", reads=True, writes=True)
        return worker

    def _find_stuck_jobs(self) -> Worker:
        storage, settings = self._storage, self._settings
        worker = self._worker(
            "FindStuckJobs",
            "Finds jobs that no event will move on: a lost event leaves no other trace.",
            {
                "GRACE_HOURS": settings.grace_hours,
                "LEDGER_RETENTION_DAYS": settings.ledger_retention_days,
                "STUCK_LOOKBACK_DAYS": settings.stuck_lookback_days,
            },
        )
        self._may_settle(worker)
        worker.grants.items(storage.batch_jobs, "Scan")
        self._may_ask_bedrock(worker)
        return worker

    def _resubmit_rejects(self) -> Worker:
        storage, settings = self._storage, self._settings
        worker = self._worker(
            "ResubmitRejects",
            "Submits the rejects of a settled job to Bedrock again, once.",
            {
                "INPUT_PREFIX": settings.bedrock_input_prefix,
                "JOB_ROLE_ARN": settings.bedrock_job_role_arn,
                "MINIMUM_RECORDS": settings.bedrock_minimum_records,
                "PADDING_PREFIX": settings.padding_prefix,
                "RESUBMIT_RECORDS": settings.auto_resubmit_records,
            },
        )
        grants = worker.grants
        grants.index(storage.batch_jobs, JOB_ID_INDEX)
        grants.items(storage.batch_jobs, "PutItem", "Query")
        grants.items(storage.ledger, "Query")
        grants.objects(storage.bucket, f"{settings.bedrock_input_prefix}*", "PutObject")
        self._may_read_results(worker)
        self._may_count_by_image(worker)
        self._may_ask_bedrock(worker)
        jobs, models = names.batch_jobs_arn(self), names.batch_models_arns(self)
        grants.allow("bedrock:CreateModelInvocationJob", on=[jobs, *models])
        # It acts on no resource that a policy could name.
        grants.allow("bedrock:ListModelInvocationJobs", on=["*"])
        grants.allow(
            "iam:PassRole",
            on=[settings.bedrock_job_role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        )
        return worker

    def _worker(
        self,
        name: str,
        description: str,
        environment: Mapping[str, object] | None = None,
        *,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> Worker:
        stack_name = Stack.of(self).stack_name
        worker = Worker(
            self,
            name,
            dead_letter_queue=dead_letter_queue,
            description=description,
            environment={
                "BATCH_JOBS_TABLE": self._storage.batch_jobs.table_name,
                "BUCKET_NAME": self._storage.bucket.bucket_name,
                "LEDGER_TABLE": self._storage.ledger.table_name,
                "POWERTOOLS_LOG_LEVEL": self._settings.log_level,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_SERVICE_NAME": stack_name,
                "STACK_NAME": stack_name,
                **{key: str(value) for key, value in (environment or {}).items()},
            },
            key=self._key,
            package=self._package,
            settings=self._settings,
        )
        worker.grants.bucket_keys = self._storage.bucket_keys
        self.all.append(worker)
        return worker

    def _share_out(self, concurrency: int) -> None:
        """Reserve a part for loading and one for moving images: both together are no more.

        Lambda has no limit that functions share (docs/adr/0012-plan-and-write-budget.md).
        """
        loading, moving = self._settings.load_concurrency, self._settings.migrate_concurrency
        load = 1 + (concurrency - 2) * loading // (loading + moving)
        self.load_segment.reserve(load)
        self.migrate_images.reserve(concurrency - load)

    def _range_settings(self) -> dict[str, object]:
        settings = self._settings
        return {
            "FUNCTION_MEMORY_MEGABYTES": settings.function_memory_megabytes,
            "LOAD_CONCURRENCY": settings.load_concurrency,
            "MAX_RANGES": settings.max_ranges,
            "RANGE_BYTES": settings.range_bytes,
            "WRITE_UNITS_PER_SECOND": settings.write_units_per_second,
        }

    def _may_read_results(self, worker: Worker) -> None:
        """Read results objects, the version that an event names included."""
        bucket = self._storage.bucket
        worker.grants.objects(bucket, _BATCH_OUTPUT_OBJECTS, "GetObject", "GetObjectVersion")
        worker.grants.listing(bucket, _BATCH_OUTPUT_OBJECTS)

    def _may_settle(self, worker: Worker) -> None:
        """Mark claims, recompute their job's record from its manifest, and announce the change."""
        storage = self._storage
        worker.grants.index(storage.batch_jobs, JOB_ID_INDEX)
        worker.grants.items(storage.ledger, "GetItem", "Query", "UpdateItem")
        worker.grants.items(storage.batch_jobs, "GetItem", "UpdateItem")
        worker.grants.objects(storage.bucket, _MANIFESTS, "GetObject")
        worker.grants.listing(storage.bucket, _BATCH_OUTPUT_OBJECTS)
        # Events of this system to the default bus, and no others.
        bus = Stack.of(self).format_arn(
            service="events", resource="event-bus", resource_name="default"
        )
        worker.grants.allow(
            "events:PutEvents", on=[bus], conditions={"StringEquals": {"events:source": SOURCE}}
        )
        self._may_count_by_image(worker)

    def _may_count_by_image(self, worker: Worker) -> None:
        """Read which images the claims of a job answered, where there are several."""
        bucket = self._storage.bucket
        for prefix in (DEAD_LETTERS_PREFIX, WORK_PREFIX):
            worker.grants.objects(bucket, f"{prefix}*", "GetObject")
        worker.grants.listing(bucket, f"{DEAD_LETTERS_PREFIX}*", f"{WORK_PREFIX}*")

    def _may_ask_bedrock(self, worker: Worker) -> None:
        """Look at any batch inference job of the account: their ids are not known beforehand."""
        worker.grants.allow("bedrock:GetModelInvocationJob", on=[names.batch_jobs_arn(self)])

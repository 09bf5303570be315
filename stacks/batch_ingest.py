"""The whole product as a construct, composed of its parts."""

from aws_cdk import CfnOutput, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.accepted_findings import accept_findings
from stacks.definition import Definition
from stacks.encryption import encryption_key
from stacks.notifications import Notifications
from stacks.observability.observability import Observability
from stacks.outcomes import Outcomes
from stacks.queues_and_logs import dead_letter_queue
from stacks.settings import Settings
from stacks.storage import Storage
from stacks.workers import Workers
from stacks.workflow import Workflow


class BatchIngest(Construct):
    """Everything that turns Bedrock's batch results into transactions.

    Any stack can have it, once: resources are named like the stack, and the stack's
    outputs, by which `ingest` finds them, have fixed names.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings | None = None
    ) -> None:
        """Make all resources.

        Args:
            scope: A stack, or a construct of one.
            construct_id: Unique in the scope.
            settings: What the deployment chooses; `stack_name` and `production`'s termination
                protection are for the stack, and have no effect here. All defaults without it.
        """
        super().__init__(scope, construct_id)
        settings = settings or Settings()
        definition = Definition.read()
        key = encryption_key(self, "Encryption", settings=settings)
        storage = Storage(self, "Storage", settings=settings, key=key)
        notifications = Notifications(self, "Notifications")
        outcome_dead_letters = dead_letter_queue(self, "OutcomeDeadLetters", key=key)
        workers = Workers(
            self,
            "Workers",
            definition=definition,
            key=key,
            notifications=notifications,
            outcome_dead_letters=outcome_dead_letters,
            settings=settings,
            storage=storage,
        )
        workflow = Workflow(
            self,
            "Workflow",
            definition=definition,
            key=key,
            settings=settings,
            storage=storage,
            workers=workers,
        )
        outcomes = Outcomes(
            self, "Outcomes", dead_letters=outcome_dead_letters, settings=settings, workers=workers
        )
        Observability(
            self,
            "Observability",
            outcomes=outcomes,
            settings=settings,
            storage=storage,
            topic=notifications.topic,
            workers=workers,
            workflow=workflow,
        )
        self._secure(settings)
        accept_findings(
            definition=definition,
            settings=settings,
            storage=storage,
            workers=workers,
            workflow=workflow,
        )
        self._output(
            AlarmTopicArn=notifications.topic.topic_arn,
            BatchJobsTableName=storage.batch_jobs.table_name,
            BucketName=storage.bucket.bucket_name,
            LedgerTableName=storage.ledger.table_name,
            PendingImagesTableName=storage.pending_images.table_name,
            StateMachineArn=workflow.state_machine.state_machine_arn,
            TransactionsTableName=storage.transactions.table_name,
            TriggerDeadLetterQueueUrl=workflow.trigger_dead_letters.queue_url,
        )

    def _secure(self, settings: Settings) -> None:
        """Apply the permissions boundary and the tags to all resources."""
        if settings.permissions_boundary_arn:
            boundary = iam.ManagedPolicy.from_managed_policy_arn(
                self, "PermissionsBoundary", settings.permissions_boundary_arn
            )
            iam.PermissionsBoundary.of(self).apply(boundary)
        for name, value in settings.tags.items():
            Tags.of(self).add(name, value)

    def _output(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value).override_logical_id(name)

"""The state machine with its role, and what starts it."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from functions.domain.bedrock_event import JOB_STATE_CHANGE
from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.object_keys import MANIFEST_NAME, RESULTS_PREFIX, WORK_PREFIX
from stacks import names
from stacks.definition import Definition
from stacks.grants import Grants
from stacks.queues_and_logs import dead_letter_queue, log_group
from stacks.rules import rule, to_state_machine
from stacks.settings import Settings
from stacks.storage import Storage
from stacks.workers import Workers

#: Keys that start an execution: results objects in both layouts, and the manifest. A `*` crosses
#: `/`, and ResolveJob decides what a key is. One `*` a pattern: EventBridge refuses a rule whose
#: wildcards are too complex together (tests/infrastructure/test_trigger.py computes it).
TRIGGER_KEYS = (
    f"{RESULTS_PREFIX}*.jsonl.out",
    f"{RESULTS_PREFIX}*.jsonl",
    f"{RESULTS_PREFIX}*/{MANIFEST_NAME}",
)

#: Name of the trigger's rule, after the stack's name.
TRIGGER = "results"

#: Name of the rule for jobs that ended at Bedrock.
ENDED_JOBS = "ended-jobs"

#: Step Functions' default for the reuse of a data key of a customer-managed key.
_DATA_KEY_REUSE_SECONDS = 300


class Workflow(Construct):
    """One state machine that takes a results object from its arrival to a settled job."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Definition,
        key: kms.IKey | None,
        settings: Settings,
        storage: Storage,
        workers: Workers,
    ) -> None:
        super().__init__(scope, construct_id)
        self.definition = definition
        self._storage = storage
        #: ARNs of the functions that the definition calls, by their placeholders in it.
        self._functions = {
            f"{worker.node.id}Arn": worker.function.function_arn
            for worker in workers.all
            if f"${{{worker.node.id}Arn}}" in definition.text
        }
        self.role = self._role(definition, key)
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=names.state_machine_name(self),
            comment="Turns Bedrock batch-inference results into transactions",
            # As text: CDK then leaves the definition alone, and linters and tests find it in the
            # template. It also leaves out the grants of distributed maps, which `_role` makes.
            definition_body=sfn.DefinitionBody.from_string(definition.text),
            definition_substitutions=self._substitutions(),
            logs=sfn.LogOptions(
                destination=log_group(
                    self,
                    "Logs",
                    # With this prefix, log delivery needs no statement for each group in the
                    # account's log resource policy, whose length is limited.
                    name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}",
                    settings=settings,
                    key=key,
                ),
                include_execution_data=False,
                level=sfn.LogLevel.ALL,
            ),
            role=self.role,
            state_machine_type=sfn.StateMachineType.STANDARD,
            tracing_enabled=True,
        )
        if key:
            self._encrypt(key)
        self.trigger_dead_letters = dead_letter_queue(self, "TriggerDeadLetters", key=key)
        start = to_state_machine(
            self.state_machine,
            dead_letter_queue=self.trigger_dead_letters,
            role=self._trigger_role(),
        )
        self.trigger = rule(
            self,
            "Trigger",
            name=TRIGGER,
            description="Starts an execution when results of a batch job, or its manifest, arrive",
            source="aws.s3",
            detail_type="Object Created",
            detail={
                "bucket": {"name": [storage.bucket.bucket_name]},
                "object": {"key": [{"wildcard": pattern} for pattern in TRIGGER_KEYS]},
            },
            target=start,
        )
        self.ended_jobs = rule(
            self,
            "EndedJobs",
            name=ENDED_JOBS,
            description="Starts an execution when a batch job ends at Bedrock",
            source="aws.bedrock",
            detail_type=JOB_STATE_CHANGE,
            detail={"status": [status.value for status in BedrockStatus]},
            target=start,
        )

    def _substitutions(self) -> dict[str, str]:
        return {
            **self._functions,
            "LedgerTableName": self._storage.ledger.table_name,
            # A resource of another partition fails every execution.
            "Partition": Stack.of(self).partition,
        }

    def _role(self, definition: Definition, key: kms.IKey | None) -> iam.Role:
        """Allow everything that the definition does, and nothing else.

        https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html and
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html say what a
        distributed map and its redrive need.
        """
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com").with_conditions(
                {
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    # The machine itself and, with a label after it, its maps' children.
                    "ArnLike": {"aws:SourceArn": f"{names.state_machine_arn(self)}*"},
                }
            ),
            description=f"{stack.stack_name}: the state machine",
        )
        grants = Grants(role)
        grants.bucket_keys = self._storage.bucket_keys
        grants.allow("lambda:InvokeFunction", on=[*self._functions.values()])
        # The claim is made and read without a function.
        grants.items(self._storage.ledger, "GetItem", "UpdateItem")
        # Maps read their items from work/ and write their results there, in parts.
        grants.objects(
            self._storage.bucket,
            f"{WORK_PREFIX}*",
            "AbortMultipartUpload",
            "GetObject",
            "ListMultipartUploadParts",
            "PutObject",
        )
        grants.allow("states:StartExecution", on=[names.state_machine_arn(self)])
        grants.allow(
            "states:DescribeExecution", "states:StopExecution", on=[names.executions_arn(self)]
        )
        grants.allow(
            "states:RedriveExecution",
            on=[names.executions_arn(self, label=label) for label in definition.map_labels],
        )
        if key:
            self._may_use_key(grants, key, definition)
        return role

    def _encrypt(self, key: kms.IKey) -> None:
        """Encrypt definition and executions.

        Not by the construct's own property, which opens the key to more actions than are needed.
        """
        resource = self.state_machine.node.default_child
        assert isinstance(resource, sfn.CfnStateMachine)  # noqa: S101 - tells the type checker
        resource.encryption_configuration = sfn.CfnStateMachine.EncryptionConfigurationProperty(
            kms_key_id=key.key_arn,
            kms_data_key_reuse_period_seconds=_DATA_KEY_REUSE_SECONDS,
            type="CUSTOMER_MANAGED_KMS_KEY",
        )

    def _may_use_key(self, grants: Grants, key: kms.IKey, definition: Definition) -> None:
        """Allow executions to encrypt themselves and what they log.

        https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html, which does not
        say under which of both names the children of a map encrypt.
        """
        machine, stack = names.state_machine_arn(self), Stack.of(self)
        machines = [machine, *(f"{machine}/{label}" for label in definition.map_labels)]
        grants.allow(
            "kms:Decrypt",
            "kms:GenerateDataKey",
            on=[key.key_arn],
            conditions={
                "StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": machines}
            },
        )
        logs = stack.format_arn(service="logs", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
        grants.allow(
            "kms:GenerateDataKey",
            on=[key.key_arn],
            conditions={"StringEquals": {"kms:EncryptionContext:SourceArn": logs}},
        )

    def _trigger_role(self) -> iam.Role:
        """The role of both rules that start executions."""
        stack = Stack.of(self)
        return iam.Role(
            self,
            "TriggerRole",
            # Only these rules may use it:
            # https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
            assumed_by=iam.ServicePrincipal("events.amazonaws.com").with_conditions(
                {
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnEquals": {
                        "aws:SourceArn": [
                            names.rule_arn(self, rule) for rule in (TRIGGER, ENDED_JOBS)
                        ]
                    },
                }
            ),
            description=f"{stack.stack_name}: starts executions",
        )

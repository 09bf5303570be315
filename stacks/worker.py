"""A Lambda function with its role, log group and grants."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.grants import Grants
from stacks.packaging.package import Package
from stacks.queues_and_logs import log_group
from stacks.settings import Settings


class Worker(Construct):
    """One function with a role and a log group of its own, and no permission but to log."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        environment: Mapping[str, str],
        key: kms.IKey | None,
        package: Package,
        settings: Settings,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role, self.log_group, self.grants = role_and_logs(
            self, description=description, key=key, settings=settings
        )
        self.function = lambda_.Function(
            self,
            "Function",
            architecture=package.architecture,
            code=package.code,
            dead_letter_queue=dead_letter_queue,
            description=description,
            environment=dict(sorted(environment.items())),
            environment_encryption=key,
            handler=f"functions.{_snake_case(construct_id)}.handler.handler",
            layers=[package.dependencies],
            log_group=self.log_group,
            memory_size=settings.function_memory_megabytes,
            role=self.role,
            runtime=package.runtime,
            timeout=Duration.seconds(settings.function_timeout_seconds),
            tracing=lambda_.Tracing.ACTIVE,
        )

    def reserve(self, concurrency: int) -> None:
        """Keep so many concurrent calls for it, and allow no more."""
        resource = self.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - tells the type checker
        resource.reserved_concurrent_executions = concurrency


def role_and_logs(
    function: Construct, *, description: str, key: kms.IKey | None, settings: Settings
) -> tuple[iam.Role, logs.LogGroup, Grants]:
    """Make the role and the log group of a function, and allow nothing but to log.

    Not AWSLambdaBasicExecutionRole, which lets a function write every log of the account.
    """
    stack_name = Stack.of(function).stack_name
    group = log_group(
        function,
        "Logs",
        name=f"/aws/lambda/{stack_name}-{function.node.id}",
        settings=settings,
        key=key,
    )
    role = iam.Role(
        function,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"{stack_name}: {description}",
    )
    grants = Grants(role)
    grants.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
    return role, group, grants


def _snake_case(name: str) -> str:
    """`LoadSegment` is the function, `load_segment` its package."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]

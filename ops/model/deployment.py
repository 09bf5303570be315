"""A deployed stack: its place, its parts, and clients for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.aws.batch_jobs import BatchJobs
from functions.aws.job_folders import JobFolders
from functions.aws.ledger import Ledger
from functions.domain.hints import filled_in
from functions.domain.object_keys import parse_key
from functions.domain.plain_text import argument, visible
from functions.domain.service_failures import PUT_BACK
from local import server
from ops.errors import NothingFound
from ops.model.program import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

DEFAULT_STACK = "BatchIngest"
_OUTPUTS = (
    "AlarmTopicArn",
    "BatchJobsTableName",
    "BucketName",
    "LedgerTableName",
    "PendingImagesTableName",
    "StateMachineArn",
    "TransactionsTableName",
    "TriggerDeadLetterQueueUrl",
)
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5})
SOON = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 1})
"""For what a command can do without."""


@dataclass
class Deployment:
    """A stack and its parts, by the outputs that it has on AWS and on the embedded AWS alike.

    Attributes:
        place: Where it is, for people.
        embedded: The embedded AWS that it is on, None for AWS.
    """

    stack: str
    place: str
    region: str
    outputs: Mapping[str, str]
    make_client: Callable[[str], Any]
    embedded: server.Server | None = None
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def bucket(self) -> str:
        """The image bucket."""
        return self.outputs["BucketName"]

    @property
    def state_machine(self) -> str:
        """Its ARN."""
        return self.outputs["StateMachineArn"]

    @property
    def jobs(self) -> BatchJobs:
        """The application's jobs."""
        return BatchJobs(self.dynamodb, self.outputs["BatchJobsTableName"])

    @property
    def ledger(self) -> Ledger:
        """Claims, segments and chunks."""
        return Ledger(self.dynamodb, self.outputs["LedgerTableName"])

    @property
    def dynamodb(self) -> DynamoDBClient:
        """Amazon DynamoDB."""
        return cast("DynamoDBClient", self._client("dynamodb"))

    @property
    def s3(self) -> S3Client:
        """Amazon S3."""
        return cast("S3Client", self._client("s3"))

    @property
    def step_functions(self) -> SFNClient:
        """AWS Step Functions."""
        return cast("SFNClient", self._client("stepfunctions"))

    @property
    def functions(self) -> LambdaClient:
        """AWS Lambda."""
        return cast("LambdaClient", self._client("lambda"))

    @property
    def bedrock(self) -> BedrockClient:
        """Amazon Bedrock's control plane."""
        return cast("BedrockClient", self._client("bedrock"))

    @property
    def cloudwatch(self) -> CloudWatchClient:
        """Amazon CloudWatch."""
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def sqs(self) -> SQSClient:
        """Amazon SQS."""
        return cast("SQSClient", self._client("sqs"))

    def job_of(self, key: str) -> str:
        """The id of the job that a key belongs to; empty for a key of no job on record."""
        parsed = parse_key(key)
        return (JobFolders(self.jobs, self.ledger).job_id(parsed) if parsed else None) or ""

    def objects(self, prefix: str) -> Iterator[ObjectTypeDef]:
        """The objects under a prefix, as S3 lists them."""
        pages = self.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            yield from page.get("Contents", [])

    def make_clients(self) -> None:
        """Make the clients now, where several threads will use them.

        https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html: clients are safe
        in threads, making them from one session is not.
        """
        for service in ("cloudwatch", "dynamodb", "s3", "sqs", "stepfunctions"):
            self._client(service)

    def command(self, words: str, *arguments: str) -> str:
        """A command for people to type next, with the options by which it finds this stack.

        Arguments come from outside: they are quoted, and harmless to show.
        """
        return " ".join((program(), words, *map(argument, arguments))) + self._options()

    def no_such_job(self, job_id: str) -> NothingFound:
        """The error that a job is not on record."""
        lists = f"`{self.command('jobs')}` lists the jobs."
        return NothingFound(f"On {self.place} there is no job {visible(job_id)}. {lists}")

    def replay(self, job_id: str, key: str) -> str:
        """The command that replays a results object; all of a job's where no key is known."""
        return self.command("replay", job_id or "JOB", *(("--object", key) if key else ()))

    def local_command(self, words: str) -> str:
        """A command about the embedded AWS itself, such as `local down`."""
        data = self.embedded.data if self.embedded else server.DEFAULT_DATA
        folder = "" if data == server.DEFAULT_DATA else f" --data {argument(str(data))}"
        return f"{program()} {words}{folder}"

    def filled_in(self, text: str, *, job_id: str, key: str) -> str:
        """A text about a job with commands that work here as pasted."""

        def command(words: str) -> str:
            if words == "replay":
                return self.replay(job_id, key)
            return self.command(words, job_id or "JOB")

        put_back = self.local_command("local up --revert-drift") if self.embedded else PUT_BACK
        return filled_in(text, command=command, put_back=put_back)

    def _options(self) -> str:
        name = "" if self.stack == DEFAULT_STACK else f" --stack {argument(self.stack)}"
        if self.embedded is None:
            # The embedded AWS of the default folder comes first, where nothing else is said.
            hidden = server.find(server.DEFAULT_DATA) is not None
            return name or (f" --stack {DEFAULT_STACK}" if hidden else "")
        if self.embedded.data != server.DEFAULT_DATA:
            return f" --data {argument(str(self.embedded.data))}{name}"
        return f" --local{name}" if name else ""

    def execution_arn(self, name: str) -> str:
        """The ARN of an execution of the stack's state machine."""
        return f"{self.state_machine.replace(':stateMachine:', ':execution:')}:{name}"

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.make_client(service)
        return self._clients[service]


def find(
    *,
    local: bool = False,
    data: Path | None = None,
    stack: str | None = None,
    config: Config = _CONFIG,
) -> Deployment:
    """Find the stack that a command is about.

    Args:
        local: Whether the embedded AWS was asked for.
        data: Its folder; asks for it too.
        stack: The stack's name; asks for AWS unless the embedded one was asked for.
        config: Of the clients of AWS.

    Asked for neither, an embedded AWS that runs on the default folder is taken, else AWS.

    Raises:
        NothingFound: if there is no such stack, or no embedded AWS runs.
    """
    name = stack or DEFAULT_STACK
    folder = data or server.DEFAULT_DATA
    if local or data is not None:
        return on_embedded(running_on(folder), stack=name)
    running = server.find(folder)
    if running is not None and stack is None:
        return on_embedded(running, stack=name)
    return on_aws(name, also_running=running, config=config)


def running_on(folder: Path) -> server.Server:
    """The embedded AWS that runs on a folder, or NothingFound."""
    running = server.find(folder)
    if running is None:
        there = "" if folder == server.DEFAULT_DATA else f" --data {argument(str(folder))}"
        raise NothingFound(
            f"No embedded AWS runs on {folder}. `ingest local up{there}` starts one there."
        )
    return running


def on_embedded(running: server.Server, *, stack: str = DEFAULT_STACK) -> Deployment:
    """The stack on an embedded AWS, or NothingFound."""
    endpoint = running.endpoint
    outputs = _outputs(endpoint.client("cloudformation"), stack)
    if outputs is None:
        deploys = f"`ingest local up --data {argument(str(running.data))}` deploys"
        raise NothingFound(
            f"The embedded AWS at {endpoint.url} has no stack {argument(stack)}. "
            + (f"{deploys} it." if stack == DEFAULT_STACK else f"{deploys} {DEFAULT_STACK} alone.")
        )
    place = f"the embedded AWS at {endpoint.url}"
    return Deployment(stack, place, endpoint.region, outputs, endpoint.client, running)


def on_aws(
    stack: str, *, also_running: server.Server | None = None, config: Config = _CONFIG
) -> Deployment:
    """The stack on AWS, by the credentials and Region that boto3 finds.

    `also_running` is an embedded AWS that the stack's name ruled out.

    Raises:
        NothingFound: if it is not there, or no Region or credentials are set.
    """
    session = boto3.Session()
    if session.region_name is None or session.get_credentials() is None:
        raise NothingFound(_without_credentials(stack, also_running))

    def client(service: str) -> Any:
        return session.client(service, config=config)  # type: ignore[call-overload]

    outputs = _outputs(client("cloudformation"), stack)
    if outputs is None:
        raise NothingFound(
            f"There is no stack {stack} in {session.region_name}. Name another with --stack, or "
            "choose the account and Region with AWS_PROFILE and AWS_DEFAULT_REGION."
        )
    account = outputs["StateMachineArn"].split(":")[4]
    place = f"AWS account {account}, {session.region_name}"
    return Deployment(stack, place, session.region_name, outputs, client)


def _without_credentials(stack: str, also_running: server.Server | None) -> str:
    if also_running is not None:
        return (
            f"--stack {stack} means AWS, but no AWS Region and credentials are set. For the "
            f"embedded AWS at {also_running.endpoint.url}, add --local."
        )
    return (
        f"No embedded AWS runs on {server.DEFAULT_DATA}, and no AWS Region and credentials are "
        "set. `ingest local up` starts an embedded AWS; for AWS, set AWS_PROFILE or "
        "AWS_DEFAULT_REGION with credentials."
    )


def _outputs(cloudformation: Any, stack: str) -> dict[str, str] | None:
    """The outputs of a stack; None without a stack, NothingFound if some are missing."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    if missing := [name for name in _OUTPUTS if name not in outputs]:
        raise NothingFound(
            f"The stack {argument(stack)} is {found.get('StackStatus', 'there')}, without the "
            f"output {missing[0]}: its deployment has not ended well, or it is another product's."
        )
    return outputs

"""Findings of cdk-nag that are accepted, each on one resource with its reason.

`make check` runs the AwsSolutions rules over every variant of the stack. It fails for a finding
that is not here, and for an entry here that nothing is found for any more.
https://github.com/cdklabs/cdk-nag/blob/main/RULES.md says what each rule looks for.
"""

from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from functions.domain.object_keys import (
    DEAD_LETTERS_PREFIX,
    MANIFEST_NAME,
    PROCESSED_PREFIX,
    RESULTS_PREFIX,
    UPLOADS_PREFIX,
    WORK_PREFIX,
)
from stacks import names
from stacks.definition import Definition
from stacks.settings import Settings
from stacks.storage import Storage
from stacks.workers import Workers
from stacks.workflow import Workflow

_TRACING = (
    "xray:PutTraceSegments and xray:PutTelemetryRecords act on no resource that a policy could name"
    " (Service Authorization Reference, AWS X-Ray)."
)
_TRACING_AND_LOG_DELIVERY = (
    "AWS X-Ray's actions and those by which Step Functions has its logs delivered act on no"
    " resource that a policy could name (Step Functions guide, 'Logging using CloudWatch Logs')."
)
#: For objects that do not exist when the role is made: only a prefix can name them.
_OBJECTS = {
    f"{RESULTS_PREFIX}*": (
        "Bedrock names its results by job. They are read, in the version that was announced, and"
        " never written."
    ),
    f"{RESULTS_PREFIX}*/{MANIFEST_NAME}": (
        "Bedrock writes one manifest for each job, under the job's id. It is read, and never"
        " written."
    ),
    f"{DEAD_LETTERS_PREFIX}*": (
        "Rejects are named by job and by results object. LoadSegment writes them and reads none;"
        " the functions that settle jobs read them; none of them deletes any."
    ),
    f"{PROCESSED_PREFIX}*": (
        "Copies are named like the uploads that they are made of. They are made over nothing, and"
        " compared with what is there; the function may delete none."
    ),
    f"{UPLOADS_PREFIX}*": (
        "Which uploads a job answers is data. The function deletes only what it has copied, by its"
        " content, and only where the upload's record names the job's user."
    ),
    f"{WORK_PREFIX}*": (
        "The system's own files, named by job and by results object: nothing of anybody else is"
        " kept there."
    ),
}
_EXECUTIONS = (
    "Executions and map runs get their names when they start: those of this state machine alone."
)
_BATCH_JOBS = (
    "Bedrock gives jobs their ids. How a job ended is read, and where its results are; nothing is"
    " changed."
)
_INPUT = "Input of batch jobs is named by job. It is written, and never read or deleted."
_NEW_JOBS = (
    "Bedrock gives a new job its id, and it invokes the model of the job whose rejects it answers."
    " Listing jobs acts on no resource that a policy could name."
)
_RUNTIME = (
    "AWS maintains Python 3.13 until 2029-06-30 (Lambda guide, 'Lambda runtimes'). The"
    " dependencies' locked wheels and byte code are made for it."
)
_ACCESS_LOGS = (
    "Server access logs come at best effort and need a second bucket. Where object access must be"
    " on record, AWS recommends CloudTrail's data events, which are the account's to switch on"
    " (S3 guide, 'Logging options for Amazon S3')."
)
_IS_A_DEAD_LETTER_QUEUE = (
    "It is a dead-letter queue: of the EventBridge rules that start executions, where the rule of"
    " cdk-nag does not look. Its messages raise an alarm and are kept for 14 days."
)


def accept_findings(
    *,
    definition: Definition,
    settings: Settings,
    storage: Storage,
    workers: Workers,
    workflow: Workflow,
) -> None:
    """Acknowledge the findings of cdk-nag that are right as they are, each on its resource."""
    objects = {**_OBJECTS, f"{settings.bedrock_input_prefix}*": _INPUT}
    for worker in workers.all:
        _accept(worker.function, "L1", _RUNTIME)
        _accept_resource(worker.role, "*", _TRACING)
        for pattern in sorted(worker.grants.object_patterns):
            _accept_objects(worker.role, storage, pattern, objects[pattern])

    machine = workflow.role
    _accept_resource(machine, "*", _TRACING_AND_LOG_DELIVERY)
    work = f"{WORK_PREFIX}*"
    _accept_objects(machine, storage, work, objects[work])
    for label in ("", *definition.map_labels):
        executions = names.executions_arn(workflow, label=label)
        for role in (machine, workers.record_outcome.role):
            _accept_resource(role, executions, _EXECUTIONS)
    for label in definition.map_labels:
        map_runs = names.map_runs_arn(workflow, label=label)
        _accept_resource(workers.record_outcome.role, map_runs, _EXECUTIONS)

    for worker in (workers.settle_job, workers.find_stuck_jobs):
        _accept_resource(worker.role, names.batch_jobs_arn(worker), _BATCH_JOBS)
    if (resubmit := workers.resubmit_rejects) is not None:
        for resource in (names.batch_jobs_arn(resubmit), *names.batch_models_arns(resubmit)):
            _accept_resource(resubmit.role, resource, _NEW_JOBS)

    _accept(workflow.trigger_dead_letters, "SQS3", _IS_A_DEAD_LETTER_QUEUE)
    if isinstance(storage.bucket, s3.Bucket):
        _accept(storage.bucket, "S1", _ACCESS_LOGS)


def _accept_objects(role: iam.Role, storage: Storage, pattern: str, reason: str) -> None:
    _accept_resource(role, storage.bucket.arn_for_objects(pattern), reason)


def _accept_resource(role: iam.Role, resource: str, reason: str) -> None:
    """Accept one resource with a wildcard in a role's own policy."""
    named = _as_cdk_nag_writes(Stack.of(role).resolve(resource))
    _accept(role.node.find_child("DefaultPolicy"), f"IAM5[Resource::{named}]", reason)


def _accept(construct: IConstruct, rule: str, reason: str) -> None:
    resource = construct.node.default_child
    assert resource is not None, construct.node.path  # noqa: S101 - tells the type checker
    Validations.of(resource).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )


def _as_cdk_nag_writes(value: Any) -> str:
    """An ARN with its references in angle brackets: `<StorageBucket5CB7C8EA.Arn>/work/*`."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_as_cdk_nag_writes, parts))
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return str(value)

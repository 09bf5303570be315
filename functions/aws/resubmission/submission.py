"""Submit the open rejects of a job to Bedrock again, as a retry of it.

The client request token follows from the root and the number of the retry alone, so Bedrock makes
one job of that number: whatever call a run is interrupted at, and however many runs submit at the
same time, with the same options or with others.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.resubmission.bedrock_retries import BedrockRetries, RetryName, under_way
from functions.aws.resubmission.export import Export, export_records, pad
from functions.aws.resubmission.open_rejects import answering_claims, read_open_rejects
from functions.aws.resubmission.refusals import (
    NothingClaimed,
    NotIngested,
    NotSpecified,
    RetryUnderWay,
    SubmittedMeanwhile,
)
from functions.aws.resubmission.rejects import Reject
from functions.aws.resubmission.services import Services
from functions.aws.runtime.service_errors import JOB_REFUSED, is_any
from functions.aws.unclaimed import claims_that_count
from functions.domain.claims import ClaimState
from functions.domain.jobs import Job
from functions.domain.object_keys import RESULTS_PREFIX
from functions.domain.receipts.reject import RejectReason

if TYPE_CHECKING:
    from mypy_boto3_bedrock.literals import ModelInvocationTypeType

BY_CHANCE: Final = frozenset(
    {RejectReason.MODEL_ERROR, RejectReason.TRUNCATED, RejectReason.NO_JSON_IN_TEXT}
)
"""Another answer of the same model to the same input may be good."""
BY_THE_MODEL: Final = frozenset(
    {
        RejectReason.REFUSED,
        RejectReason.UNKNOWN_FORM,
        RejectReason.SEVERAL_RECEIPTS,
        RejectReason.INVALID_RECEIPT,
    }
)
"""The same model would most likely answer the same input in the same way."""
MAX_RECORDS: Final = 50_000
MAX_BYTES: Final = 900_000_000
"""Below 1 GB by more than a record.

Quotas of a batch job's file: https://docs.aws.amazon.com/general/latest/gr/bedrock.html
"""
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What is to be submitted, and how.

    Attributes:
        reasons: Rejects of these; empty for those that may be cured.
        model: Another model than the root's; None for that one.
        role: The job's service role; empty for that of the root's own job.
        minimum: Bedrock's least number of records of a job.
        input_prefix: Where the records are uploaded to.
        padding_prefix: Of the ids of padding.
        most_records: Rejects of one job; further ones are left for the next.
        most_bytes: Of the input file, by at most a record more.
    """

    reasons: frozenset[RejectReason]
    model: str | None
    role: str
    minimum: int
    input_prefix: str
    padding_prefix: str
    most_records: int = MAX_RECORDS
    most_bytes: int = MAX_BYTES

    def chosen(self, root: Job) -> frozenset[RejectReason]:
        """The reasons whose rejects are submitted."""
        is_another = self.model is not None and self.model != root.model_id
        return self.reasons or (BY_CHANCE | BY_THE_MODEL if is_another else BY_CHANCE)


@dataclass(frozen=True)
class Prepared:
    """A retry that is ready to be submitted.

    Attributes:
        records: The input file.
        left: Open rejects by reason that are not submitted.
        is_cut: More could be submitted than one job takes.
    """

    root: Job
    name: RetryName
    model: str
    role: str
    invocation: "ModelInvocationTypeType"
    key: str
    token: str
    export: Export
    left: dict[str, int]
    is_cut: bool
    records: IO[bytes]


def require_ingested(services: Services, root: Job, retries: Iterable[str]) -> None:
    """Check that it is known what has to be answered again.

    Raises:
        NothingClaimed, NotIngested: what the job, or a retry of it, answers is not known yet.
    """
    if not services.ledger.claims(root.job_id):
        raise NothingClaimed(root.job_id)
    for job_id in (root.job_id, *retries):
        for claim in claims_that_count(services.ledger, job_id):
            if claim.state is ClaimState.CLAIMED or not claim.stats:
                raise NotIngested(job_id, claim.key)


def prepare(services: Services, root: Job, request: Request, file: IO[bytes]) -> Prepared | None:
    """Write the input of the next retry into a file; None where nothing is to be submitted.

    Raises:
        CannotSubmit: nothing can be submitted now, and why.
    """
    retries = BedrockRetries(services, root)
    known = retries.on_record()
    require_ingested(services, root, known)
    if not_ended := under_way(known):
        raise RetryUnderWay(not_ended[0])
    rejects = read_open_rejects(services, answering_claims(services, root.job_id))
    chosen = _Chosen(request, root, file)
    export = export_records(services, chosen.among(rejects), file)
    if not export.written:
        return None
    pad(export, file, minimum=request.minimum, prefix=request.padding_prefix)
    before = retries.of_root()
    model = request.model or root.model_id or str(before.get("modelId", ""))
    role = request.role or str(before.get("roleArn", ""))
    if not model or not role:
        raise NotSpecified(root.job_id, "role" if model else "model")
    number = len(known) + 1
    name = RetryName(root.job_id, number, export.written + export.padding)
    return Prepared(
        root=root,
        name=name,
        model=model,
        role=role,
        invocation=before.get("modelInvocationType", "InvokeModel"),
        key=f"{request.input_prefix}{name}-{_digest(file, model)[:16]}.jsonl",
        token=hashlib.sha256(f"{root.job_id}\0{number}".encode()).hexdigest(),
        export=export,
        left=chosen.left,
        is_cut=chosen.is_cut,
        records=file,
    )


def submit(services: Services, prepared: Prepared) -> str:
    """Upload the input, create the job and write its record; the job's id.

    Raises:
        SubmittedMeanwhile: another run has submitted this retry otherwise; it is on record.
    """
    retries = BedrockRetries(services, prepared.root)
    _require_next(retries, prepared.name)
    prepared.records.seek(0)
    services.s3.put_object(Bucket=services.bucket, Key=prepared.key, Body=prepared.records)
    try:
        arn = _create(services, prepared)
    except ClientError as error:
        # Bedrock is documented to ignore a second request of a token, not to compare the two.
        if is_any(error, JOB_REFUSED):
            retries.write_missing_records()
            _require_next(retries, prepared.name)
        raise
    retry = retries.write_record(arn)
    if not retries.input_of(arn).endswith(f"/{prepared.key}"):
        raise SubmittedMeanwhile(retry)
    return retry


def _require_next(retries: BedrockRetries, name: RetryName) -> None:
    known = list(retries.on_record())
    if len(known) >= name.number:
        raise SubmittedMeanwhile(known[-1])


def _create(services: Services, prepared: Prepared) -> str:
    """Create the job, or find the one that was created with the same token; its ARN."""
    bucket = services.bucket
    created = services.bedrock.create_model_invocation_job(
        jobName=str(prepared.name),
        clientRequestToken=prepared.token,
        roleArn=prepared.role,
        modelId=prepared.model,
        modelInvocationType=prepared.invocation,
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{bucket}/{prepared.key}"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://{bucket}/{RESULTS_PREFIX}"}},
    )
    return created["jobArn"]


class _Chosen:
    """Picks the rejects that one job takes, and counts the others."""

    def __init__(self, request: Request, root: Job, file: IO[bytes]) -> None:
        self._reasons: Collection[str] = request.chosen(root)
        self._most_records, self._most_bytes = request.most_records, request.most_bytes
        self._file = file
        self.left: dict[str, int] = {}
        self.is_cut = False

    def among(self, rejects: Iterable[Reject]) -> Iterator[Reject]:
        """Those of the reasons, until the file is full."""
        taken = 0
        for reject in rejects:
            if reject.reason not in self._reasons:
                self.left[reject.reason] = self.left.get(reject.reason, 0) + 1
            elif taken >= self._most_records or self._file.tell() > self._most_bytes:
                self.is_cut = True
            else:
                taken += 1
                yield reject


def _digest(file: IO[bytes], model: str) -> str:
    """Of the records and the model: two submissions that differ have different inputs."""
    file.seek(0)
    digest = hashlib.sha256(model.encode())
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()

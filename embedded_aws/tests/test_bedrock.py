"""Bedrock's batch inference, as AWS documents it.

* https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference.html and the pages below it
* https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html,
  Get, List and Stop
* https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import (
    ACCOUNT,
    REGION,
    Aws,
    allow,
    eventually,
    refused,
    trust,
    unique,
)
from embedded_aws.tests.operations import assumed, heard, hears
from embedded_aws.tests.running import ask

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
MODEL_ARN = f"arn:aws:bedrock:{REGION}::foundation-model/{MODEL}"
BEDROCK = {"Service": "bedrock.amazonaws.com"}
S3_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
ENDED = {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}


def records(count: int, *, prefix: str = "R") -> list[dict[str, Any]]:
    return [
        {"recordId": f"{prefix}{number:03}", "modelInput": {"max_tokens": 8, "messages": [number]}}
        for number in range(count)
    ]


def lines(values: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(value)}\n" for value in values).encode()


@dataclass
class Account:
    """A bucket, a role that may use it, and Bedrock's client."""

    aws: Aws
    bucket: str = field(default_factory=lambda: unique("bucket"))

    def __post_init__(self) -> None:
        self.aws.s3.create_bucket(Bucket=self.bucket)
        self.bedrock = self.aws.client("bedrock")
        self.role = self.job_role()

    def job_role(self, *statements: dict[str, Any], trusts: dict[str, Any] | None = None) -> str:
        """A role as the documentation's sample, or with other statements or another trust."""
        jobs = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:model-invocation-job/*"
        ours = {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnEquals": {"aws:SourceArn": jobs},
        }
        account = {"StringEquals": {"aws:ResourceAccount": [ACCOUNT]}}
        sample = allow(S3_ACTIONS, self.resources, Condition=account)
        return self.aws.create_role(
            trusts or trust(BEDROCK, Condition=ours), *(statements or (sample,))
        )

    @property
    def resources(self) -> list[str]:
        """The bucket and its objects."""
        return [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]

    def put(self, key: str, body: bytes) -> None:
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def request(self, **fields: Any) -> dict[str, Any]:
        return {
            "jobName": unique("job"),
            "roleArn": self.role,
            "modelId": MODEL,
            "inputDataConfig": self.input("in/records.jsonl"),
            "outputDataConfig": {
                "s3OutputDataConfig": {"s3Uri": f"s3://{self.bucket}/batch-output"}
            },
            **fields,
        }

    def input(self, key: str) -> dict[str, Any]:
        return {"s3InputDataConfig": {"s3Uri": f"s3://{self.bucket}/{key}"}}

    def create(self, **fields: Any) -> str:
        return str(self.bedrock.create_model_invocation_job(**self.request(**fields))["jobArn"])

    def get(self, arn: str) -> dict[str, Any]:
        job: dict[str, Any] = self.bedrock.get_model_invocation_job(jobIdentifier=arn)
        return job

    def reaches(self, arn: str, *statuses: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            job = self.get(arn)
            return job if job["status"] in (statuses or ENDED) else None

        found: dict[str, Any] = eventually(there, f"{arn} is {statuses or 'ended'}")
        return found

    def ended(self, **fields: Any) -> dict[str, Any]:
        return self.reaches(self.create(**fields))

    def output(self, job: dict[str, Any]) -> dict[str, bytes]:
        folder = f"batch-output/{job['jobArn'].rpartition('/')[2]}/"
        listed = self.aws.s3.list_objects_v2(Bucket=self.bucket, Prefix=folder)
        return {
            each["Key"].removeprefix(folder): self.aws.s3.get_object(
                Bucket=self.bucket, Key=each["Key"]
            )["Body"].read()
            for each in listed.get("Contents", [])
        }

    def answers(self, job: dict[str, Any], file: str = "records.jsonl.out") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output(job)[file].splitlines()]

    @contextmanager
    def rule(self, **fields: Any) -> Iterator[None]:
        ask(self.aws.endpoint, "bedrock", "POST", fields)
        try:
            yield
        finally:
            ask(self.aws.endpoint, "bedrock", "DELETE")


@pytest.fixture
def account(aws: Aws) -> Account:
    made = Account(aws)
    made.put("in/records.jsonl", lines(records(100)))
    return made


# The output


def test_every_record_is_answered_and_counted(account: Account) -> None:
    job = account.ended()
    assert job["status"] == "Completed"
    counts = [job[f"{kind}RecordCount"] for kind in ("total", "processed", "success", "error")]
    assert counts == [100, 100, 100, 0]
    written = account.output(job)
    assert written.keys() == {"records.jsonl.out", "manifest.json.out"}
    answers = account.answers(job)
    assert [{k: each[k] for k in ("recordId", "modelInput")} for each in answers] == records(100)
    assert all(each["modelOutput"]["stop_reason"] == "end_turn" for each in answers)
    manifest = json.loads(written["manifest.json.out"])
    assert manifest.keys() == {
        "totalRecordCount", "processedRecordCount", "successRecordCount", "errorRecordCount",
        "inputTokenCount", "outputTokenCount",
    }  # fmt: skip
    assert (manifest["totalRecordCount"], manifest["successRecordCount"]) == (100, 100)
    assert manifest["inputTokenCount"] > 100
    assert manifest["outputTokenCount"] > 100


def test_a_folder_of_several_files_becomes_one_output_file_each(account: Account) -> None:
    account.put("many/a.jsonl", lines(records(60, prefix="A")))
    account.put("many/deep/b.jsonl", lines(records(50, prefix="B")))
    account.put("many/picture.png", b"\x89PNG")
    account.put("many-more.jsonl", b"not part of the folder")
    job = account.ended(inputDataConfig=account.input("many"))
    assert (job["status"], job["totalRecordCount"]) == ("Completed", 110)
    assert account.output(job).keys() == {"a.jsonl.out", "deep/b.jsonl.out", "manifest.json.out"}
    assert [each["recordId"][0] for each in account.answers(job, "deep/b.jsonl.out")] == ["B"] * 50


def test_a_record_without_an_id_gets_one(account: Account) -> None:
    account.put("in/records.jsonl", lines([{"modelInput": {"n": n}} for n in range(100)]))
    job = account.ended()
    ids = [each["recordId"] for each in account.answers(job)]
    assert len(set(ids)) == 100
    assert all(len(each) == 11 and each.isalnum() for each in ids)


@pytest.mark.parametrize(
    ("model", "fields", "path"),
    [
        ("amazon.nova-lite-v1:0", {}, ["output", "message", "content", 0, "text"]),
        ("us.amazon.nova-lite-v1:0", {}, ["output", "message", "content", 0, "text"]),
        ("amazon.titan-text-lite-v1", {}, ["results", 0, "outputText"]),
        ("meta.llama3-1-8b-instruct-v1:0", {}, ["generation"]),
        ("mistral.mistral-small-2402-v1:0", {}, ["outputs", 0, "text"]),
        ("cohere.command-r-v1:0", {}, ["text"]),
        ("openai.gpt-oss-20b-1:0", {}, ["choices", 0, "message", "content"]),
        (MODEL, {}, ["content", 0, "text"]),
        (
            MODEL,
            {"modelInvocationType": "Converse"},
            ["output", "message", "content", 0, "text"],
        ),
    ],
)
def test_a_text_is_answered_in_the_form_of_the_model(
    account: Account, model: str, fields: dict[str, Any], path: list[Any]
) -> None:
    role = account.job_role(allow(["s3:*", "bedrock:InvokeModel"]))
    with account.rule(text="yes"):
        job = account.ended(modelId=model, roleArn=role, **fields)
    value: Any = account.answers(job)[7]["modelOutput"]
    for part in path:
        value = value[part]
    assert value == "yes"


# Rules


def test_answers_are_given_by_record_id(account: Account) -> None:
    answers = {
        "R000": {"text": "first"},
        "R001": {"modelOutput": {"generation": "as it is"}},
        "R002": {"error": {"errorCode": 500, "errorMessage": "no"}},
        "R003": {"line": "no JSON \udcff"},
        "R005": [{"text": "one"}, {"text": "two"}],
    }
    account.put("in/records.jsonl", lines([*records(100), records(6)[5]]))
    with account.rule(answers=answers, text="all others"):
        job = account.ended()
    written = account.output(job)["records.jsonl.out"].splitlines()
    first, second, third, fourth = (json.loads(written[n]) for n in (0, 1, 2, 4))
    assert first["modelOutput"]["content"][0]["text"] == "first"
    assert second["modelOutput"] == {"generation": "as it is"}
    assert third["error"] == {"errorCode": 500, "errorMessage": "no"}
    assert "modelOutput" not in third
    assert written[3] == b"no JSON \xff"
    assert fourth["modelOutput"]["content"][0]["text"] == "all others"
    assert [json.loads(written[n])["modelOutput"]["content"][0]["text"] for n in (5, 100)] == [
        "one", "two",
    ]  # fmt: skip
    assert (job["successRecordCount"], job["errorRecordCount"]) == (100, 1)


def test_shares_of_errors_and_truncations_are_exact_and_repeatable(account: Account) -> None:
    with account.rule(text="abcd", errorShare=0.2, truncatedShare=0.1, seed=7, shuffled=True):
        jobs = [account.ended(), account.ended()]
    first, second = (account.output(job)["records.jsonl.out"] for job in jobs)
    assert first == second
    answers = account.answers(jobs[0])
    kinds = Counter(
        "error" if "error" in each else each["modelOutput"]["stop_reason"] for each in answers
    )
    assert kinds == {"error": 20, "max_tokens": 10, "end_turn": 70}
    assert {
        each["modelOutput"]["content"][0]["text"]
        for each in answers
        if each.get("modelOutput", {}).get("stop_reason") == "max_tokens"
    } == {"ab"}
    ids = [each["recordId"] for each in answers]
    assert ids != sorted(ids)
    assert sorted(ids) == [each["recordId"] for each in records(100)]
    assert jobs[0]["errorRecordCount"] == 20


@pytest.mark.parametrize("end", ["PartiallyCompleted", "Stopped", "Failed"])
def test_a_job_that_ends_on_its_way_has_answered_a_part(account: Account, end: str) -> None:
    with account.rule(end=end, processedShare=0.25, failureMessage="broken"):
        job = account.ended()
    assert job["status"] == end
    assert (job["totalRecordCount"], job["processedRecordCount"]) == (100, 25)
    assert len(account.answers(job)) == 25
    assert json.loads(account.output(job)["manifest.json.out"])["processedRecordCount"] == 25
    assert job.get("message", "") == ("broken" if end == "Failed" else "")


@pytest.mark.parametrize("end", ["Expired", "Failed"])
def test_a_job_that_never_begins_has_no_output(account: Account, end: str) -> None:
    with account.rule(end=end):
        job = account.ended()
    assert job["status"] == end
    assert account.output(job) == {}


@pytest.mark.parametrize(("manifest", "there"), [("none", False), ("first", True)])
def test_the_manifest_comes_first_or_not_at_all(
    account: Account, manifest: str, there: bool
) -> None:
    with account.rule(manifest=manifest):
        job = account.ended()
    assert ("manifest.json.out" in account.output(job)) is there


def test_a_rule_is_for_the_jobs_that_it_names(account: Account) -> None:
    with account.rule(jobName="special-*", end="Expired"):
        jobs = [account.ended(jobName=unique("special")), account.ended()]
    assert [job["status"] for job in jobs] == ["Expired", "Completed"]


@pytest.mark.parametrize(
    "rule",
    [
        {"fields": 1},
        {"job_name": "x"},
        {"end": "Done"},
        {"errorShare": 2},
        {"errorShare": 0.6, "truncatedShare": 0.6},
        {"holdAt": "Completed"},
        {"manifest": "middle"},
        {"answers": {"R000": {"text": "a", "error": {}}}},
    ],
)
def test_a_rule_that_is_none_is_refused(account: Account, rule: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="400"):
        ask(account.aws.endpoint, "bedrock", "POST", rule)
    assert ask(account.aws.endpoint, "bedrock", "GET") == {"rules": []}


# Validation


def test_a_job_of_too_few_records_fails(account: Account) -> None:
    account.put("in/records.jsonl", lines(records(99)))
    job = account.ended()
    assert (job["status"], account.output(job)) == ("Failed", {})
    assert job["message"].endswith("less records (99) than the required minimum of: 100")
    with account.rule(minimumRecords=99):
        assert account.ended()["status"] == "Completed"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"recordId": "a", "modelInput": {', "Line 101 of records.jsonl is not JSON"),
        (b'["a"]', "not an object with a modelInput object"),
        (b'{"recordId": "a"}', "not an object with a modelInput object"),
        (b'{"recordId": "a", "modelInput": "b"}', "not an object with a modelInput object"),
        (b'{"recordId": 1, "modelInput": {}}', "The recordId in line 101"),
    ],
)
def test_a_line_that_is_no_record_fails_the_job(
    account: Account, line: bytes, message: str
) -> None:
    account.put("in/records.jsonl", lines(records(100)) + line)
    job = account.ended()
    assert job["status"] == "Failed"
    assert message in job["message"]


@pytest.mark.parametrize("key", ["in/missing.jsonl", "empty/", "other-bucket"])
def test_an_input_that_is_not_there_fails_the_job(account: Account, key: str) -> None:
    where = account.input(key)
    if key == "other-bucket":
        where = {"s3InputDataConfig": {"s3Uri": f"s3://{unique('missing')}/a.jsonl"}}
    assert account.ended(inputDataConfig=where)["status"] == "Failed"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"jobName": "no spaces"}, "'jobName' failed to satisfy constraint: Member must satisfy"),
        ({"jobName": "a" + "-" * 62 + "!"}, "'jobName' failed to satisfy constraint"),
        ({"modelId": "no spaces"}, "'modelId' failed to satisfy constraint"),
        ({"roleArn": "role/a"}, "'roleArn' failed to satisfy constraint"),
        ({"timeoutDurationInHours": 169}, "'timeoutDurationInHours' failed to satisfy constraint"),
        (
            {"inputDataConfig": {"s3InputDataConfig": {"s3Uri": "https://a/b"}}},
            "'inputDataConfig.s3InputDataConfig.s3Uri' failed to satisfy constraint",
        ),
        ({"modelInvocationType": "Chat"}, "enum value set: [InvokeModel, Converse]"),
    ],
)
def test_a_request_that_breaks_a_constraint_is_refused(
    account: Account, fields: dict[str, Any], constraint: str
) -> None:
    error = refused(account.create, **fields)
    assert error["Code"] == "ValidationException"
    assert constraint in error["Message"]


# Permissions


def test_a_role_that_bedrock_may_not_assume_is_refused(account: Account) -> None:
    foreign = account.job_role(trusts=trust({"Service": "lambda.amazonaws.com"}))
    another = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    elsewhere = account.job_role(trusts=trust(BEDROCK, Condition=another))
    missing = f"arn:aws:iam::{ACCOUNT}:role/{unique('missing')}"
    for role in (foreign, elsewhere, missing):
        with pytest.raises(ClientError, match="ValidationException"):
            account.create(roleArn=role)


@pytest.mark.parametrize("lacking", S3_ACTIONS)
def test_a_job_fails_if_its_role_lacks_a_permission(account: Account, lacking: str) -> None:
    actions = [each for each in S3_ACTIONS if each != lacking]
    role = account.job_role(allow(actions, account.resources))
    job = account.ended(roleArn=role, inputDataConfig=account.input("in"))
    assert job["status"] == "Failed"
    assert lacking in job["message"]
    assert account.output(job) == {}


def test_an_inference_profile_needs_invoke_model(account: Account) -> None:
    job = account.ended(modelId=f"us.{MODEL}")
    assert job["status"] == "Failed"
    assert "bedrock:InvokeModel" in job["message"]
    assert job["modelId"] == f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/us.{MODEL}"


def test_a_caller_needs_the_model_the_job_and_the_role(account: Account) -> None:
    of_jobs = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:model-invocation-job/*"
    create = "bedrock:CreateModelInvocationJob"
    passing = {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    statements = {
        "model": allow(create, MODEL_ARN),
        "job": allow(create, of_jobs),
        "role": allow("iam:PassRole", account.role, Condition=passing),
    }
    request = account.request()
    for lacking, denied in (("model", create), ("job", create), ("role", "iam:PassRole")):
        rest = [statement for what, statement in statements.items() if what != lacking]
        bedrock = assumed(account.aws, *rest).client("bedrock")
        with pytest.raises(ClientError, match=f"AccessDenied.*{denied}"):
            bedrock.create_model_invocation_job(**request)
    bedrock = assumed(account.aws, *statements.values()).client("bedrock")
    assert account.reaches(bedrock.create_model_invocation_job(**request)["jobArn"])
    tagged = account.request(tags=[{"key": "a", "value": "b"}])
    with pytest.raises(ClientError, match=r"AccessDenied.*bedrock:TagResource"):
        bedrock.create_model_invocation_job(**tagged)


def test_a_caller_may_look_at_and_stop_the_jobs_that_it_is_allowed(account: Account) -> None:
    mine, other = account.ended()["jobArn"], account.ended()["jobArn"]
    actions = ["bedrock:GetModelInvocationJob", "bedrock:StopModelInvocationJob"]
    bedrock = assumed(account.aws, allow(actions, mine)).client("bedrock")
    assert bedrock.get_model_invocation_job(jobIdentifier=mine)["jobArn"] == mine
    by_id = mine.rpartition("/")[2]
    assert bedrock.get_model_invocation_job(jobIdentifier=by_id)["jobArn"] == mine
    with pytest.raises(ClientError, match="ConflictException"):
        bedrock.stop_model_invocation_job(jobIdentifier=mine)
    for call, named in (
        (bedrock.get_model_invocation_job, {"jobIdentifier": other}),
        (bedrock.stop_model_invocation_job, {"jobIdentifier": other}),
        (bedrock.list_model_invocation_jobs, {}),
    ):
        assert refused(call, **named)["Code"] == "AccessDeniedException"


# Get, List, Stop


def test_a_job_is_described_as_it_was_created(account: Account) -> None:
    request = account.request(
        timeoutDurationInHours=48, tags=[{"key": "a", "value": "b"}], clientRequestToken="token1"
    )
    arn = account.bedrock.create_model_invocation_job(**request)["jobArn"]
    job = account.reaches(arn)
    copied = ("jobName", "roleArn", "inputDataConfig", "outputDataConfig", "clientRequestToken")
    assert {each: job[each] for each in copied} == {each: request[each] for each in copied}
    assert (job["modelId"], job["modelInvocationType"]) == (MODEL_ARN, "InvokeModel")
    assert job["submitTime"] <= job["lastModifiedTime"] == job["endTime"]
    assert (job["jobExpirationTime"] - job["submitTime"]).total_seconds() == 48 * 3600
    tags = account.bedrock.list_tags_for_resource(resourceARN=arn)["tags"]
    assert tags == [{"key": "a", "value": "b"}]


def test_a_client_request_token_creates_one_job(account: Account) -> None:
    token = unique("token").replace("-", "")
    arns = {account.create(clientRequestToken=token, jobName=unique("job")) for _ in range(2)}
    assert len(arns) == 1


def test_a_job_that_does_not_exist_is_not_found(account: Account) -> None:
    bedrock = account.bedrock
    for call in (bedrock.get_model_invocation_job, bedrock.stop_model_invocation_job):
        missing = refused(call, jobIdentifier="abcdefghijkl")
        assert (missing["Code"], missing["Status"]) == ("ResourceNotFoundException", 404)
        assert refused(call, jobIdentifier="no-job")["Code"] == "ValidationException"


def test_jobs_are_listed_by_page_name_status_and_time(account: Account) -> None:
    prefix = unique("listed")
    arns = [account.ended(jobName=f"{prefix}-{number}")["jobArn"] for number in range(5)]
    with account.rule(end="Expired"):
        expired = account.ended(jobName=f"{prefix}-expired")

    def listed(**filters: Any) -> list[str]:
        pages = account.bedrock.get_paginator("list_model_invocation_jobs").paginate(
            nameContains=prefix, PaginationConfig={"PageSize": 2}, **filters
        )
        return [job["jobArn"] for page in pages for job in page["invocationJobSummaries"]]

    assert listed(sortBy="CreationTime", sortOrder="Ascending") == [*arns, expired["jobArn"]]
    assert listed(sortOrder="Descending") == listed() == [expired["jobArn"], *arns[::-1]]
    assert listed(statusEquals="Expired") == [expired["jobArn"]]
    assert listed(submitTimeAfter=expired["submitTime"]) == []
    assert listed(submitTimeBefore=expired["submitTime"]) == arns[::-1]
    with pytest.raises(ClientError, match="ValidationException"):
        account.bedrock.list_model_invocation_jobs(nextToken="bm9uZQ==")


@pytest.mark.parametrize("status", ["Submitted", "Validating", "Scheduled", "InProgress"])
def test_a_job_is_stopped_wherever_it_is(account: Account, status: str) -> None:
    with account.rule(holdAt=status, processedShare=0.5):
        arn = account.create()
        account.reaches(arn, status)
        if status == "InProgress":
            eventually(lambda: account.get(arn)["processedRecordCount"] == 50, "half is answered")
        account.bedrock.stop_model_invocation_job(jobIdentifier=arn)
        job = account.reaches(arn)
    assert job["status"] == "Stopped"
    if status == "InProgress":
        assert len(account.answers(job)) == 50
    else:
        assert account.output(job) == {}


def test_a_job_that_was_held_goes_on_to_its_end(account: Account) -> None:
    with account.rule(holdAt="InProgress", processedShare=0.5):
        arn = account.create()
        account.reaches(arn, "InProgress")
    job = account.reaches(arn)
    assert (job["status"], job["processedRecordCount"]) == ("Completed", 100)


# Events


@pytest.fixture
def told(account: Account) -> str:
    """A queue that gets the state changes of the jobs whose names begin with `told`."""
    return hears(
        account.aws,
        {
            "source": ["aws.bedrock"],
            "detail-type": ["Batch Inference Job State Change"],
            "detail": {"batchJobName": [{"prefix": "told"}]},
        },
    )


def changes(account: Account, url: str, count: int) -> dict[str, dict[str, Any]]:
    """So many state changes by status: they may arrive in any order."""
    events = [heard(account.aws, url) for _ in range(count)]
    return {event["detail"]["status"]: event for event in events}


def test_every_change_of_status_is_an_event(account: Account, told: str) -> None:
    job = account.ended(jobName=unique("told"))
    seen = changes(account, told, 5)
    assert seen.keys() == {"Submitted", "Validating", "Scheduled", "InProgress", "Completed"}
    event = seen["Completed"]
    assert (event["source"], event["account"]) == ("aws.bedrock", ACCOUNT)
    assert event["resources"] == [job["jobArn"]]
    moment = job["submitTime"]
    assert event["detail"] == {
        "version": "0.0",
        "accountId": ACCOUNT,
        "batchJobName": job["jobName"],
        "batchJobArn": job["jobArn"],
        "batchModelId": MODEL_ARN,
        "status": "Completed",
        "failureMessage": "",
        "creationTime": f"{moment:%b} {moment.day}, {moment.year}, "
        f"{moment.hour % 12 or 12}:{moment:%M:%S %p}",
    }


def test_the_event_of_a_failure_says_why(account: Account, told: str) -> None:
    with account.rule(end="Failed", failureMessage="out of luck"):
        account.ended(jobName=unique("told"))
    assert changes(account, told, 3)["Failed"]["detail"]["failureMessage"] == "out of luck"


def test_a_stop_is_two_events(account: Account, told: str) -> None:
    with account.rule(end="Stopped"):
        account.ended(jobName=unique("told"))
    assert changes(account, told, 6).keys() >= {"Stopping", "Stopped"}


def test_the_output_files_are_announced_by_s3(account: Account) -> None:
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [account.bucket]}}}
    account.aws.s3.put_bucket_notification_configuration(
        Bucket=account.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = hears(account.aws, pattern)
    job = account.ended()
    keys = {heard(account.aws, url)["detail"]["object"]["key"] for _ in range(2)}
    folder = f"batch-output/{job['jobArn'].rpartition('/')[2]}"
    assert keys == {f"{folder}/records.jsonl.out", f"{folder}/manifest.json.out"}

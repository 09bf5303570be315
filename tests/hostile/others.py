"""What belongs to others: planted before an attack, and compared whole after it."""

from typing import Any

from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from tests.workflow.aws_tables import BUCKET, TABLES
from tests.workflow.rows import put_claim, put_job

Aws = tuple[Any, Any]
VICTIM_JOB = "job-2"
VICTIM_KEY = f"batch-output/{VICTIM_JOB}/answers.jsonl.out"
VICTIM = "user-2"


def plant(aws: Aws) -> None:
    """Another user's job, claim, transaction, and image."""
    s3, dynamodb = aws
    put_job(dynamodb, VICTIM_JOB, intentId="intent-2", userId=VICTIM, status="SUBMITTED")
    s3.put_object(Bucket=BUCKET, Key=VICTIM_KEY, Body=b"{}\n")
    put_claim(dynamodb, VICTIM_JOB, VICTIM_KEY, etag="e2", owner="theirs")
    image = {
        "imageId": "image-2",
        "userId": VICTIM,
        "s3Key": f"uploads/{VICTIM}/secret.jpg",
        "status": "pending",
    }
    dynamodb.put_item(TableName="pending-images", Item=to_item(image))
    s3.put_object(Bucket=BUCKET, Key=image["s3Key"], Body=b"their image")
    transaction = {
        "userId": VICTIM,
        "transactionId": transaction_id(VICTIM_JOB, "image-2"),
        "imageId": "image-2",
        "version": 2,
        "status": "confirmed",
    }
    dynamodb.put_item(TableName="transactions", Item=to_item(transaction))


def everything(aws: Aws) -> dict[str, Any]:
    """Every item of every table, and every object of the bucket."""
    s3, dynamodb = aws
    tables = {name: sorted((item for item in _items(dynamodb, name)), key=repr) for name in TABLES}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    objects = {
        each["Key"]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()
        for page in pages
        for each in page.get("Contents", [])
    }
    return {**tables, "bucket": objects}


def _items(dynamodb: Any, table: str) -> Any:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]

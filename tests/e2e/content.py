"""What is in the tables, the bucket and the metrics of a deployment."""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.domain.attribute_values import from_item
from ops.model.deployment import Deployment


def rows(deployed: Deployment, table: str) -> list[dict[str, Any]]:
    """All items of a table that an output names."""
    pages = deployed.dynamodb.get_paginator("scan").paginate(
        TableName=deployed.outputs[table], ConsistentRead=True
    )
    return [from_item(item) for page in pages for item in page["Items"]]


def keys(deployed: Deployment, prefix: str = "") -> list[str]:
    """The keys of all objects of the bucket that begin like this."""
    pages = deployed.s3.get_paginator("list_objects_v2").paginate(
        Bucket=deployed.bucket, Prefix=prefix
    )
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


def contents(deployed: Deployment, key: str) -> bytes:
    return deployed.s3.get_object(Bucket=deployed.bucket, Key=key)["Body"].read()


def metric_sum(deployed: Deployment, namespace: str, metric: str, **dimensions: str) -> float:
    """The sum of a metric over the last hours."""
    now = datetime.now(UTC)
    points = deployed.make_client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=3),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(each["Sum"]) for each in points)

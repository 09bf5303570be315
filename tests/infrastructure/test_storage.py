import json
from collections.abc import Callable
from pathlib import Path

from tests.infrastructure.conftest import IMPORTED
from tests.infrastructure.template import Template

TABLE = "AWS::DynamoDB::Table"
BUCKET = "AWS::S3::Bucket"
LAMBDA = "AWS::Lambda::Function"


def _keys(schema: list[dict[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in schema]


def test_tables_have_the_keys_and_indexes_of_the_contract(created: Template) -> None:
    tables = created.of_type(TABLE)
    keys = {name: _keys(table["KeySchema"]) for name, table in tables.items()}
    indexes = {
        name: {
            index["IndexName"]: (_keys(index["KeySchema"]), index["Projection"]["ProjectionType"])
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        for name, table in tables.items()
    }

    assert keys == {
        "StorageTransactions": ["userId", "transactionId"],
        "StorageBatchJobs": ["intentId", "submitTime"],
        "StoragePendingImages": ["imageId"],
        "StorageLedger": ["pk", "sk"],
    }
    assert indexes == {
        "StorageTransactions": {"byDate": (["userId", "date"], "ALL")},
        "StorageBatchJobs": {"jobIdIndex": (["jobId"], "ALL")},
        "StoragePendingImages": {},
        "StorageLedger": {},
    }
    assert not any("LocalSecondaryIndexes" in table for table in tables.values())


def test_tables_bill_by_request_and_expire_where_rows_do(created: Template) -> None:
    tables = created.of_type(TABLE)
    expiring = {
        name: table["TimeToLiveSpecification"]["AttributeName"]
        for name, table in tables.items()
        if "TimeToLiveSpecification" in table
    }

    assert {table["BillingMode"] for table in tables.values()} == {"PAY_PER_REQUEST"}
    assert expiring == {"StorageTransactions": "ttl", "StorageLedger": "ttl"}


def test_the_bucket_is_private_and_tells_event_bridge(created: Template) -> None:
    bucket = created.one(BUCKET)

    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_the_bucket_takes_requests_over_tls_alone(created: Template) -> None:
    policy = created.one("AWS::S3::BucketPolicy")
    denied = [
        statement["Condition"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]

    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied


def test_what_the_system_writes_for_itself_expires(created: Template) -> None:
    rules = created.one(BUCKET)["LifecycleConfiguration"]["Rules"]
    expirations = {
        rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule
    }

    assert expirations == {"batch-output/": 30, "work/": 30, "dead-letters/": 90}
    assert all(rule["Status"] == "Enabled" for rule in rules)


def test_no_custom_resource_comes_with_a_bucket_of_our_own(created: Template) -> None:
    assert not created.of_type("Custom::S3BucketNotifications")


def test_production_keeps_what_it_has(encrypted: Template) -> None:
    kept = [
        resource for resource in encrypted.resources.values() if resource["Type"] in {TABLE, BUCKET}
    ]

    assert len(kept) == 5
    assert {resource["DeletionPolicy"] for resource in kept} == {"Retain"}
    for table in encrypted.of_type(TABLE).values():
        assert table["DeletionProtectionEnabled"] is True
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_without_production_all_goes_but_a_bucket_that_holds_objects(created: Template) -> None:
    """CloudFormation deletes no bucket with content, and nothing here empties it first."""
    kept = [
        resource for resource in created.resources.values() if resource["Type"] in {TABLE, BUCKET}
    ]

    assert {resource["DeletionPolicy"] for resource in kept} == {"Delete"}
    assert not created.of_type("Custom::S3AutoDeleteObjects")
    assert not any(
        table.get("DeletionProtectionEnabled") for table in created.of_type(TABLE).values()
    )


def test_imported_resources_are_left_alone(imported: Template) -> None:
    assert list(imported.of_type(TABLE)) == ["StorageLedger"]
    assert not imported.of_type(BUCKET)
    assert not imported.of_type("AWS::S3::BucketPolicy")


def test_of_an_imported_bucket_only_the_event_bridge_switch_is_changed(imported: Template) -> None:
    notifications = imported.one("Custom::S3BucketNotifications")

    assert notifications["BucketName"] == "their-bucket"
    assert notifications["NotificationConfiguration"] == {"EventBridgeConfiguration": {}}
    # Notifications that others set are read and written back.
    assert notifications["Managed"] is False


def test_with_the_switch_left_alone_nothing_is_changed_of_an_imported_bucket(
    synthesized: Callable[..., Path],
) -> None:
    folder = synthesized("untouched", **IMPORTED, switchOnEventBridge=False)
    template = Template(folder / "BatchIngest.template.json")

    assert not template.of_type("Custom::S3BucketNotifications")
    assert not [role for role in template.roles if "EventBridgeSwitch" in role]
    assert not [name for name in template.of_type(LAMBDA) if not name.startswith("Workers")]


def test_the_synthesis_says_what_is_changed_of_an_imported_bucket(
    created: Template, imported: Template
) -> None:
    def said(template: Template) -> list[str]:
        metadata = template.path.with_name("BatchIngest.metadata.json")
        entries = json.loads(metadata.read_text(encoding="utf-8")).values()
        return [
            entry["data"] for each in entries for entry in each if entry["type"] == "aws:cdk:info"
        ]

    (sentence,) = said(imported)
    assert sentence.startswith(
        "This switches on the EventBridge notifications of their-bucket, and changes nothing else"
    )
    assert "bills the events of all objects of the bucket" in sentence
    assert "stays on when the stack is deleted" in sentence
    assert said(created) == []


def test_outputs_name_what_people_and_tools_need(created: Template, imported: Template) -> None:
    values = {name: output["Value"] for name, output in created.outputs.items()}

    assert values == {
        "AlarmTopicArn": "<NotificationsTopic>",
        "BatchJobsTableName": "<StorageBatchJobs>",
        "BucketName": "<StorageBucket>",
        "LedgerTableName": "<StorageLedger>",
        "PendingImagesTableName": "<StoragePendingImages>",
        "StateMachineArn": "<WorkflowStateMachine>",
        "TransactionsTableName": "<StorageTransactions>",
        "TriggerDeadLetterQueueUrl": "<WorkflowTriggerDeadLetters>",
    }
    assert imported.outputs["BucketName"]["Value"] == "their-bucket"
    assert imported.outputs["TransactionsTableName"]["Value"] == "their-transactions"

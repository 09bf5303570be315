from tests.infrastructure.template import Template

OWN_KEY = "<Encryption.Arn>"


def test_everything_is_encrypted_with_the_stack_s_own_key(encrypted: Template) -> None:
    tables = encrypted.of_type("AWS::DynamoDB::Table").values()
    queues = encrypted.of_type("AWS::SQS::Queue").values()
    groups = encrypted.of_type("AWS::Logs::LogGroup").values()
    functions = encrypted.of_type("AWS::Lambda::Function").values()
    bucket = encrypted.one("AWS::S3::Bucket")["BucketEncryption"]
    machine = encrypted.one("AWS::StepFunctions::StateMachine")["EncryptionConfiguration"]

    assert {table["SSESpecification"]["KMSMasterKeyId"] for table in tables} == {OWN_KEY}
    assert {queue["KmsMasterKeyId"] for queue in queues} == {OWN_KEY}
    assert {group["KmsKeyId"] for group in groups} == {OWN_KEY}
    assert {function["KmsKeyArn"] for function in functions} == {OWN_KEY}
    assert bucket["ServerSideEncryptionConfiguration"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {
                "KMSMasterKeyID": OWN_KEY,
                "SSEAlgorithm": "aws:kms",
            },
        }
    ]
    assert machine == {
        "KmsDataKeyReusePeriodSeconds": 300,
        "KmsKeyId": OWN_KEY,
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
    }


def test_the_key_comes_with_every_grant_that_it_needs(encrypted: Template) -> None:
    def keys(role: str) -> set[tuple[str, str]]:
        return {
            (grant.action, service)
            for grant in encrypted.grants(role)
            if grant.resource == OWN_KEY
            for service in ("dynamodb", "lambda", "s3", "sqs", "states")
            if f'"{service}.' in grant.conditions
        }

    assert keys("WorkersLoadSegmentRole") == {
        ("kms:Decrypt", "dynamodb"),
        ("kms:Decrypt", "lambda"),
        ("kms:Decrypt", "s3"),
        ("kms:GenerateDataKey", "s3"),
    }
    assert keys("WorkersRecordOutcomeRole") == {
        ("kms:Decrypt", "dynamodb"),
        ("kms:Decrypt", "lambda"),
        ("kms:Decrypt", "s3"),
        ("kms:Decrypt", "sqs"),
        ("kms:Decrypt", "states"),
        ("kms:GenerateDataKey", "sqs"),
    }
    assert keys("WorkflowRole") == {
        ("kms:Decrypt", "dynamodb"),
        ("kms:Decrypt", "s3"),
        ("kms:GenerateDataKey", "s3"),
    }


def test_executions_and_their_map_runs_encrypt_themselves(encrypted: Template) -> None:
    contexts = [
        grant.conditions
        for grant in encrypted.grants("WorkflowRole")
        if grant.action == "kms:GenerateDataKey"
        and "aws:states:stateMachineArn" in grant.conditions
    ]

    assert len(contexts) == 1
    for machine in ("BatchIngest", "BatchIngest/LoadRanges", "BatchIngest/MigrateImages"):
        assert f'stateMachine:{machine}"' in contexts[0]


def test_services_that_act_for_themselves_are_admitted_to_the_key(encrypted: Template) -> None:
    statements = {
        statement["Sid"]: statement
        for statement in encrypted.one("AWS::KMS::Key", "Encryption")["KeyPolicy"]["Statement"]
        if "Sid" in statement
    }

    assert sorted(statements) == ["DeadLetters", "DeliveryOfExecutionLogs", "LogGroups"]
    assert statements["LogGroups"]["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert statements["DeadLetters"]["Principal"] == {"Service": "events.amazonaws.com"}


def test_keys_rotate(encrypted: Template) -> None:
    assert all(key["EnableKeyRotation"] for key in encrypted.of_type("AWS::KMS::Key").values())


def test_without_a_key_of_its_own_queues_are_encrypted_all_the_same(created: Template) -> None:
    for queue in created.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True


def test_queues_and_topic_take_requests_over_tls_alone(template: Template) -> None:
    policies = [
        *template.of_type("AWS::SQS::QueuePolicy").values(),
        *template.of_type("AWS::SNS::TopicPolicy").values(),
    ]

    assert len(policies) == 3
    for policy in policies:
        denials = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert [d["Condition"] for d in denials] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_the_topic_has_a_key_that_alarms_may_use(template: Template) -> None:
    topic = template.one("AWS::SNS::Topic")
    policy = template.one("AWS::KMS::Key", "Notifications")["KeyPolicy"]["Statement"]

    assert topic["KmsMasterKeyId"] == "<NotificationsKey.Arn>"
    assert [
        s["Action"] for s in policy if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ] == [["kms:Decrypt", "kms:GenerateDataKey"]]

"""Only the owner gets in: over raw HTTP, as a browser or another user's program sends it.

https://fetch.spec.whatwg.org/#cors-safelisted-request-header: what a page of another origin may
send without asking first is GET, HEAD and POST with a form's or a plain text's content type.
"""

import base64
import http.client
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import REGION, Aws, allow, archive, unique
from embedded_aws.tests.operations import assumed
from embedded_aws.tests.running import Endpoint, ask, signed

EVIL = "http://evil.example"
PLAIN = {"Content_Type": "text/plain"}


def send(
    aws: Aws, method: str, path: str, body: Any = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is; status, headers and body of the answer."""
    host, _, port = aws.endpoint.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=fields)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def credentials(access_key: str, service: str) -> str:
    """Query parameters that name credentials, with a signature that was not computed."""
    return urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{access_key}/20260101/{REGION}/{service}/aws4_request",
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "00",
        }
    )


@pytest.mark.parametrize("access_key", ["test", "000000000000", ""])
@pytest.mark.parametrize("headers", [{}, {"Origin": EVIL}])
def test_a_page_cannot_run_code(aws: Aws, access_key: str, headers: dict[str, str]) -> None:
    """The three simple requests that made a function of the page's own and called it."""
    code = archive({"code.py": "def handler(event, context): return 'ran'"})
    role, function = unique("role"), unique("function")
    trust = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    form = {"Action": "CreateRole", "RoleName": role, "Version": "2010-05-08"}
    form["AssumeRolePolicyDocument"] = json.dumps(trust)
    create = {
        "FunctionName": function,
        "Runtime": "python3.13",
        "Handler": "code.handler",
        "Role": f"arn:aws:iam::000000000000:role/{role}",
        "Code": {"ZipFile": base64.b64encode(code).decode()},
    }
    functions = "/2015-03-31/functions"
    for service, path, body in (
        ("iam", "/", urlencode(form)),
        ("lambda", functions, json.dumps(create)),
        ("lambda", f"{functions}/{function}/invocations", "{}"),
    ):
        query = credentials(access_key, service)
        status, answered, _ = send(
            aws, "POST", f"{path}?{query}", body.encode(), Content_Type="text/plain", **headers
        )
        assert status == 403
        assert "Access-Control-Allow-Origin" not in answered
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws.iam.get_role(RoleName=role)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        aws.functions.get_function(FunctionName=function)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/_ministack/reset"),
        ("POST", "/%5fministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("PUT", "/_ministack/cfn-response/../reset"),
        ("GET", "/_localstack/health"),
        ("GET", "/_embedded/decisions"),
        ("POST", "/_embedded/bedrock"),
        ("POST", "/_embedded/faults"),
        ("DELETE", "/_embedded/bedrock"),
    ],
)
def test_what_is_not_signed_is_refused(aws: Aws, method: str, path: str) -> None:
    bucket = unique("bucket")
    aws.s3.create_bucket(Bucket=bucket)
    assert send(aws, method, path, b"{}", **PLAIN)[0] == 403
    assert bucket in {each["Name"] for each in aws.s3.list_buckets()["Buckets"]}


def answered(aws: Aws, endpoint: Endpoint, path: str = "/", **headers: str) -> int:
    """The status of a signed request with other headers besides."""
    request = signed(endpoint, "GET", path, service="s3")
    fields = {"host": endpoint.url.removeprefix("http://"), **dict(request.header_items())}
    return send(aws, "GET", path, **{**fields, **headers})[0]


def test_the_owner_gets_in(aws: Aws) -> None:
    assert answered(aws, aws.endpoint) == 200
    assert ask(aws.endpoint, "bedrock", "GET") == {"rules": []}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:80"},
        {"host": "127.0.0.1:1"},
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_origin_is_refused_even_with_the_owners_signature(
    aws: Aws, headers: dict[str, str]
) -> None:
    assert answered(aws, aws.endpoint, **headers) == 403


def test_a_preflight_is_refused(aws: Aws) -> None:
    asking = {"Origin": EVIL, "Access_Control_Request_Method": "POST"}
    status, headers, _ = send(aws, "OPTIONS", "/", **asking)
    assert status == 403
    assert "Access-Control-Allow-Origin" not in headers


def test_a_wrong_secret_is_refused(aws: Aws) -> None:
    wrong = replace(aws.endpoint, secret_access_key="test")
    for service, call in (
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("iam", "list_roles"),
        ("sts", "get_caller_identity"),
        ("lambda", "list_functions"),
    ):
        with pytest.raises(ClientError, match=r"[Ss]ignature"):
            getattr(wrong.client(service), call)()
    as_account = replace(aws.endpoint, access_key_id="000000000000")
    with pytest.raises(ClientError):
        as_account.client("s3").list_buckets()


def test_a_body_that_was_not_signed_is_refused(aws: Aws) -> None:
    request = signed(aws.endpoint, "POST", "/", body=b"Action=ListRoles", service="iam")
    fields: dict[str, Any] = dict(request.header_items())
    fields |= {"host": aws.endpoint.url.removeprefix("http://")}
    assert send(aws, "POST", "/", b"Action=ListUsers", **fields)[0] == 403
    assert send(aws, "POST", "/", b"Action=ListRoles", **fields)[0] != 403


def test_one_signature_does_not_stand_for_another_key(aws: Aws) -> None:
    user = assumed(aws, allow("s3:ListAllMyBuckets"))
    assert answered(aws, user) == 200
    path = f"/?{credentials('test', 's3')}"
    assert answered(aws, user, path) == 403


def test_a_presigned_address_works_until_it_expires(aws: Aws) -> None:
    bucket = unique("bucket")
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3 = aws.endpoint.session().client(
        "s3", endpoint_url=aws.endpoint.url, config=Config(signature_version="s3v4")
    )
    address = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
    path = address.removeprefix(aws.endpoint.url)
    assert send(aws, "GET", path)[0] == 200
    assert send(aws, "GET", path.replace("/a?", "/b?"))[0] == 403
    expired = s3.generate_presigned_url(
        "get_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=-1
    ).removeprefix(aws.endpoint.url)
    assert send(aws, "GET", expired)[0] == 403


def test_a_roles_session_does_not_open_the_embedded_paths(aws: Aws) -> None:
    role = assumed(aws, allow("*"))
    with pytest.raises(Exception, match="403"):
        ask(role, "bedrock", "GET")

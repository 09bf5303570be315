"""Deploy a synthesized app through CloudFormation, with boto3 only.

What `cdk deploy` does, less the command line: publish the assets, create or update the stack
with the very template, wait, return its outputs.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local import assets, drift
from local.errors import DeploymentFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.endpoint import Endpoint

DEPLOY_SECONDS = 120.0
"""How long CloudFormation may take; 1 to 2 s is usual."""
_POLL_SECONDS = 0.1
_INLINE_TEMPLATE_BYTES = 51_200
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

# `cdk bootstrap` leaves its version here, and every template asks for it.
_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_BOOTSTRAP_VERSION = "31"


@dataclass(frozen=True)
class Assembly:
    """The one stack of a `cdk.out` folder."""

    stack: str
    template: Path
    asset_manifest: Path

    @classmethod
    def read(cls, folder: Path) -> Assembly:
        """Find the stack and its files by the assembly's own manifest."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        by_type = {each["type"]: (name, each) for name, each in manifest["artifacts"].items()}
        name, stack = by_type["aws:cloudformation:stack"]
        _, published = by_type["cdk:asset-manifest"]
        return cls(
            stack=stack["properties"].get("stackName", name),
            template=folder / stack["properties"]["templateFile"],
            asset_manifest=folder / published["properties"]["file"],
        )


@dataclass(frozen=True)
class DeployedStack:
    """A deployed stack, its outputs, and whether this deployment changed it.

    Attributes:
        put_back: Names of what had been changed by hand, and is as it was.
    """

    stack: str
    outputs: Mapping[str, str]
    changed: bool
    put_back: tuple[str, ...] = ()


def deploy(folder: Path, *, endpoint: Endpoint) -> DeployedStack:
    """Create or update the stack of the `cdk.out` in `folder`.

    Raises:
        DeploymentFailed: with the reason of each resource that failed.
    """
    assembly = Assembly.read(folder)
    return _deploy(assembly, assembly.template.read_text(encoding="utf-8"), endpoint)


def revert_drift(folder: Path, *, endpoint: Endpoint) -> DeployedStack:
    """Put back policies, permissions and functions that were changed or removed by hand.

    Raises:
        DeploymentFailed: with the reason of each resource that failed.
    """
    assembly = Assembly.read(folder)
    body = assembly.template.read_text(encoding="utf-8")
    _deploy(assembly, body, endpoint)
    before = drift.snapshot(endpoint, assembly.stack)
    _deploy(assembly, json.dumps(drift.disturbed(json.loads(body))), endpoint)
    deployed = _deploy(assembly, body, endpoint)
    after = drift.snapshot(endpoint, assembly.stack)
    return replace(deployed, put_back=drift.differences(before, after))


def _deploy(assembly: Assembly, body: str, endpoint: Endpoint) -> DeployedStack:
    cloudformation = endpoint.client("cloudformation")
    found = _describe(cloudformation, assembly.stack)
    # Names of assets are hashes of their content, so an equal template is an equal deployment.
    if _is_whole(found) and _deployed(cloudformation, assembly.stack) == json.loads(body):
        return DeployedStack(assembly.stack, _outputs(found), changed=False)
    if found and found["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        # Left by a first deployment that failed: such a stack can only be deleted.
        cloudformation.delete_stack(StackName=assembly.stack)
        _wait(cloudformation, assembly.stack)
        found = None
    source = _publish(assembly, body, endpoint)
    call = cloudformation.update_stack if found else cloudformation.create_stack
    try:
        call(
            StackName=assembly.stack,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            **source,
        )
    except ClientError as error:
        reason = error.response["Error"].get("Message", str(error))
        if "No updates are to be performed" not in reason:
            raise DeploymentFailed(assembly.stack, "refused", [reason]) from error
    found = _wait(cloudformation, assembly.stack)
    if not _is_whole(found):
        status = found["StackStatus"] if found else "deleted"
        raise DeploymentFailed(assembly.stack, status, _reasons(cloudformation, assembly.stack))
    return DeployedStack(assembly.stack, _outputs(found), changed=True)


def outputs(stack: str, *, endpoint: Endpoint) -> Mapping[str, str]:
    """The outputs of a stack; none if it does not exist."""
    found = _describe(endpoint.client("cloudformation"), stack)
    return _outputs(found) if found else {}


def _publish(assembly: Assembly, body: str, endpoint: Endpoint) -> Mapping[str, str]:
    """Publish what the template needs; return where CloudFormation finds the template."""
    endpoint.client("ssm").put_parameter(
        Name=_BOOTSTRAP_PARAMETER, Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    account = endpoint.client("sts").get_caller_identity()["Account"]
    published = assets.read(assembly.asset_manifest, account=account, region=endpoint.region)
    assets.publish(endpoint.client("s3"), published, template=json.loads(body))
    if len(body.encode()) <= _INLINE_TEMPLATE_BYTES:
        return {"TemplateBody": body}
    bucket = next(each.bucket for each in published if each.source == assembly.template)
    key = f"{hashlib.sha256(body.encode()).hexdigest()}.json"
    endpoint.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
    return {"TemplateURL": f"{endpoint.url}/{bucket}/{key}"}


def _describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError:
        return None
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def _deployed(cloudformation: Any, stack: str) -> Any:
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def _is_whole(found: Mapping[str, Any] | None) -> bool:
    return found is not None and found["StackStatus"] in (
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
    )


def _outputs(found: Mapping[str, Any] | None) -> Mapping[str, str]:
    listed = (found or {}).get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in listed}


def _wait(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        found = _describe(cloudformation, stack)
        if found is None or not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        if time.monotonic() > deadline:
            reasons = [f"it takes longer than {DEPLOY_SECONDS:.0f} s"]
            raise DeploymentFailed(stack, found["StackStatus"], reasons)
        time.sleep(_POLL_SECONDS)


def _reasons(cloudformation: Any, stack: str) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): "
        f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]

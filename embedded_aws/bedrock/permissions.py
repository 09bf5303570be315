"""Who may use the batch jobs, and what a job's own role must be allowed.

* The caller of CreateModelInvocationJob needs that action on the model and on the job, and
  iam:PassRole on the job's role; the other operations are allowed on the job.
  https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-permissions.html
* The role trusts bedrock.amazonaws.com, reads the input, writes the output, and may invoke an
  inference profile if the job names one.
  https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_region

from embedded_aws.bedrock import jobs, models
from embedded_aws.bedrock.jobs import JobFailed
from embedded_aws.core.api import ApiError
from embedded_aws.iam import roles

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = "bedrock.amazonaws.com"
COLLECTION = "/model-invocation-job"


def install() -> None:
    """Name the model or the job that a request is about."""
    others = iam_actions.extract_resource_arn  # other extensions' included

    def resource_arn(service: str, method: str, path: str, *rest: Any) -> Any:
        return _resource(service, method, path, rest[1]) or others(service, method, path, *rest)

    iam_actions.extract_resource_arn = resource_arn


def _resource(service: str, method: str, path: str, body: Any) -> str | None:
    if service == "bedrock" and (method, path) == ("POST", COLLECTION):
        return _model(body)
    if service == "bedrock" and path.startswith(f"{COLLECTION}/"):
        return job_of(path)
    return None


def _model(body: Any) -> str:
    try:
        return models.arn_of(json.loads(body)["modelId"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return "*"


def job_of(path: str) -> str:
    """The ARN of the job that a path names by ARN or id."""
    name = unquote(path.removeprefix(f"{COLLECTION}/").removesuffix("/stop"))
    return name if name.startswith("arn:") else jobs.arn_of(name)


def require_caller(
    headers: Mapping[str, str], query: Mapping[str, Any], request: Mapping[str, Any], *, job: str
) -> None:
    """Check what creating a job needs besides the action on the model.

    Raises:
        ApiError: The caller may not create the job, tag it, or pass its role.
    """
    _require(headers, query, "bedrock:CreateModelInvocationJob", job, {})
    if request.get("tags"):
        _require(headers, query, "bedrock:TagResource", job, {})
    passed = {"iam:PassedToService": SERVICE}
    _require(headers, query, "iam:PassRole", request["roleArn"], passed)


def _require(
    headers: Mapping[str, str],
    query: Mapping[str, Any],
    action: str,
    resource: str,
    context: dict[str, Any],
) -> None:
    if not app.AUTH:
        return
    key = router.extract_access_key_id(headers, query)
    denied = iam_evaluator.enforce(
        key, action, "bedrock", get_region(), resource_arn=resource, service_context=context
    )
    if denied is None:
        return
    if isinstance(denied, iam_evaluator.AuthError):
        message = denied.message
    else:
        message = iam_actions.identity_denial_message(
            action, denied.principal_arn, resource, denied.decision == "Deny"
        )
    raise ApiError("AccessDeniedException", message, status=403)


def require_trust(role: str, *, job: str) -> None:
    """Check that Bedrock may assume a job's role.

    Raises:
        ApiError: The role does not exist, or does not trust Bedrock for this job.
    """
    if why := roles.trust_denial(role, "bedrock", source_arn=job):
        message = f"Could not assume the provided IAM role: {why}"
        raise ApiError("ValidationException", message)


class JobRole:
    """The role of a job, asked before each of its calls."""

    def __init__(self, job: jobs.Job) -> None:
        self._role = job["roleArn"]
        self._job = job["jobArn"]

    def require(self, action: str, resource: str, **context: str) -> None:
        """Check a permission; `context` has condition keys of S3, without `s3:`.

        Raises:
            JobFailed: The role lacks it.
        """
        keys = {f"s3:{name}": value for name, value in context.items()}
        why = roles.denial(
            self._role, action, resource, "bedrock", source_arn=self._job, context=keys
        )
        if why:
            raise JobFailed(f"The job's role was denied access: {why}")

    def require_model(self, model: str) -> None:
        """Check that an inference profile may be invoked.

        https://docs.aws.amazon.com/bedrock/latest/userguide/batch-iam-sr.html#batch-iam-sr-ip

        Raises:
            JobFailed: The role lacks bedrock:InvokeModel on it.
        """
        if "inference-profile/" in model:
            self.require("bedrock:InvokeModel", model)

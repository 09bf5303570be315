"""Verify the signature of every request, the root's too.

MiniStack verifies those of users and roles, and accepts a request with the root's access key, with
an account id or without a key. Here all of them need the secret.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.core import iam_actions, iam_evaluator, lambda_runtime, responses, sigv4
from ministack.services import lambda_svc, sts

if TYPE_CHECKING:
    from collections.abc import Mapping

Response = tuple[int, dict[str, str], bytes]

ROOT_KEY = "test"
"""The access key id of the account's root; its secret is the data folder's."""
_SIGNED_BODY = "x-amz-content-sha256"
_CREDENTIAL = "X-Amz-Credential"
_CREDENTIAL_PARAMETERS = frozenset({"x-amz-credential", "awsaccesskeyid"})
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^,/=\s]+(/[^,/=\s]+){4}, ?"
    r"SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}"
)
_MISSING = "The request has no signature, or not one in the form of AWS4-HMAC-SHA256."

_execution_credentials = lambda_runtime.execution_credentials


def install() -> None:
    """Give functions credentials that cannot be computed from their ARNs."""
    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = execution_credentials


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """The credentials of a function's role, the same for every worker of the function."""
    credentials: dict[str, str] = _execution_credentials(config)
    predictable = credentials["AWS_ACCESS_KEY_ID"]
    session = sts._sessions.get(predictable)
    if session is None:  # a function without a role acts as the root
        return credentials
    key = f"ASIA{_secret_of(predictable, 'key')[:16].upper()}"
    secret, token = _secret_of(predictable, "secret"), _secret_of(predictable, "token")
    sts.register_session(key, {**session, "SecretAccessKey": secret, "SessionToken": token})
    sts._sessions.pop(predictable, None)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }


def _secret_of(name: str, what: str) -> str:
    root = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    return hmac.new(root, f"{what}:{name}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class SignedRequest:
    """A request and what its signature covers.

    Attributes:
        path: As it was sent.
        headers: By lower-case name, several of one name joined by commas.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    @property
    def needs_body(self) -> bool:
        """Whether the signature covers the body itself, not a hash in a signed header."""
        return _SIGNED_BODY not in self.headers and not self._is_presigned

    @property
    def _is_presigned(self) -> bool:
        return "authorization" not in self.headers

    @property
    def access_key(self) -> str:
        """The access key that the request names; it is not verified."""
        return str(self._signature().access_key_id)

    def unsigned(self) -> str | None:
        """Why the signature is not one that can be verified; None if it is one.

        A second signature, or parts in another place, is refused: nothing behind may read another
        access key than the one whose signature was verified.
        """
        names = [name.lower() for name in self.query]
        credentials = [name for name in names if name in _CREDENTIAL_PARAMETERS]
        if self._is_presigned:
            if credentials != ["x-amz-credential"] or len(self.query.get(_CREDENTIAL, ())) != 1:
                return _MISSING
            if self.query.get("X-Amz-Algorithm") != ["AWS4-HMAC-SHA256"]:
                return _MISSING
        elif credentials or not _AUTHORIZATION.fullmatch(self.headers["authorization"]):
            return _MISSING
        signature = self._signature()
        return str(signature[1]) if isinstance(signature, tuple) else None

    def refusal(self, body: bytes) -> Response | None:
        """The error for a signature that does not match; None if it matches."""
        signature = self._signature()
        failure = self._failure(signature, body)
        if failure is None:
            return None
        code, message = failure
        answer: Response = iam_actions.access_denied_response(
            signature.service, "", "", responses.new_uuid(),
            error_code=code, message=message, headers=dict(self.headers),
        )  # fmt: skip
        return answer

    def _failure(self, signature: Any, body: bytes) -> tuple[str, str] | None:
        if failure := self._out_of_time(signature):
            return failure
        credential = self._credential(signature.access_key_id)
        if isinstance(credential, iam_evaluator.CredentialResolutionError):
            return credential.code, credential.message
        wrong: tuple[str, str] | None = sigv4.header_signature_failure(
            signature, credential.secret_access_key, self.method, self.path, self.query,
            self.headers, body, presigned=self._is_presigned,
        )  # fmt: skip
        return wrong

    def _signature(self) -> Any:
        if self._is_presigned:
            return sigv4.parse_query_signature(self.query)
        return sigv4.parse_header_signature(self.headers)

    def _out_of_time(self, signature: Any) -> tuple[str, str] | None:
        expires = self.query.get("X-Amz-Expires")
        if not (self._is_presigned and expires):
            skewed: tuple[str, str] | None = sigv4.request_time_failure(signature)
            return skewed
        try:
            expired = sigv4.presigned_request_is_expired(signature.amz_date, expires[0])
        except ValueError:
            expired = True
        return ("AccessDenied", "Request has expired") if expired else None

    def _credential(self, key: str) -> Any:
        """The secret and principal of an access key, or what is wrong with it or its token."""
        if not key or key.isdigit():  # MiniStack takes an account's id, or nothing, for its root
            return iam_evaluator._unknown_access_key()
        if self._is_presigned:
            token = self.query.get("X-Amz-Security-Token", [""])[0]
        else:
            token = self.headers.get("x-amz-security-token", "")
        account = responses._account_from_sts_session(key)
        account = account or iam_evaluator.find_iam_access_key_account(key)
        return iam_evaluator.resolve_credential(key, account, token)

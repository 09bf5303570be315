"""The address and credentials of an AWS: all that a client needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

# The embedded AWS listens on loopback only. A call that hangs there is a fault to see, not a
# slow network to wait for.
_CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=120,
    retries={"mode": "standard", "total_max_attempts": 2},
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True)
class Endpoint:
    """The address and credentials of an embedded AWS.

    The access key `test` with the data folder's secret is the account's root: it passes every
    permission check, as an administrator's credentials would.
    """

    url: str
    secret_access_key: str = field(repr=False)
    access_key_id: str = "test"
    session_token: str | None = field(default=None, repr=False)
    region: str = "us-east-1"

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.url.rpartition(":")[2])

    def session(self) -> boto3.Session:
        """Make a boto3 session that looks at none of the user's own profiles."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        """Make a boto3 client of `service` that talks to this endpoint."""
        return self.session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            config=_CLIENT_CONFIG,
        )

    def environment(self) -> Mapping[str, str]:
        """The variables by which any AWS SDK or command line finds this endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

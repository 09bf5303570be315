"""How its tests start an embedded AWS: the only use of `local` in this folder."""

from embedded_aws.iam.uses import Denial, Use
from local.decisions import Decisions
from local.endpoint import Endpoint
from local.messages import read_messages
from local.owner import ask, signed
from local.server import Server, start, stop

__all__ = [
    "Decisions",
    "Denial",
    "Endpoint",
    "Server",
    "Use",
    "ask",
    "read_messages",
    "signed",
    "start",
    "stop",
]

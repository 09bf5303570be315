"""What an undelivered event of the queue for outcomes is about."""

import json
from typing import Any

from ops.model.dead_queue import Undelivered
from ops.model.dead_targets import Outcomes


def test_a_job_that_was_settled_is_named() -> None:
    nothing: Any = None
    detail = {"jobId": "march", "status": "COMPLETED", "resultStats": {"imagesLeft": 3}}
    event = Undelivered("receipt", json.dumps({"detail": detail}), "refused")
    found = Outcomes(nothing, nothing, "function").subject(event)
    assert found == {"job": "march", "about": "COMPLETED"}

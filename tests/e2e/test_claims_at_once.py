"""Many events for one object at the same moment: one execution ingests it."""

import json
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from demo import seeding
from demo.comparison import compare
from demo.generator import guest_recipe, make_batch
from demo.observation import observe
from functions.domain.timestamps import timestamp
from ops.model import history
from ops.model.deployment import Deployment
from tests.e2e.held import output_of
from tests.e2e.waiting import SECONDS, until_ended

EVENTS = 20


def test_of_20_events_at_once_one_ingests_the_object(deployed: Deployment) -> None:
    run, now = uuid.uuid4().hex[:10], datetime.now(UTC)
    batch = make_batch(guest_recipe(run, records=30), run=run, now=now, seed=3)
    seeding.seed(deployed, batch)
    began = datetime.now(UTC)
    etag = seeding.deliver(deployed, batch).etag
    event = {
        "time": timestamp(datetime.now(UTC)),
        "detail": {
            "bucket": {"name": deployed.bucket},
            "object": {"key": batch.key, "etag": etag},
        },
    }

    def start(_: int) -> str:
        return deployed.step_functions.start_execution(
            stateMachineArn=deployed.state_machine, input=json.dumps(event)
        )["executionArn"]

    client = deployed.step_functions
    assert client is deployed.step_functions  # made once, before the threads ask for it
    with ThreadPoolExecutor(EVENTS) as pool:
        started = list(pool.map(start, range(EVENTS)))
    delivered = datetime.now(UTC)
    until_ended(deployed, batch.job.job_id)

    ends = Counter(_end(deployed, execution) for execution in started)
    claim = deployed.ledger.claim(batch.job.job_id, batch.key)
    assert claim is not None
    # S3's own event is one more, and may be the one that was first.
    first = int(claim.owner in started)
    assert ends == Counter({"AlreadyClaimed": EVENTS - first, "Settled": first})
    assert claim.generation == 1
    for execution in started:
        if execution != claim.owner:
            turned_away = output_of(deployed, history.read(client, execution))
            assert turned_away["owner"] == claim.owner
            assert turned_away["state"] in ("claimed", "done")
            assert claim.owner in turned_away["command"]
    seen = observe(deployed, batch)
    assert compare(batch, seen, etag=etag, not_before=began, not_after=delivered) == []


def _end(deployed: Deployment, execution: str) -> str:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = history.read(deployed.step_functions, execution)
        if found.ended is not None:
            return found.states[-1].name
        time.sleep(0.1)
    raise AssertionError(f"{execution} has not ended in {SECONDS} s")

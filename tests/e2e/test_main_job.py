"""The main job, through the S3 event alone: what was put in against all that came out."""

import shlex
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from demo import seeding
from demo.batch import Batch
from demo.comparison import compare
from demo.expectation import Expectation
from demo.generator import account_recipe, guest_recipe, make_batch
from demo.observation import observe
from ops.cli import app
from ops.commands import messages
from ops.commands.demo import what_next
from ops.model.deployment import Deployment
from ops.model.job_report import JobReport
from ops.model.uploads import Upload
from tests.e2e.waiting import eventually, executions, next_execution, until_ended


@dataclass(frozen=True)
class Delivered:
    batch: Batch
    upload: Upload
    not_after: datetime
    outcome: JobReport


@pytest.fixture(scope="module")
def delivered(deployed: Deployment) -> dict[str, Delivered]:
    """Both jobs: seeded, uploaded, and followed to their end."""
    run, now = uuid.uuid4().hex[:10], datetime.now(UTC)
    recipes = {"account": account_recipe(run, records=120), "guest": guest_recipe(run, records=60)}
    batches = {
        kind: make_batch(recipe, run=run, now=now, seed=7) for kind, recipe in recipes.items()
    }
    for batch in batches.values():
        seeding.seed(deployed, batch)
    uploads = {}
    for kind, batch in batches.items():
        uploads[kind] = (batch, seeding.deliver(deployed, batch), datetime.now(UTC))
    jobs = [batch.job.job_id for batch in batches.values()]
    outcomes = dict(zip(batches, until_ended(deployed, *jobs), strict=True))
    return {kind: Delivered(*upload, outcomes[kind]) for kind, upload in uploads.items()}


@pytest.mark.parametrize("kind", ["account", "guest"])
def test_every_item_image_dead_letter_and_record_is_what_was_put_in(
    deployed: Deployment, delivered: dict[str, Delivered], kind: str
) -> None:
    each = delivered[kind]
    differences = compare(
        each.batch,
        observe(deployed, each.batch),
        etag=each.upload.etag,
        not_before=each.upload.since,
        not_after=each.not_after,
    )
    assert differences == []


def test_the_execution_went_the_straight_way_in_several_ranges(
    deployed: Deployment, delivered: dict[str, Delivered]
) -> None:
    outcome = delivered["account"].outcome
    assert outcome.history is not None
    assert outcome.history.status == "SUCCEEDED"
    assert [run.name for run in outcome.history.states if run.kind != "Choice"] == [
        "ResolveJob",
        "ClaimObject",
        "PlanRanges",
        "LoadRanges",
        "VerifyLoad",
        "MigrateImages",
        "VerifyMigration",
        "SettleJob",
        "Settled",
    ]
    done, planned = outcome.ranges
    several = 2 if deployed.embedded else 1  # another deployment may have larger ranges
    assert done == planned >= several


def test_the_outcome_that_people_are_shown_is_the_one_that_was_put_in(
    delivered: dict[str, Delivered],
) -> None:
    for each in delivered.values():
        counts = Expectation(each.batch, each.upload.since).counts()
        shown = {**each.outcome.loads.as_dict(), **each.outcome.images.as_dict()}
        assert shown.items() <= counts.items()
        assert each.outcome.status == "COMPLETED"


def test_a_job_with_rejects_and_images_left_is_named_in_a_message(
    deployed: Deployment, delivered: dict[str, Delivered]
) -> None:
    if deployed.embedded is None:
        pytest.skip("SNS keeps no messages")
    job_id = delivered["account"].batch.job.job_id
    (message,) = eventually(
        lambda: [each for each in messages.read(deployed) if f"job {job_id} " in each.subject],
        "a message about the job's data",
    )
    assert message.text.startswith(f"Job {job_id} is COMPLETED: ")
    assert "images left in place" in message.text
    assert f"    ingest inspect {job_id}" in message.text


def test_what_the_demo_says_to_type_next_works_as_it_is_written(
    deployed: Deployment, delivered: dict[str, Delivered]
) -> None:
    job_id = delivered["account"].batch.job.job_id
    commands = what_next(deployed, job_id)
    assert commands.pop("Look").split()[1] == "console"  # tested with a browser
    for command in commands.values():
        typed = CliRunner().invoke(app, shlex.split(command)[1:])
        assert typed.exit_code == 0, typed.output


def test_a_second_upload_of_the_same_object_changes_nothing(
    deployed: Deployment, delivered: dict[str, Delivered]
) -> None:
    each = delivered["guest"]
    before, known = observe(deployed, each.batch), executions(deployed)

    assert seeding.deliver_results(deployed, each.batch).etag == each.upload.etag
    second = next_execution(deployed, key=each.batch.key, but=known)

    assert second.status == "SUCCEEDED"
    assert second.states[-1].name == "AlreadyClaimed"
    assert observe(deployed, each.batch) == before

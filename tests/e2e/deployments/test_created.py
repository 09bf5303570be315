"""The deployment that creates everything, for production."""

from pathlib import Path

import pytest

from demo.observation import observe
from ops.model.deployment import Deployment
from tests.e2e.deployments.standing import Ran, run_job, stand, take_down


@pytest.fixture(scope="module")
def created(data: Path) -> Deployment:
    return stand(data, "Created", production=True)


@pytest.fixture(scope="module")
def ran(created: Deployment) -> Ran:
    return run_job(created)


def test_a_job_is_completed_as_it_must_be(ran: Ran) -> None:
    assert (ran.status, ran.differences) == ("COMPLETED", [])


def test_deleting_the_stack_leaves_the_data(created: Deployment, ran: Ran) -> None:
    before = observe(created, ran.batch)
    assert take_down(created) == "DELETE_COMPLETE"
    assert observe(created, ran.batch) == before
    machines = created.step_functions.list_state_machines()["stateMachines"]
    assert created.state_machine not in [each["stateMachineArn"] for each in machines]

"""One embedded AWS on which grants are taken away and given back, in quick time."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local import deploy, server, synthesis
from local.decisions import Decisions
from tests.e2e.faults.world import CONTEXT, FaultyDeployment, world_in
from tests.e2e.grants.admission import Admission, admissions_of
from tests.e2e.grants.removal import RoleGrant, grants_of

# The page's words are those of the template with all defaults.
from tests.infrastructure.conftest import created, created_folder, synthesized  # noqa: F401


@dataclass(frozen=True)
class Site:
    """A deployment, its grants, and the record of what its callers were allowed."""

    world: FaultyDeployment
    grants: list[RoleGrant | Admission]
    decisions: Decisions


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with world_in(tmp_path_factory.mktemp("granted-aws")) as world:
        assembly = synthesis.synthesize(server.PROJECT, context=CONTEXT)
        template = deploy.Assembly.read(assembly).template
        grants: list[RoleGrant | Admission] = [
            *grants_of(world.deployed, template),
            *admissions_of(world.deployed, template),
        ]
        yield Site(world, grants, Decisions(world.endpoint))


@pytest.fixture(autouse=True)
def _no_faults_left(site: Site) -> Iterator[None]:
    yield
    site.world.clear_faults()

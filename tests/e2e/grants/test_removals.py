"""Every grant is used by a case, and the case fails without it: of just that, until it is back."""

from dataclasses import dataclass, field

import pytest

from tests.e2e.grants.admission import Admission
from tests.e2e.grants.conftest import Site
from tests.e2e.grants.removal import RoleGrant
from tests.e2e.grants.scenario import PATH, Scenario
from tests.e2e.grants.scenarios import SCENARIOS
from tests.infrastructure import grants_page
from tests.infrastructure.documented import documented
from tests.infrastructure.grants_page import Proof
from tests.infrastructure.template import Template

HOLDERS = sorted(
    PATH
    | {
        "FindStuckJobs",
        "RecordOutcome",
        "WorkflowTrigger",
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
)
REPRESENTATIVES = {
    ("LoadSegment", "s3:PutObject", "StorageBucket/dead-letters/*"): "an object is ingested",
    ("MigrateImages", "s3:PutObjectTagging", "StorageBucket/processed/*"): "an image has tags",
    ("RecordOutcome", "states:ListExecutions", "mapRun:BatchIngest/LoadRanges:*"): (
        "LoadRanges fails, and a message is sent"
    ),
    ("SettleJob", "s3:ListBucket", "StorageBucket, keys batch-output/*"): "an object is ingested",
    ("Workflow", "states:RedriveExecution", "execution:BatchIngest/LoadRanges:*"): (
        "LoadRanges is redriven"
    ),
    ("WorkflowTrigger", "states:StartExecution", "WorkflowStateMachine"): "an object arrives",
}
"""Run every time: a grant of each kind of holder, with the case that uses it."""


@dataclass
class Found:
    """What the tests of this module have found out.

    Attributes:
        cases: The first scenario that used a grant and shows the want of it, by the grant's row.
    """

    cases: dict[tuple[str, str, str], Scenario] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)


@pytest.fixture(scope="module")
def found() -> Found:
    return Found()


@pytest.mark.parametrize("row", REPRESENTATIVES, ids="-".join)
def test_a_case_fails_without_its_grant(site: Site, row: tuple[str, str, str]) -> None:
    (grant,) = (each for each in site.grants if each.granted.row == row)
    (scenario,) = (each for each in SCENARIOS if each.name == REPRESENTATIVES[row])

    assert prove(site, grant, scenario).denials > 0


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name.replace(" ", "-"))
def test_with_all_grants_no_call_is_denied(site: Site, found: Found, scenario: Scenario) -> None:
    case = f"with all grants: {scenario.name}"
    site.decisions.begin(case)

    assert scenario.run(site.world).ended == scenario.ends

    denied = [each for each in site.decisions.denials() if each.case == case]
    assert [str(each) for each in denied if each.action not in scenario.causes] == []
    uses = [each for each in site.decisions.uses() if each.case == case]
    for grant in site.grants:
        if scenario.is_shown(grant.granted) and any(map(grant.allowed, uses)):
            found.cases.setdefault(grant.granted.row, scenario)


@pytest.mark.slow
@pytest.mark.parametrize("holder", HOLDERS)
def test_without_a_grant_its_case_fails_of_that_alone(
    site: Site, found: Found, holder: str
) -> None:
    grants = [
        each
        for each in site.grants
        if each.granted.who == holder and documented(each.granted) is None
    ]
    assert grants
    unused = [each.granted.row for each in grants if each.granted.row not in found.cases]
    assert unused == [], "no case uses them"
    for grant in grants:
        found.proofs.append(prove(site, grant, found.cases[grant.granted.row]))


@pytest.mark.slow
def test_the_page_is_written(site: Site, found: Found, created: Template) -> None:
    """Last: only a run of all is worth a page."""
    proven = {proof.granted.row for proof in found.proofs}
    assert proven == {each.granted.row for each in site.grants if documented(each.granted) is None}
    grants_page.write(found.proofs, created)


def prove(site: Site, grant: RoleGrant | Admission, scenario: Scenario) -> Proof:
    """Run a case without a grant, then give the grant back and finish."""
    case = f"without {' '.join(grant.granted.row)}: {scenario.name}"
    site.decisions.begin(case)
    with grant.removed(site.world.deployed):
        attempt = scenario.run(site.world)
    denied = [each for each in site.decisions.denials() if each.case == case]
    missed = [each for each in denied if grant.is_missed_by(each)]
    others = [each for each in denied if not grant.is_missed_by(each)]
    assert missed, f"{case}: nothing was denied, {attempt.ended}"
    assert [str(each) for each in others if each.action not in scenario.causes] == []
    assert attempt.ended != scenario.ends, case
    site.decisions.begin(f"back again: {case}")
    attempt.finish()
    return Proof(grant.granted, scenario.name, attempt.ended, len(missed))

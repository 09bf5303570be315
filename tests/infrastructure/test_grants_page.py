"""docs/generated/grants.md has every grant of the templates, each with its proof or source."""

from tests.infrastructure.documented import documented
from tests.infrastructure.grants_page import (
    documented_table,
    grants,
    page_ends_with,
    proven_rows,
)
from tests.infrastructure.template import Template

AGAIN = "run `pytest tests/e2e/grants --long`"


def test_the_page_proves_every_grant_that_can_be_checked(created: Template) -> None:
    unexplained = {each.row for each in grants(created) if documented(each) is None}

    assert proven_rows() == unexplained, AGAIN


def test_the_page_names_the_source_of_all_others(created: Template) -> None:
    assert page_ends_with(documented_table(created)), AGAIN


def test_other_deployments_have_the_same_grants_but_for_keys(
    created: Template, template: Template
) -> None:
    usual = {each.row for each in grants(created)}
    others = [each for each in grants(template) if not each.action.startswith("kms:")]

    assert {each.row for each in others if documented(each) is None} <= usual

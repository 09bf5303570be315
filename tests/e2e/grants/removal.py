"""The grants of the deployed stack, and their removal one by one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from embedded_aws.iam.uses import Denial, Use
from ops.model.deployment import Deployment
from tests.e2e.grants.stack_resources import stack_resources
from tests.infrastructure.granted import Granted, single
from tests.infrastructure.template import Template


@dataclass(frozen=True)
class RoleGrant:
    """A grant of a role, in the words of the template and of the deployment.

    Attributes:
        granted: In the template's words.
        deployed: In the names that the deployment gave; its holder is the role's name.
        policy: Of the role's inline policies, the name of the one that has it.
    """

    granted: Granted
    deployed: Granted
    policy: str

    def allowed(self, use: Use) -> bool:
        """Whether it is the grant that allowed calls."""
        conditions = self.deployed.conditions or "{}"
        return (use.principal, use.action, use.resource, use.conditions) == (
            self.deployed.holder,
            self.deployed.action,
            self.deployed.resource,
            conditions,
        )

    def is_missed_by(self, denial: Denial) -> bool:
        """Whether a call was denied for want of it."""
        return (
            (denial.principal, denial.action) == (self.deployed.holder, self.deployed.action)
            and fnmatchcase(denial.resource, self.deployed.resource)
            and self._is_met(denial)
        )

    def _is_met(self, denial: Denial) -> bool:
        wanted: dict[str, Any] = json.loads(self.deployed.conditions or "{}")
        return all(
            fnmatchcase(str(denial.context.get(key, "")), pattern)
            for key, pattern in wanted.get("StringLike", {}).items()
        )

    @contextmanager
    def removed(self, deployed: Deployment) -> Iterator[None]:
        """Take it out of the role's policy until the block ends."""
        iam = deployed.make_client("iam")
        role = self.deployed.holder
        before = iam.get_role_policy(RoleName=role, PolicyName=self.policy)["PolicyDocument"]
        grants = list(single(role, before["Statement"]))
        assert self.deployed in grants
        left = [_statement(each) for each in grants if each != self.deployed]
        # A role with no grant left has no policy: an empty one is invalid.
        if left:
            _put(iam, role, self.policy, {**before, "Statement": left})
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=self.policy)
        try:
            yield
        finally:
            _put(iam, role, self.policy, before)


def grants_of(deployed: Deployment, template: Path) -> list[RoleGrant]:
    iam = deployed.make_client("iam")
    roles = {each.logical: each.physical for each in stack_resources(deployed)}
    found = []
    parsed = Template(template)
    for role in sorted(parsed.roles):
        name = roles[role]
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        pairs = zip(
            single(role, parsed.statements(role)),
            single(name, document["Statement"]),
            strict=True,
        )
        found += [RoleGrant(granted, made, policy) for granted, made in pairs]
    return found


def _statement(grant: Granted) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": grant.action,
        "Resource": grant.resource,
    }
    return (
        {**statement, "Condition": json.loads(grant.conditions)} if grant.conditions else statement
    )


def _put(iam: Any, role: str, policy: str, document: Any) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))

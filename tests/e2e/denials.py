"""No call is denied that its case did not cause: looked at after every test of the suites.

A function may outlive its stack's deletion, and its last calls may come in a later case. They are
denied as its role is gone, which says nothing about grants: such denials are not counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from embedded_aws.iam.uses import Denial
from local.decisions import Decisions
from local.endpoint import Endpoint


@dataclass
class Watch:
    """The embedded AWSs of a session, and the cases that were run on them.

    Attributes:
        caused: Patterns of actions that a case may have denied, by its name.
    """

    case: str = ""
    caused: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _looked_at: dict[Decisions, int] = field(default_factory=dict)

    @contextmanager
    def over(self, endpoint: Endpoint) -> Iterator[None]:
        """Watch an embedded AWS; what came late is looked at when the block ends."""
        decisions = Decisions(endpoint)
        decisions.begin(self.case)
        self._looked_at[decisions] = 0
        yield
        late = self._not_caused(decisions)
        del self._looked_at[decisions]
        assert not late, late

    def begin(self, case: str, *, causes: tuple[str, ...]) -> None:
        """Count what follows under a case."""
        self.case = case
        self.caused[case] = causes
        for decisions in self._looked_at:
            decisions.begin(case)

    def check(self) -> None:
        """Fail on what was denied since the last look, and not caused by its case."""
        denied = [each for seen in list(self._looked_at) for each in self._not_caused(seen)]
        assert not denied, denied

    def _not_caused(self, decisions: Decisions) -> list[str]:
        denials = decisions.denials()
        new = denials[self._looked_at[decisions] :]
        self._looked_at[decisions] = len(denials)
        return [str(each) for each in new if not self._is_caused(each)]

    def _is_caused(self, denial: Denial) -> bool:
        patterns = self.caused.get(denial.case, ())
        return denial.without_policies or any(
            fnmatchcase(denial.action, pattern) for pattern in patterns
        )


watch = Watch()

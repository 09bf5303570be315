"""Rules: how the embedded Bedrock answers the records of a job, and how the job ends.

A rule is chosen by a test or a person over HTTP, before the job is created. The last one that names
the job's name is the job's; without one every record is answered by `DEFAULT_TEXT` and the job
completes. At /_embedded/bedrock GET lists the rules, POST adds one, DELETE removes all, or those of
a `{"jobName": PATTERN}`.

What each field means is in the table of docs/local-aws.md.
The same rule, input and seed make the same output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from embedded_aws.bedrock import jobs

DEFAULT_TEXT = "The embedded AWS has no rule that answers this record."
_HOLDS = frozenset({"", jobs.SUBMITTED, jobs.VALIDATING, jobs.SCHEDULED, jobs.IN_PROGRESS})
_MANIFESTS = frozenset({"last", "first", "none"})
_ANSWERS = frozenset({"text", "modelOutput", "error", "line"})
_PROCESSED = {jobs.COMPLETED: 1.0, jobs.FAILED: 0.0, jobs.EXPIRED: 0.0}
Answer = Mapping[str, Any]
Answers = Answer | Sequence[Answer]


class UnknownRule(ValueError):  # noqa: N818 - what is wrong with it
    """A rule that has an unknown field or value."""


@dataclass(frozen=True)
class Rule:
    """How jobs are answered; the fields are those of the documented table."""

    job_name: str = "*"
    answers: Mapping[str, Answers] = field(default_factory=dict, repr=False)
    text: str = DEFAULT_TEXT
    error_share: float = 0.0
    truncated_share: float = 0.0
    seed: int = 0
    shuffled: bool = False
    end: str = jobs.COMPLETED
    processed_share: float | None = None
    failure_message: str = "The embedded AWS failed this job: its rule says so."
    manifest: str = "last"
    hold_at: str = ""
    minimum_records: int = 100

    @classmethod
    def from_json(cls, value: Any) -> Rule:
        """Read a rule.

        Raises:
            UnknownRule: A field or a value is not in the documented table.
        """
        if not isinstance(value, dict):
            raise UnknownRule("a rule is a JSON object")
        if unknown := sorted(value.keys() - _ATTRIBUTES.keys()):
            raise UnknownRule(f"a rule has no field {', '.join(unknown)}")
        rule = cls(**{_ATTRIBUTES[name]: each for name, each in value.items()})
        rule._check()
        return rule

    def _check(self) -> None:
        shares = (self.error_share, self.truncated_share, self.processed)
        if not all(isinstance(each, int | float) and 0 <= each <= 1 for each in shares):
            raise UnknownRule("a share is a number from 0 to 1")
        if self.error_share + self.truncated_share > 1:
            raise UnknownRule("errorShare and truncatedShare are more than 1 together")
        for name, value, known in (
            ("end", self.end, jobs.ENDED),
            ("holdAt", self.hold_at, _HOLDS),
            ("manifest", self.manifest, _MANIFESTS),
        ):
            if value not in known:
                raise UnknownRule(f"{name} is one of {', '.join(sorted(known))}")
        for name, answers in self.answers.items():
            given = answers if isinstance(answers, list) else [answers]
            if not given or not all(_is_answer(each) for each in given):
                raise UnknownRule(f"the answer to {name} is one of {', '.join(sorted(_ANSWERS))}")

    @property
    def processed(self) -> float:
        """The share of the records that are answered before the job ends."""
        default = _PROCESSED.get(self.end, 0.5)
        return default if self.processed_share is None else self.processed_share

    def as_json(self) -> dict[str, Any]:
        """The rule as it is shown over HTTP, with the answers counted."""
        shown = {name: getattr(self, attribute) for name, attribute in _ATTRIBUTES.items()}
        return {**shown, "answers": len(self.answers)}


def _is_answer(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and value.keys() <= _ANSWERS


def _camel_case(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return "".join((first, *(word.title() for word in rest)))


_ATTRIBUTES = {_camel_case(each.name): each.name for each in fields(Rule)}


@dataclass
class Rules:
    """The rules in force, guarded by `jobs.changed`."""

    _rules: list[Rule] = field(default_factory=list)

    def add(self, rule: Rule) -> None:
        """Put a rule in force, before all others."""
        with jobs.changed:
            self._rules.insert(0, rule)

    def remove(self, job_name: str | None = None) -> None:
        """Remove the rules of a pattern, or all; jobs that they hold go on."""
        with jobs.changed:
            self._rules = [
                each for each in self._rules if job_name is not None and each.job_name != job_name
            ]
            jobs.changed.notify_all()

    def all(self) -> list[Rule]:
        """The rules, the last added first."""
        with jobs.changed:
            return list(self._rules)

    def of(self, job_name: str) -> Rule:
        """The rule of a job."""
        return next((each for each in self.all() if fnmatchcase(job_name, each.job_name)), Rule())

    def hold(self, job: jobs.Job, rule: Rule) -> None:
        """Wait while a rule holds a job in its present status.

        Returns at once for another status; also when the job is asked to stop.
        """
        with jobs.changed:
            jobs.changed.wait_for(
                lambda: job["status"] != rule.hold_at or not any(r is rule for r in self._rules)
            )


rules = Rules()


def api(method: str, value: Any) -> dict[str, Any]:
    """The rules over HTTP."""
    if method == "POST":
        rules.add(Rule.from_json(value))
    elif method == "DELETE":
        rules.remove(value["jobName"] if value else None)
    return {"rules": [rule.as_json() for rule in rules.all()]}

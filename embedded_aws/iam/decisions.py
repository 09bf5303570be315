"""The record of decisions about permissions: who called what, on what, and by which grant.

Every decision about a role, or about a service that a resource's own policy admits, is recorded:
an allowed call under the one grant that allowed it (action, the policy's resource pattern,
and of its conditions the values that were met), a denied one under its resource. Who
runs cases one after the other names each, and can tell afterwards which of them used a grant.

Over HTTP, at /_embedded/decisions, GET shows the record, POST `{"case": NAME}` begins a case, and
DELETE forgets everything except the case's name.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ministack.core import iam_evaluator

from embedded_aws.iam.uses import Denial, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DENIALS_KEPT = 10_000

_enforce = iam_evaluator.enforce
_evaluate = iam_evaluator.evaluate


@dataclass
class Record:
    """Uses, one for each grant and case, and the last denials."""

    case: str = ""
    uses: Counter[Use] = field(default_factory=Counter)
    denials: deque[Denial] = field(default_factory=lambda: deque(maxlen=_DENIALS_KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, case: str) -> None:
        """Record what follows under a case."""
        with self._lock:
            self.case = case

    def used(self, context: Any, statement: Any) -> None:
        """Record a call that a statement allowed."""
        name = _name_of(context.principal_arn)
        pattern = _matching(context, statement.resources)
        conditions = json.dumps(_met(statement.conditions, context), sort_keys=True)
        with self._lock:
            self.uses[Use(name, context.action, pattern, conditions, self.case)] += 1

    def denied(
        self,
        by: str,
        action: str,
        resource: str,
        context: Mapping[str, Any] | None = None,
        *,
        without_policies: bool = False,
    ) -> None:
        """Record a call that was denied."""
        with self._lock:
            self.denials.append(
                Denial(by, action, resource, dict(context or {}), self.case, without_policies)
            )

    def clear(self) -> None:
        """Forget everything except the case's name."""
        with self._lock:
            self.uses.clear()
            self.denials.clear()

    def as_json(self) -> dict[str, Any]:
        """The record, as the HTTP API shows it."""
        with self._lock:
            return {
                "case": self.case,
                "uses": [{**vars(use), "count": count} for use, count in self.uses.items()],
                "denials": [vars(denial) for denial in self.denials],
            }


record = Record()


def api(method: str, value: Any) -> dict[str, Any]:
    """The record over HTTP."""
    if method == "POST":
        record.begin(str(value["case"]))
    elif method == "DELETE":
        record.clear()
    return record.as_json()


def install() -> None:
    """Record what MiniStack decides; `embedded_aws.iam.roles` reports its own denials."""
    iam_evaluator.evaluate = _evaluate_and_record
    iam_evaluator.enforce = _enforce_and_record


def _name_of(arn: str) -> str:
    """`Name` of `arn:aws:sts::111122223333:assumed-role/Name/session`; all else as it is."""
    return arn.split("/")[1] if ":assumed-role/" in arn else arn


def _evaluate_and_record(context: Any, policies: Any, *limits: Any) -> Any:
    result = _evaluate(context, policies, *limits)
    if result.decision == "Allow":
        statements = [statement for policy in policies for statement in policy]
        record.used(context, iam_evaluator._first_match(context, statements, "Allow"))
    return result


def _enforce_and_record(
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    result = _enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    # The other refusals are about credentials; no permission was evaluated.
    if isinstance(result, iam_evaluator.EvalResult):
        arn, by = result.principal_arn, _name_of(result.principal_arn)
        bare = by != arn and not iam_evaluator._gather_role_policies(by, arn.split(":")[4])
        record.denied(by, iam_action, resource_arn, service_context, without_policies=bare)
    return result


def _matching(context: Any, patterns: Iterable[str]) -> str:
    """The one pattern of a statement that a call's resource has."""
    return next(
        (each for each in patterns if iam_evaluator.fnmatch_iam_cs(context.resource_arn, each)),
        context.resource_arn,
    )


def _met(conditions: Mapping[str, Any], context: Any) -> dict[str, dict[str, Any]]:
    """The conditions of a statement, with those of several values by which a call met them."""
    return {
        operator: {key: _values_met(operator, key, value, context) for key, value in keys.items()}
        for operator, keys in conditions.items()
    }


def _values_met(operator: str, key: str, value: Any, context: Any) -> Any:
    if not isinstance(value, list):
        return value
    met = [one for one in value if iam_evaluator._conditions_met({operator: {key: one}}, context)]
    return met[0] if len(met) == 1 else met

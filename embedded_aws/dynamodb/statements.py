"""Permissions of PartiQL statements: MiniStack asks for the operation, IAM for each statement's.

`INSERT` needs `dynamodb:PartiQLInsert` on its table, `UPDATE` `dynamodb:PartiQLUpdate`, and so on
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html). A batch of which
one statement is not allowed is refused as a whole here; what AWS answers then is not documented.
"""

from __future__ import annotations

import json
from typing import Final

from ministack.core import iam_actions
from ministack.services import dynamodb

_checks = iam_actions.dynamodb_transaction_checks

_BATCHES: Final = {
    "dynamodb:BatchExecuteStatement": "Statements",
    "dynamodb:ExecuteTransaction": "TransactStatements",
}
_SINGLE: Final = "dynamodb:ExecuteStatement"


def install() -> None:
    """Ask for the permission of each statement."""
    iam_actions.dynamodb_transaction_checks = _statement_checks


def _statement_checks(
    iam_action: str, body: bytes, region: str, account_id: str
) -> list[tuple[str, str]]:
    if iam_action != _SINGLE and iam_action not in _BATCHES:
        checks: list[tuple[str, str]] = _checks(iam_action, body, region, account_id)
        return checks
    request = json.loads(body or b"{}")
    statements = [request] if iam_action == _SINGLE else request.get(_BATCHES[iam_action], [])
    needed: dict[tuple[str, str], None] = {}
    for each in statements:
        try:
            parsed = dynamodb._parse_partiql(each["Statement"], each.get("Parameters", []))
        except (KeyError, ValueError):
            continue  # the service itself says what is wrong with it
        action = f"dynamodb:PartiQL{parsed['op'].capitalize()}"
        needed[action, f"arn:aws:dynamodb:{region}:{account_id}:table/{parsed['table']}"] = None
    return list(needed)

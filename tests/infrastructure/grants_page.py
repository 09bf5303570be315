"""Reads and writes docs/generated/grants.md: what a run has proven, what AWS documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.infrastructure.documented import Documented, documented
from tests.infrastructure.granted import Granted, to_roles, to_services
from tests.infrastructure.template import Template

PAGE = Path(__file__).resolve().parents[2] / "docs" / "generated" / "grants.md"

_HEAD = """# Every grant is needed, and enough

What each role of the stack may do, and whom the policies of its queues, topic, functions and keys
admit. Names are those of the template; `Workflow` is the state machine, `WorkflowTrigger` the rule
that starts it.

**Enough:** the embedded AWS checks and records every call. The end-to-end, redrive and failure
suites fail on a denial that their case did not cause.

**Needed:** each grant of the first table was used by the case named, and the case was then run
without it. Every denial was of that action on that resource; the last column says how the run
ended. Then the grant was put back, and a redrive or another command finished the work.

The embedded AWS does not check the grants of the second table. AWS documents that they are needed.
Both tables are of a deployment with all defaults. One onto imported resources has the same grants
on those, and a function of CDK that switches on the bucket's events.
[Encryption](../encryption.md) lists the grants for a key of yours.

This page is written by `pytest tests/e2e/grants --long`. `make test` runs some of its cases, and
compares both tables with the templates: a new grant needs a case here, or a source.
"""

_PROVEN = re.compile(
    r"^\| (\S+) \| `([a-z0-9]+:\w+)` \| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE
)
_DOCUMENTED = "| Action | On | Under the condition | Of | For |\n|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Proof:
    """A run without a grant.

    Attributes:
        case: That used it.
        without: How the same case ended without it.
        denials: How many calls were denied.
    """

    granted: Granted
    case: str
    without: str
    denials: int


def write(proofs: Sequence[Proof], template: Template) -> None:
    calls = sum(proof.denials for proof in proofs)
    lines = [
        _HEAD,
        "## Proven by a run without it",
        "",
        f"{len(proofs)} grants, {len(proofs)} removals, {calls} denied calls.",
        "",
        "| Who | Action | On | Case | Without it |",
        "|---|---|---|---|---|",
        *(_proven(proof) for proof in sorted(proofs, key=lambda proof: proof.granted.row)),
        "",
        "## Documented by AWS",
        "",
    ]
    PAGE.write_text("\n".join(lines) + "\n" + documented_table(template), encoding="utf-8")


def proven_rows() -> set[tuple[str, str, str]]:
    """What the page says was proven."""
    return {(who, action, on) for who, action, on, _, _ in _PROVEN.findall(_text())}


def page_ends_with(table: str) -> bool:
    """Whether a table is the page's last one, whole."""
    return _text().endswith("\n\n" + table)


def documented_table(template: Template) -> str:
    """The grants that AWS documents, those of several holders in one row."""
    holders: dict[tuple[str, str, str, Documented], set[str]] = {}
    for granted in grants(template):
        if (why := documented(granted)) is not None:
            own = granted.where == f"Workers{granted.who}Logs" or granted.where.endswith(
                "SwitchLogs"
            )
            on = "its own log group" if own else f"`{granted.where}`"
            holders.setdefault((granted.action, on, granted.under, why), set()).add(granted.who)
    rows = sorted(
        f"| `{action}` | {on} | {_code(under)} | {', '.join(sorted(who))} "
        f"| [{why.needed}]({why.source}) |\n"
        for (action, on, under, why), who in holders.items()
    )
    return _DOCUMENTED + "".join(rows)


def grants(template: Template) -> list[Granted]:
    return [*to_roles(template), *to_services(template)]


def _proven(proof: Proof) -> str:
    who, action, on = proof.granted.row
    return f"| {who} | `{action}` | `{on}` | {proof.case} | {proof.without} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _text() -> str:
    return PAGE.read_text(encoding="utf-8")

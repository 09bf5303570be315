"""Every example of docs/contract.md is what the product does."""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from functions.domain.attribute_values import from_item
from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.claims import ClaimState
from functions.domain.counts import LoadCounts
from functions.domain.jobs import Job, JobFacts, status_of
from functions.domain.lines import split_lines
from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key
from functions.domain.receipts.forms import Form, answer_of
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.reject import RejectReason
from functions.domain.receipts.transaction import Retention, TransactionBuilder
from functions.domain.records import Padding, Reject
from functions.domain.timestamps import parse_timestamp
from functions.domain.transactions import Transaction
from tests.lines import PADDING_PREFIX

DOCUMENT = Path(__file__).parents[2] / "docs" / "contract.md"
BLOCK = re.compile(r"^```(?:json|text) ([^\n]+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
LINE_BYTES_LIMIT = 16 * 1024 * 1024
LETTERS_OF_ITEM_TOO_LARGE = 410_000
RETENTION = Retention(guest=timedelta(days=60), account=timedelta(days=365))


def _blocks() -> list[tuple[str, str]]:
    """Title and content of each fenced block that has a title."""
    return [(title, body) for title, body in BLOCK.findall(DOCUMENT.read_text("utf-8"))]


def _only(title: str) -> str:
    (body,) = (body for each, body in _blocks() if each == title)
    return body


def _examples() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Title and text of each record, title and content of what it must become."""
    blocks = _blocks()
    for (title, body), (outcome_title, outcome) in itertools.pairwise(blocks):
        if title.startswith("record"):
            yield title, body, outcome_title, json.loads(outcome, parse_float=Decimal)


def _line(record: str) -> bytes:
    """A record as the one line that it is in a file."""
    compact = " ".join(part.strip() for part in record.splitlines())
    return compact.replace('"@\\"', '"' + "x" * LETTERS_OF_ITEM_TOO_LARGE + '\\"').encode()


def _job() -> Job:
    record = json.loads(_only("job"))
    return Job.from_record(record["jobId"], record)


def _become(content: bytes, *, limit: int) -> dict[str, Any] | Reject | Padding:
    """What the product makes of a line: an item's plain values, a reject, or padding."""
    builder = TransactionBuilder(
        _job(),
        root_id=_job().job_id,
        event_time=parse_timestamp("2026-07-01T03:04:05Z"),
        retention=RETENTION,
    )
    interpret = Interpreter(builder, line_bytes_limit=limit, padding_prefix=PADDING_PREFIX)
    (line,) = split_lines([content], start=0, line_bytes_limit=limit)
    outcome = interpret(line)
    return from_item(outcome.item) if isinstance(outcome, Transaction) else outcome


@pytest.mark.parametrize("example", list(_examples()), ids=lambda example: example[1][:60])
def test_a_record_becomes_what_the_document_says(
    example: tuple[str, str, str, dict[str, Any]],
) -> None:
    title, record, outcome, expected = example
    bound = re.search(r"at most (\d+) bytes", title)
    found = _become(_line(record), limit=int(bound[1]) if bound else LINE_BYTES_LIMIT)
    if outcome == "reject":
        assert isinstance(found, Reject)
        shown = {
            "reason": found.reason.value,
            "recordId": found.record_id,
            "details": found.details,
            "excerpt": found.excerpt,
        }
        assert {key: shown[key] for key in expected} == expected
        assert (found.record_id is None) == ("recordId" not in expected)
    elif outcome == "padding":
        assert found == Padding(expected["recordId"])
    else:
        assert isinstance(found, dict)
        if outcome == "transaction":
            assert found == expected
        else:
            assert outcome == "transaction-part"
            assert {key: found[key] for key in expected} == expected


def test_every_reason_and_form_has_an_example() -> None:
    examples = list(_examples())
    reasons = {
        expected.get("reason") for _, _, outcome, expected in examples if outcome == "reject"
    }
    assert reasons == {reason.value for reason in RejectReason}
    answers = [
        answer_of(json.loads(_line(record)))
        for _, record, outcome, _ in examples
        if outcome.startswith("transaction")
    ]
    assert {answer.form for answer in answers if answer} == set(Form)


@pytest.mark.parametrize("row", _only("keys").splitlines())
def test_a_key_is_what_the_document_says(row: str) -> None:
    key, meaning = re.split(r" {2,}", row)
    parsed = parse_key(key)
    match parsed and parsed.of_job("job-1"):
        case ResultsKey():
            assert meaning == "results object of job-1"
        case ManifestKey():
            assert meaning == "manifest of job-1"
        case None:
            assert meaning == "ignored"


@pytest.mark.parametrize("row", _only("statuses").splitlines()[1:])
def test_a_job_has_the_status_that_the_document_says(row: str) -> None:
    claims, young, records, rejects, expected, manifest, bedrock, grace, status = re.split(
        r" {2,}", row
    )
    bad = int(rejects)
    facts = JobFacts(
        claims=[] if claims == "-" else [ClaimState(state) for state in claims.split(", ")],
        unclaimed=young == "yes",
        loads=LoadCounts(success=int(records) - bad, rejects={"ModelError": bad} if bad else {}),
        expected=None if expected == "unknown" else int(expected),
        has_manifest=manifest == "came",
        bedrock=None if bedrock == "-" else BedrockStatus(bedrock),
        grace_passed=grace == "passed",
    )
    assert status_of(facts).value == status

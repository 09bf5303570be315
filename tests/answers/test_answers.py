"""Each answer of the files becomes what docs/contract.md says, and a reject tells its cause.

Single shapes of answers, with their sources, are in tests/reference/shapes.
"""

from collections import Counter
from pathlib import Path

import pytest

from functions.domain.lines import split_lines
from functions.domain.records import Outcome, Padding, Reject
from functions.domain.transactions import Transaction
from tests.unit.load.segment_loading import interpreter

FILES = Path(__file__).parent / "files"
LIMIT = 16 * 1024 * 1024
INTERPRET = interpreter(line_bytes_limit=LIMIT)
INVALID = "InvalidReceipt"
CASES = {
    "broken-json.jsonl.out": {
        "json-trailing-comma": "NoJsonInText: trailing comma",
        "json-raw-newline": "NoJsonInText: control character",
        "json-raw-tab": "NoJsonInText: control character",
        "json-inner-quotes": "NoJsonInText: character 130 of the text",
        "json-single-quotes": "NoJsonInText: character 2 of the text: key must be a string",
        "json-comment": "NoJsonInText: character 139 of the text",
        "json-bad-escape": "NoJsonInText: character 76 of the text: invalid escape",
        "json-number-commas": "NoJsonInText: character 14 of the text",
        "json-leading-zero": "NoJsonInText: character 13 of the text: invalid number",
        "json-nan": "NoJsonInText: character 12 of the text: expected value",
        "json-plus": "NoJsonInText: character 12 of the text: expected value",
        "json-arith": "NoJsonInText: character 17 of the text",
    },
    "truncated-and-refused.jsonl.out": {
        "json-cut": "Truncated: max_tokens",
        "json-missing-brace": "Truncated: it ends within an object",
        "empty-chat-length": "Truncated: length",
        "message-content-null-converse": "Truncated: output.message.content is null",
        "refusal-anthropic": "Refused: stop reason: refusal",
        "refusal-chat": "Refused: I can't help with that.",
        "content-filtered-nova": "Refused: content_filtered",
        "guardrail": "Refused: INTERVENED",
        "empty-text": "NoJsonInText: the text is empty",
    },
    "invalid-fields.jsonl.out": {
        "merchant-null": f"{INVALID}: merchant: must be a string, not null",
        "merchant-empty": f"{INVALID}: merchant: must not be blank",
        "merchant-object": f"{INVALID}: merchant: must be a string, not an object",
        "category-caps": f"{INVALID}: category: must be sale, purchase",
        "category-food": f"{INVALID}: category: must be sale, purchase",
        "category-null": f"{INVALID}: not null",
        "category-id": f"{INVALID}: not a number",
        "category-list": f"{INVALID}: not a list of 1",
        "type-caps": f"{INVALID}: type: must be income or expense",
        "type-null": f"{INVALID}: type: must be income or expense, not null",
        "type-missing": f"{INVALID}: type: is missing",
        "description-list": f"{INVALID}: description: must be a string, not a list of 2",
    },
    "arrays-and-wrappers.jsonl.out": {
        "array-one": "1280",
        "array-two": "SeveralReceipts: a second object begins at character 142",
        "jsonl-two": "SeveralReceipts: a second object begins at character 140",
        "wrapped": f"{INVALID}: the object has the keys receipt",
        "wrapped-transactions": f"{INVALID}: the object has the keys transactions",
        "schema-echo": f"{INVALID}: the object has the keys type, properties, required",
        "json-in-string": "NoJsonInText: key must be a string",
        "keys-caps": f"{INVALID}: the object has the keys Amount, Type",
        "keys-synonym": f"{INVALID}: the object has the keys total_amount",
    },
}
WHOLE = {
    "padded.jsonl.out": {"good": 30, "padding": 70},
    "dates-null.jsonl.out": {"good": 15, "InvalidReceipt": 45},
    "closing-fence-alone.jsonl.out": {"good": 19},
    "concatenated.jsonl.out": {"InvalidJson": 1},
    "one-json-array.jsonl": {"InvalidJson": 1},
    "gzip.jsonl.out": {"InvalidJson": 3},
}
LOOKS = {
    "concatenated.jsonl.out": "several objects a line (the second begins at byte 465",
    "one-json-array.jsonl": "the object looks like one JSON array",
    "gzip.jsonl.out": "the object looks like gzip",
}


def _outcomes(body: bytes) -> list[Outcome]:
    return [INTERPRET(line) for line in split_lines([body], start=0, line_bytes_limit=LIMIT)]


def _assert_becomes(outcome: Outcome, expected: str) -> None:
    """Compare with an amount, or with a reason and a part of a detail."""
    reason, _, detail = expected.partition(": ")
    if isinstance(outcome, Transaction):
        assert outcome.item["amount"] == {"N": expected}
        return
    assert isinstance(outcome, Reject)
    assert outcome.reason.value == reason, outcome.details
    assert any(detail in each for each in outcome.details), outcome.details


@pytest.mark.parametrize("name", CASES)
def test_each_record_of_a_file_becomes_what_the_contract_says(name: str) -> None:
    outcomes = _outcomes((FILES / name).read_bytes())
    ids = [
        outcome.image_id if isinstance(outcome, Transaction) else outcome.record_id
        for outcome in outcomes
    ]
    assert ids == list(CASES[name])
    for outcome, expected in zip(outcomes, CASES[name].values(), strict=True):
        _assert_becomes(outcome, expected)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_counted(name: str) -> None:
    outcomes = _outcomes((FILES / name).read_bytes())
    counts = Counter(_kind(outcome) for outcome in outcomes)
    assert counts == WHOLE[name]
    if name in LOOKS:
        (first, *_) = outcomes
        assert isinstance(first, Reject)
        assert any(LOOKS[name] in detail for detail in first.details)


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome, Reject):
        return outcome.reason.value
    return "padding" if isinstance(outcome, Padding) else "good"


def test_every_file_is_tested() -> None:
    assert {path.name for path in FILES.iterdir()} == CASES.keys() | WHOLE.keys()

"""What batch-capable models are documented or reported to answer is read or refused as specified.

`shapes/*.jsonl` holds one shape a line: its name, its public source, what it must become
(`transaction`, `padding` or a reason), for some what a detail of the product's reject must tell,
and a record of that shape. The sources give the shapes alone: the data is made up.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.domain.records import Reject as ProductReject
from tests.reference import transactions
from tests.reference.compare import comparer
from tests.reference.product import Product
from tests.reference.records import Padding, Reject
from tests.reference.transactions import Context, Verdict

COMPARE = comparer(Context())
PRODUCT = Product.of(Context())
SHAPES: list[dict[str, Any]] = [
    json.loads(line) | {"family": path.stem}
    for path in sorted((Path(__file__).parent / "shapes").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
RECEIPT = {
    "amount": {"N": "1280"},
    "type": {"S": "expense"},
    "date": {"S": "2026-06-30"},
    "merchant": {"S": "Kissa Maru"},
    "category": {"S": "purchase"},
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape['family']}: {shape['name']}")
def test_the_shape_is_read_or_refused_as_specified(shape: dict[str, Any]) -> None:
    line = json.dumps(shape["record"], ensure_ascii=False).encode()
    verdict = transactions.judge(line, Context())
    assert _name(verdict) == shape["becomes"]
    if isinstance(verdict, transactions.Stored):
        assert RECEIPT.items() <= verdict.item.items()
    difference = COMPARE(line)
    assert difference is None, difference
    if tells := shape.get("tells"):
        found = PRODUCT.judge(line)
        assert isinstance(found, ProductReject)
        assert any(tells in detail for detail in found.details), found.details


def test_every_shape_has_a_source() -> None:
    assert len(SHAPES) >= 115
    assert all(shape["source"].startswith(("https://", "docs/")) for shape in SHAPES)


def _name(verdict: Verdict) -> str:
    if isinstance(verdict, Padding):
        return "padding"
    return verdict.reason.value if isinstance(verdict, Reject) else "transaction"

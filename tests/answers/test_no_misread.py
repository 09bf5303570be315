"""Whatever is accepted is the only object that a person sees in the text, digit for digit."""

import json
import re
from decimal import Decimal
from typing import NamedTuple

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.domain.receipts.receipt import read_receipt
from functions.domain.receipts.record import GoodRecord
from functions.domain.receipts.reject import Unreadable
from tests.answers.shapes import RECEIPT, anthropic, calls, chat, converse, tool_use
from tests.lines import read

TAG = "(reasoning|think|thinking)"
TAG_ENDS = re.compile(rf"</{TAG}>")
REASONING = re.compile(rf"[\s\ufeff]*<{TAG}>(?:.*?</\1>|.*)", re.DOTALL)
BEHIND_LAST_CLOSING = re.compile(rf".*</{TAG}>", re.DOTALL)
WORDS = (
    *("Here: ", "\n", "\ufeff ", "```json\n", "```", "[", "]", ";", '"', "}", "{x", "\\"),
    *(",", "{a}", "}{", '{"a": "', '{"a": 1}', "<answer>", "</answer>", "<|eot_id|>", "「合計」"),
)
TAGS = ("<think>", "</think>", "<reasoning>", "</reasoning>", "<thinking>", "</thinking>")
DESCRIPTIONS = ("", "}", "{", '"', "\\", "</think>", "<think>", '{"amount": 9}', '"}, {"a": 1')


class Piece(NamedTuple):
    """Part of a text.

    Attributes:
        text: As it stands there.
        kind: `whole` and `headless` ones are objects to a person, the latter at the front only.
        amount: Of the receipt in it; 0 for none.
    """

    text: str
    kind: str = "words"
    amount: int = 0


def _object(amount: int, kind: str, description: str) -> Piece:
    written = json.dumps({**RECEIPT, "description": description, "amount": amount})
    text = {"whole": written, "headless": written[1:], "cut": written[:-1]}[kind]
    return Piece(text, kind, amount)


_OBJECTS = st.builds(
    _object,
    st.integers(1, 10**6),
    st.sampled_from(("whole", "whole", "headless", "cut")),
    st.sampled_from(DESCRIPTIONS),
)
_PIECES = st.lists(
    _OBJECTS
    | st.just(Piece("{}", "whole"))
    | st.sampled_from([Piece(text) for text in (*WORDS, *TAGS)]),
    max_size=7,
)


def _begins(text: str) -> int:
    """Where the answer begins, behind its reasoning: written from the contract."""
    at = 0
    if not REASONING.match(text) and (found := BEHIND_LAST_CLOSING.match(text)):
        at = found.end()
    while found := REASONING.match(text, at):
        at = found.end()
    return at


@settings(max_examples=2000, deadline=None)
@given(_PIECES)
def test_what_is_accepted_is_the_only_object_behind_the_reasoning(pieces: list[Piece]) -> None:
    text = "".join(piece.text for piece in pieces)
    starts = [sum(len(piece.text) for piece in pieces[:number]) for number in range(len(pieces))]
    try:
        accepted = read_receipt(text)["amount"]
    except Unreadable:
        return
    objects = [piece for piece in pieces if piece.amount]
    # By the contract, such a tag ends the reasoning of a text that is not one object alone.
    assume(len(objects) < 2 or not any(TAG_ENDS.search(piece.text) for piece in objects))
    alone = [piece for piece in pieces if piece.text.strip(" \n\ufeff")]
    begins = 0 if len(alone) == 1 else _begins(text)
    whole = [
        piece.amount
        for piece, start in zip(pieces, starts, strict=True)
        if piece.kind in ("whole", "cut") and start >= begins
    ]
    in_front = next(
        (
            piece
            for piece, start in zip(pieces, starts, strict=True)
            if start >= begins and piece.text.strip(" \n\ufeff")
        ),
        Piece(""),
    )
    headless = [in_front.amount] if in_front.kind == "headless" else []
    assert [accepted] == headless + whole


_NUMBERS = st.from_regex(
    r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)


@settings(max_examples=300, deadline=None)
@given(_NUMBERS, st.sampled_from(["tool use", "toolUse", "tool call", "text"]))
def test_a_number_is_kept_as_it_is_written(number: str, form: str) -> None:
    value = Decimal(number)
    significant = "".join(map(str, value.as_tuple().digits)).strip("0")
    assume(Decimal("1e-130") <= value <= 10**12 and len(significant) <= 38)
    mark = 123456789
    receipt = {**RECEIPT, "amount": mark, "other": [mark, {"amount": mark}]}
    text = json.dumps(receipt)
    record = {
        "tool use": anthropic("ok", tool_use(**receipt)),
        "toolUse": converse({"toolUse": {"input": receipt}}),
        "tool call": chat(None, tool_calls=calls(text)),
        "text": converse(f"```{text}```"),
    }[form]
    line = json.dumps({"recordId": "r", "modelInput": {"amount": mark}, **record})
    good = read(line.replace(str(mark), number).encode())
    assert isinstance(good, GoodRecord)
    assert good.receipt["amount"] == value

"""Records that must be rejected, one maker a reason (the contract, section 1.6)."""

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.reference.forms import FORM_MAKERS, Form
from tests.reference.records import Reason
from tests.reference.tree import Members, Node, Style, to_bytes, write
from tests.reference.vocabulary import BAD_FIELDS


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A record about to be spoilt for a reason."""

    line_limit: int
    chance: random.Random
    record: Members
    receipt: Members
    form: Form
    style: Style

    def written(self) -> str:
        return write(self.record, self.style, self.chance)

    def with_text(self, text: str) -> str:
        """The record's form again, around another text."""
        output = FORM_MAKERS[self.form](text, self.chance)
        self.record.put("output" if self.form is Form.HANDMADE else "modelOutput", output)
        return self.written()


def _line_too_long(spoilt: Spoilt) -> str:
    line = spoilt.written()
    missing = spoilt.line_limit + 1 - len(to_bytes(line))
    return line + " " * max(0, missing)


def _invalid_json(spoilt: Spoilt) -> str:
    line, chance = spoilt.written(), spoilt.chance
    inside = line.rindex("}")
    return chance.choice(
        (
            line[: chance.randint(1, len(line) - 1)].rstrip() + "\\",
            line + "x",
            f"[{line}]",
            "garbage",
            "\x00",
            "null",
            line[:inside] + ',"score":NaN}',
            line[:inside] + ',"score":-Infinity}',
            line[:inside] + ',"lone":"\\ud800"}',
            line[:inside] + ',"byte":"\udcff"}',
            line[:inside] + ',"deep":' + "[" * 200 + "]" * 200 + "}",
            line[:inside] + ',"long":' + "9" * 4301 + "}",
            line[:inside] + ",}",
        )
    )


def _missing_record_id(spoilt: Spoilt) -> str:
    for key in ("recordId", "customData"):
        no_ids: tuple[Node, ...] = (None, 12, "", "é" * 1025, ["id"], Members([("id", "x")]))
        spoilt.record.put(key, spoilt.chance.choice(no_ids))
    return spoilt.written()


def _model_error(spoilt: Spoilt) -> str:
    if spoilt.chance.random() < 0.7:
        spoilt.record.pairs[:] = [
            pair for pair in spoilt.record.pairs if pair[0] not in ("modelOutput", "output")
        ]
    spoilt.record.put("error", FORM_MAKERS[Form.ERROR]("", spoilt.chance))
    return spoilt.written()


def _unknown_form(spoilt: Spoilt) -> str:
    spoilt.record.put("output", spoilt.chance.choice((None, "text", Members([("text", 5)]))))
    outputs: tuple[Node, ...] = (
        None,
        Members(),
        [],
        "text",
        Members([("content", "text")]),
        Members([("choices", [])]),
        Members([("generation", None)]),
        Members([("outputs", [Members([("Text", "x")])])]),
        Members([("output", Members([("message", Members())]))]),
    )
    spoilt.record.put("modelOutput", spoilt.chance.choice(outputs))
    return spoilt.written()


def _no_json_in_text(spoilt: Spoilt) -> str:
    receipt = write(spoilt.receipt, Style(), spoilt.chance)
    texts = (
        "",
        " \n",
        "I cannot read this image.",
        "[]",
        "null",
        f"Here it is:\n```json\n{receipt}\n```",
        f"```json\n{receipt}\n```\nAnything else?",
        f"```JSON\n{receipt}\n```",
        f"~~~\n{receipt}\n~~~",
        receipt[:-1],
        receipt + receipt,
    )
    return spoilt.with_text(spoilt.chance.choice(texts))


def _invalid_receipt(spoilt: Spoilt) -> str:
    key, bad = spoilt.chance.choice(BAD_FIELDS)
    spoilt.receipt.put(key, copy.deepcopy(bad))
    return spoilt.with_text(write(spoilt.receipt, Style(), spoilt.chance))


def _item_too_large(spoilt: Spoilt) -> str:
    spoilt.receipt.put("description", "領" * 140_000)
    return spoilt.with_text(write(spoilt.receipt, Style(), spoilt.chance))


SPOILERS: Mapping[Reason, Callable[[Spoilt], str]] = {
    Reason.LINE_TOO_LONG: _line_too_long,
    Reason.INVALID_JSON: _invalid_json,
    Reason.MISSING_RECORD_ID: _missing_record_id,
    Reason.MODEL_ERROR: _model_error,
    Reason.UNKNOWN_FORM: _unknown_form,
    Reason.NO_JSON_IN_TEXT: _no_json_in_text,
    Reason.INVALID_RECEIPT: _invalid_receipt,
    Reason.ITEM_TOO_LARGE: _item_too_large,
}

"""Records that must be rejected, one maker a reason (the contract, section 1.6)."""

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.reference.forms import (
    MODEL_INPUT_MARK,
    TEXT_FORMS,
    TOOL_FORMS,
    Form,
    Said,
    make_record,
    make_response,
)
from tests.reference.oddities import ERRORS
from tests.reference.records import IMAGE_ID_KEYS, Reason
from tests.reference.tree import Members, Node, Raw, Style, to_bytes, write
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
    image_id: str

    def written(self) -> str:
        return write(self.record, self.style, self.chance)

    def with_answer(self, said: Said, form: Form | None = None) -> str:
        """A record of the same image with another answer."""
        record = make_record(
            form or self.form,
            image_id=self.image_id,
            said=said,
            model_input=Members([("prompt", MODEL_INPUT_MARK)]),
            chance=self.chance,
        )
        return write(record, self.style, self.chance)


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
    for key in IMAGE_ID_KEYS:
        no_ids: tuple[Node, ...] = (None, 12, "", "é" * 1025, ["id"], Members([("id", "x")]))
        spoilt.record.put(key, spoilt.chance.choice(no_ids))
    return spoilt.written()


def _model_error(spoilt: Spoilt) -> str:
    chance, record = spoilt.chance, spoilt.record
    errors = [error for error in map(copy.deepcopy, ERRORS) if _is_error(error)]
    error = chance.choice(errors)
    draw = chance.random()
    if draw < 0.5:
        if draw < 0.3:
            _without_answer(record)
        record.put("error", error)
        return spoilt.written()
    _without_answer(record)
    if draw < 0.7:
        record.put("modelOutput", Members([("error", error)]))
    elif draw < 0.8:
        record.put("modelOutput", Members([("type", "error"), ("error", error)]))
    else:
        body = Members([("error", error)])
        record.put("response", make_response(body, chance.choice((400, 429, 500, 199))))
    return spoilt.written()


def _is_error(error: Node) -> bool:
    return error not in (None, False, "", Members()) or (error == 0 and error is not False)


def _without_answer(record: Members) -> None:
    answers = ("modelOutput", "output", "response", "error")
    record.pairs[:] = [pair for pair in record.pairs if pair[0] not in answers]


def _cut_receipt(spoilt: Spoilt) -> str:
    text = write(spoilt.receipt, Style(), spoilt.chance)
    return text[: spoilt.chance.randint(0, len(text) - 1)]


def _truncated(spoilt: Spoilt) -> str:
    form = spoilt.chance.choice([form for form in TEXT_FORMS if form is not Form.HANDMADE])
    thinking = spoilt.chance.choice(("", "", "<reasoning>The receipt shows"))
    return spoilt.with_answer(Said(thinking or _cut_receipt(spoilt), stop="limit"), form)


def _refused(spoilt: Spoilt) -> str:
    form = spoilt.chance.choice([form for form in TEXT_FORMS if form is not Form.HANDMADE])
    text = spoilt.chance.choice(("", "I can't help with that.", _cut_receipt(spoilt)))
    return spoilt.with_answer(Said(text, stop="refused"), form)


def _unknown_form(spoilt: Spoilt) -> str:
    _without_answer(spoilt.record)
    spoilt.record.put("output", spoilt.chance.choice((None, "text", Members([("text", 5)]))))
    outputs: tuple[Node, ...] = (
        None,
        Members(),
        [],
        "text",
        Members([("content", Members())]),
        Members([("choices", [])]),
        Members([("generation", None)]),
        Members([("outputs", [Members([("Text", "x")])])]),
        Members([("output", Members([("message", Members())]))]),
        Members([("embedding", [Raw("0.5")]), ("inputTextTokenCount", 3)]),
        Members([("results", [])]),
    )
    spoilt.record.put("modelOutput", spoilt.chance.choice(outputs))
    return spoilt.written()


def _several_receipts(spoilt: Spoilt) -> str:
    receipt = write(spoilt.receipt, Style(), spoilt.chance)
    if spoilt.chance.random() < 0.3:
        said = Said(calls=(spoilt.receipt, Members([("amount", 1)])))
        return spoilt.with_answer(said, spoilt.chance.choice(TOOL_FORMS))
    texts = (
        receipt + receipt,
        f"[{receipt},\n{receipt}]",
        f"```json\n{receipt}\n```\n```json\n{receipt}\n```",
        f"{receipt}\nor {{}}",
    )
    return spoilt.with_answer(Said(spoilt.chance.choice(texts)))


def _no_json_in_text(spoilt: Spoilt) -> str:
    receipt = write(spoilt.receipt, Style(), spoilt.chance)
    texts = (
        "",
        " \n",
        "I cannot read this image.",
        "[]",
        "null",
        f"The set {{a}} is: {receipt}",
        f"{receipt}\n{{sic}}",
        f"<think>{receipt}",
        f"<reasoning>{receipt}</think>",
        receipt[:-1],
        receipt.replace(":", "=", 1),
        f"{receipt[:-1]},}}",
    )
    return spoilt.with_answer(Said(spoilt.chance.choice(texts)))


def _invalid_receipt(spoilt: Spoilt) -> str:
    key, bad = spoilt.chance.choice(BAD_FIELDS)
    spoilt.receipt.put(key, copy.deepcopy(bad))
    if spoilt.form in TOOL_FORMS and spoilt.chance.random() < 0.5:
        return spoilt.with_answer(Said(calls=(spoilt.receipt,)))
    text = write(spoilt.receipt, Style(), spoilt.chance)
    wrapped = f'{{"receipt": {text}}}'
    return spoilt.with_answer(Said(spoilt.chance.choice((text, text, wrapped))))


def _item_too_large(spoilt: Spoilt) -> str:
    spoilt.receipt.put("description", "領" * 140_000)
    return spoilt.with_answer(Said(write(spoilt.receipt, Style(), spoilt.chance)))


SPOILERS: Mapping[Reason, Callable[[Spoilt], str]] = {
    Reason.LINE_TOO_LONG: _line_too_long,
    Reason.INVALID_JSON: _invalid_json,
    Reason.MISSING_RECORD_ID: _missing_record_id,
    Reason.MODEL_ERROR: _model_error,
    Reason.TRUNCATED: _truncated,
    Reason.REFUSED: _refused,
    Reason.UNKNOWN_FORM: _unknown_form,
    Reason.SEVERAL_RECEIPTS: _several_receipts,
    Reason.NO_JSON_IN_TEXT: _no_json_in_text,
    Reason.INVALID_RECEIPT: _invalid_receipt,
    Reason.ITEM_TOO_LARGE: _item_too_large,
}

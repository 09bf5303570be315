"""The receipt that a model gave as the input of a tool."""

from typing import Any, Final

from functions.domain.receipts.forms import Answer, Form, answer_of
from functions.domain.receipts.one_object import WHITE_SPACE
from functions.domain.receipts.receipt import Receipt, validate_receipt
from functions.domain.receipts.reject import RejectReason, Unreadable
from functions.domain.receipts.strict_json import NotJson, kind_of, parse_object
from functions.domain.receipts.written_numbers import WrittenNumber, number_as_written

_AMOUNT: Final = "amount"


def read_tool_input(answer: Answer, content: bytes) -> Receipt:
    """Read the receipt in the only tool call of an answer.

    Args:
        answer: With one input.
        content: The line, in which the input's numbers are written.

    Raises:
        Unreadable: the input is not an object, or breaks a rule of the receipt.
    """
    (given,) = answer.inputs
    if answer.form is Form.CHAT:
        return _read_arguments(given)
    if not isinstance(given, dict):
        raise _no_object(f"the tool call's input is {kind_of(given)}, not an object")

    def as_written(amount: float) -> WrittenNumber:
        return number_as_written(content.decode(), amount, _amount_of_call)

    return validate_receipt(given, as_written=as_written)


def _read_arguments(given: Any) -> Receipt:
    """OpenAI-style chat gives the text of an object."""
    if not isinstance(given, str):
        raise _no_object(f"the tool call's arguments are {kind_of(given)}, not a text")
    written = given.strip(WHITE_SPACE)
    try:
        fields = parse_object(written.encode())
    except NotJson as problem:
        where = "" if problem.at is None else f"byte {problem.at + 1} of "
        raise _no_object(f"{where}the tool call's arguments: {problem.why}") from None
    return validate_receipt(
        fields,
        as_written=lambda amount: number_as_written(
            written, amount, lambda members: members[_AMOUNT]
        ),
    )


def _amount_of_call(record: Any) -> Any:
    answer = answer_of(record)
    if answer is None:
        raise AssertionError("the same record has an answer")
    return answer.inputs[0][_AMOUNT]


def _no_object(detail: str) -> Unreadable:
    return Unreadable(RejectReason.NO_JSON_IN_TEXT, [detail])

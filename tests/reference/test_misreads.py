"""No misread: a text that is read holds one receipt behind its reasoning, and that is taken."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.product import Product
from tests.reference.records import LINE_LIMIT
from tests.reference.test_finds import JOB, handmade, receipt
from tests.reference.transactions import Retention

PRODUCT = Product.of(
    JOB, event_time="2026-07-01T00:00:00Z", retention=Retention(), limit=LINE_LIMIT
)
TAGS = st.sampled_from(("think", "thinking", "reasoning"))
NOISE = st.sampled_from(
    (
        *(
            "",
            "Here it is:\n",
            "```json\n",
            "\n```",
            "[",
            ",",
            "]",
            "<answer>",
            "</answer>",
            "\ufeff",
        ),
        *('"', "{", "}", "{}", "{a}", "}{", '{"a": 1}', '{"a": "', "\\", "<|eot_id|>", "「合計」"),
    )
)


@st.composite
def _texts(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A text, and the amounts of the receipts behind its reasoning."""
    count = draw(st.integers(0, 3))
    hidden = draw(st.lists(st.tuples(TAGS, NOISE), max_size=2))
    reasoning = "".join(
        f"<{tag}>{noise}{receipt(str(100 + number))}</{tag}>\n"
        for number, (tag, noise) in enumerate(hidden)
    )
    pieces = [draw(NOISE)]
    amounts = list(range(1, count + 1))
    for amount in amounts:
        pieces += [receipt(str(amount)), draw(NOISE), draw(NOISE)]
    body = "".join(pieces)
    if draw(st.booleans()):
        body = body.removeprefix("{")
    return reasoning + body, amounts


@settings(max_examples=2000, deadline=None)
@given(_texts())
def test_a_text_that_is_read_holds_one_receipt_and_that_one_is_taken(
    given_text: tuple[str, list[int]],
) -> None:
    text, amounts = given_text
    found = PRODUCT.judge(handmade(text))
    if isinstance(found, dict):
        assert amounts == [int(found["amount"]["N"])]
    elif amounts == [1] and text == receipt("1"):
        raise AssertionError("the plain answer is not read")

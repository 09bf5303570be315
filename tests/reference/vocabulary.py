# ruff: noqa: RUF001
"""What receipts, image ids and amounts are made of."""

from tests.reference.tree import Node, Raw

MERCHANTS = (
    *("Corner Shop", "Café Zoë", "セブン-イレブン 渋谷店", "株式会社山田商店", "스타벅스 강남점"),
    *("永辉超市", "全聯福利中心", "Магазин «Ромашка»", "Αρτοποιείο Ήλιος", "مقهى الشام"),
    *("חנות הספרים", "पंजाब ढाबा", "চায়ের দোকান", "தேநீர் கடை", "ร้านข้าวมันไก่", "ຮ້ານອາຫານ"),
    *("ဆိုင်", "ფუნთუშა", "Հացի խանութ", "ቡና ቤት", "ᏣᎳᎩ", "Phở Hòa Pasteur", "Nguyễn"),
    *("e\u0301clair a\u0308 Z\u0361o\u0325\u0301", "🍣🍶 Sushi 👨‍👩‍👧‍👦 🇯🇵", "𠮷野家"),
    *("𝔉𝔯𝔞𝔨𝔱𝔲𝔯", 'Quote " and \\ and /', "tab\tand\nnewline", "\u200bzero\u200bwidth\u200d"),
    *("\u202eright to left\u202c", "A" * 300, "\u007f delete", "null", "0"),
)

PHRASES = (
    *("Lunch", "2 × コーヒー", "送料", "упаковка", "شحن", "📦", "\u00a0", "a\u0300", "\ufeff"),
    *("\u2028", "\uffff", "\U0010ffff", "\u0000", "```json", "{}", "$.x", "NaN"),
)

IMAGE_ID_PARTS = (
    *("img", "2026/07/01", "a+b", "100%", "with space", "#hash#", "領収書", "😀", "e\u0301"),
    *("?q=1&r=2", "..", '"', "\\", "\u0000", "\u00a0"),
)

FENCES = ("```", "```json", "```JSON", "``` json", "```jsonc", "~~~", "````json", "```javascript")
PREAMBLES = (
    *("", "", "Here is the receipt:\n\n", "以下が結果です。\n", "Sure! ", "[", "**Result**\n"),
    *("Final answer: ", "json\n", "> ", "<answer>", '"The receipt" says: ', "}\n"),
)
POSTSCRIPTS = (
    *("", "", "\n\nLet me know if you need more.", "]", "</answer>", "<|eot_id|>", "</s>"),
    *("<|im_end|>", "\n\n**Note**: the date is faint.", "}", ";", '"', "\n<|endoftext|>"),
)
THOUGHTS = (
    *("The total is 1280.", "", "領収書の合計は…", 'I will answer {"amount": 1}.', "a < b > c"),
    *("{", "}{", "Is it <think> or not?", "```json\n{}\n```", "\n\nOK.\n\n"),
)

AMOUNTS = (
    *("1", "1280", "12.50", "0.01", "1e3", "1E+3", "25e-2", "1000000000000", "1e-130"),
    *("999999999999.99999999999999999999999999", "12345678901.23456789012345678901234567"),
    *("1." + "0" * 60, "0.10000000000000000000000000000000000001"),
)

_BAD: dict[str, tuple[Node, ...]] = {
    "amount": (
        *(Raw("0"), Raw("-5"), "1280", True, None, Raw("1000000000000.01"), Raw("1e13")),
        *(Raw("0." + "1" * 39), Raw("9e-131")),
    ),
    "type": ("Income", "", 1),
    "date": ("2026-02-30", "2026-7-1", "2026-07-01T00:00:00Z", "２０２６-07-01", 20260701),
    "merchant": (" \u3000", "", None),
    "category": ("food", ["sale"]),
    "description": (3, []),
}
BAD_FIELDS = tuple((field, value) for field, values in _BAD.items() for value in values)
"""Fields that each make a receipt invalid."""

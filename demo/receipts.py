"""Made-up receipts, and the texts in which a model would answer them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_MERCHANTS = (
    "ローソン 渋谷店",
    "ヨドバシカメラ 秋葉原",
    "Amazon.co.jp",
    "郵便局",
    "Café Zoë 🥐",
    "メルカリ",
)
_DESCRIPTIONS = ("プリンタ用紙 A4", 'Book "AWS入門"', "ケーブル\tUSB-C", "送料(往復)", "", None)
_CATEGORIES = ("sale", "purchase", "shipping", "packaging", "fee", "other")
_FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Receipt:
    """One receipt.

    Attributes:
        amount: As the model wrote it: a JSON number in any notation.
        description: None where the model writes null.
    """

    amount: str
    type: str
    date: str
    merchant: str
    category: str
    description: str | None

    def attributes(self) -> dict[str, object]:
        """The expected attributes of its transaction."""
        return {
            "amount": Decimal(self.amount),
            "type": self.type,
            "date": self.date,
            "merchant": self.merchant,
            "category": self.category,
            "description": self.description or "",
        }

    def text(self) -> str:
        """The bare answer: one JSON object, the amount spelled as it is."""
        rest = {
            name: getattr(self, name)
            for name in ("type", "date", "merchant", "category", "description")
        }
        return f'{{"amount": {self.amount}, {json.dumps(rest, ensure_ascii=False)[1:]}'


def make_receipt(random: Random) -> Receipt:
    """A plausible receipt."""
    whole = random.randint(100, 90_000)
    amount = random.choice((str(whole), str(whole), f"{whole}.50", f"{whole / 1000:.3f}e3"))
    return Receipt(
        amount=amount,
        type=random.choice(("expense", "expense", "income")),
        date=(_FIRST_DAY + timedelta(days=random.randrange(300))).isoformat(),
        merchant=random.choice(_MERCHANTS),
        category=random.choice(_CATEGORIES),
        description=random.choice(_DESCRIPTIONS),
    )


def answer(receipt: Receipt, random: Random) -> str:
    """The receipt as a model writes it: bare, fenced, behind its reasoning."""
    text = receipt.text()
    return random.choice(
        (
            text,
            text,
            f"```json\n{text}\n```",
            f"<thinking>The total {{tax included}} is what was paid.</thinking>\n{text}",
            f"\n  {text}\n",
            f'{text[:-1]}, "confidence": 0.93}}',
        )
    )

"""The two corpora: many small lines, and few with an image echoed in each. Seeded."""

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

SMALL_LINES: Final = 100_000
LARGE_LINES: Final = 600
FOLDER: Final = Path("build/bench")

_SEED: Final = 20_260_109
_MERCHANTS: Final = (
    "ローソン 渋谷店",
    "セブンイレブン 新宿",
    "Blue Bottle Coffee",
    "ヨドバシカメラ 秋葉原",
    "JR東日本",
)
_DESCRIPTIONS: Final = ("文房具", "会議用飲料", 'a book, "AWS"', "printer paper A4", "")
_CATEGORIES: Final = ("sale", "purchase", "shipping", "packaging", "fee", "other")
_PROMPT: Final = (
    "You are an expert accountant. Read the receipt image and return JSON with keys amount, type "
    "(expense|income), date (YYYY-MM-DD), merchant, category, description. Return only JSON."
)

Picture = Callable[[random.Random, int], dict[str, Any]]


def small() -> Path:
    """100,000 lines of about 900 bytes: the image is named, not echoed."""
    return _write("small.jsonl", SMALL_LINES, _picture_by_name)


def large() -> Path:
    """600 lines averaging 400 KB: the image is echoed in base64."""
    return _write("large.jsonl", LARGE_LINES, _picture_in_base64)


def _write(name: str, lines: int, picture: Picture) -> Path:
    path = FOLDER / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        source = random.Random(_SEED)
        with path.with_suffix(".part").open("w", encoding="utf-8") as file:
            for number in range(lines):
                record = _record(source, number, picture)
                file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        path.with_suffix(".part").rename(path)
    return path


def _record(source: random.Random, number: int, picture: Picture) -> dict[str, Any]:
    """A line: 2 % model errors, 1 % cut answers, 1 % wrong types, the rest good."""
    content = [{"text": _PROMPT}, {"image": {"format": "jpeg", "source": picture(source, number)}}]
    record: dict[str, Any] = {
        "recordId": f"img_{number:06d}",
        "modelInput": {
            "messages": [{"role": "user", "content": content}],
            "inferenceConfig": {"maxTokens": 512, "temperature": 0},
        },
    }
    fate = source.random()
    text = _answer(source)
    if fate < 0.02:
        return record | {"error": {"errorCode": 400, "errorMessage": "Invalid image format"}}
    if fate < 0.03:
        text = text[:-12]
    elif fate < 0.04:
        text = text.replace('"type": "', '"type": "x')
    if fate < 0.2:
        return record | {"modelOutput": {"content": [{"type": "text", "text": text}]}}
    message = {"role": "assistant", "content": [{"text": text}]}
    usage = {"inputTokens": 1234, "outputTokens": 80, "totalTokens": 1314}
    output = {"output": {"message": message}, "stopReason": "end_turn", "usage": usage}
    return record | {"modelOutput": output}


def _answer(source: random.Random) -> str:
    receipt = {
        "amount": source.choice((source.randint(100, 90_000), source.randint(100, 9_999) / 100)),
        "type": source.choice(("expense", "expense", "income")),
        "date": f"2026-{source.randint(1, 12):02d}-{source.randint(1, 28):02d}",
        "merchant": source.choice(_MERCHANTS),
        "category": source.choice(_CATEGORIES),
        "description": source.choice(_DESCRIPTIONS),
    }
    return json.dumps(receipt, ensure_ascii=False)


def _picture_by_name(_: random.Random, number: int) -> dict[str, Any]:
    uri = f"s3://example-receipts/uploads/2026/01/user-{number % 977:04d}/img_{number:06d}.jpg"
    return {"s3Location": {"uri": uri, "bucketOwner": "123456789012"}}


def _picture_in_base64(source: random.Random, _: int) -> dict[str, Any]:
    size = int(source.uniform(37_000, 560_000))
    return {"bytes": base64.b64encode(source.randbytes(size)).decode()}

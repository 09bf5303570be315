"""`python -m bench.answers [ROUNDS]`: what it costs to read an answer, by the way that it is given.

The baseline parses the same line, and the text in it, and checks nothing.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic_core import from_json

from bench.ours import interpreter
from bench.report import Figure, table
from functions.domain.lines import Line
from functions.domain.transactions import Transaction

RECORDS: Final = 2000
_RECEIPT: Final = {
    "amount": 1280,
    "type": "expense",
    "date": "2026-06-30",
    "merchant": "ローソン 渋谷店",
    "category": "purchase",
    "description": "coffee beans",
}
_TEXT: Final = json.dumps(_RECEIPT, ensure_ascii=False)
_DECIMAL: Final = {**_RECEIPT, "amount": 12.8}
PLAIN_AIM: Final = 0.2
"""Reading a plain answer, and making its item, may cost five times as much as parsing alone."""

Read = Callable[[bytes], object]


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def _tool(receipt: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "tool_use", "name": "save", "input": receipt}]}


WAYS: Final = {
    "plain": _text(_TEXT),
    "a decimal": _text(json.dumps(_DECIMAL, ensure_ascii=False)),
    "fenced": _text(f"```json\n{_TEXT}\n```"),
    "reasoning and words": _text(f"<thinking>One.</thinking>\nHere:\n{_TEXT}\nAnything else?"),
    "prefilled brace": _text(_TEXT[1:]),
    "tool use": _tool(_RECEIPT),
    "tool use, a decimal": _tool(_DECIMAL),
}


def _parse(line: bytes) -> object:
    """Parse alone."""
    (part,) = from_json(line, cache_strings="keys")["modelOutput"]["content"]
    text = part.get("text", "")
    return from_json(text.encode()) if text.startswith("{") else part


def _ours() -> Read:
    interpret = interpreter()

    def read(line: bytes) -> object:
        outcome = interpret(Line(0, len(line), 0, len(line), line))
        assert isinstance(outcome, Transaction)
        return outcome

    return read


def _micros(read: Read, lines: list[bytes]) -> float:
    began = time.process_time()
    for line in lines:
        read(line)
    return (time.process_time() - began) / len(lines) * 1e6


def figures(rounds: int) -> Iterator[Figure]:
    """One a way; in turns, so that a noisy machine is noisy for both alike."""
    ours = _ours()
    for name, output in WAYS.items():
        lines = [
            json.dumps({"recordId": f"image-{n}", "modelInput": {}, "modelOutput": output}).encode()
            for n in range(RECORDS)
        ]
        taken = [(_micros(ours, lines), _micros(_parse, lines)) for _ in range(rounds)]
        yield Figure(
            f"CPU a record, {name}",
            "µs",
            [each for each, _ in taken],
            {"parse alone": [each for _, each in taken]},
            aims={"parse alone": PLAIN_AIM} if name == "plain" else {},
        )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser("bench.answers")
    arguments.add_argument("rounds", nargs="?", type=int, default=9)
    print(table(figures(arguments.parse_args().rounds)))

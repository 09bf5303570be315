"""DynamoDB's expressions, as far as this system writes them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import copy
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Item = dict[str, dict[str, Any]]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[#:]?[\w.]+|[(),=<>+])")
_COMPARE = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Expression:
    """Reads one expression against one item."""

    def __init__(self, text: str, item: Item, request: Mapping[str, Any]) -> None:
        self._tokens = _TOKEN.findall(text)
        self._item = item
        self._names = request.get("ExpressionAttributeNames", {})
        self._values = request.get("ExpressionAttributeValues", {})

    def holds(self) -> bool:
        """Whether it is a condition that the item meets."""
        met = self._either()
        assert not self._tokens, self._tokens
        return met

    def updated(self) -> Item:
        """The item after an update expression."""
        changed = copy.deepcopy(self._item)
        while self._tokens:
            match self._take():
                case "SET":
                    while True:
                        name = self._name(self._take())
                        self._expect("=")
                        changed[name] = self._sum()
                        if not self._skip(","):
                            break
                case "REMOVE":
                    self._remove(changed, self._take())
                    while self._skip(","):
                        self._remove(changed, self._take())
                case "ADD":
                    name = self._name(self._take())
                    before = changed.get(name, {"SS": []})["SS"]
                    added = self._values[self._take()]["SS"]
                    changed[name] = {"SS": sorted({*before, *added})}
                case other:
                    raise AssertionError(other)
        return changed

    def _remove(self, item: Item, path: str) -> None:
        *outer, name = path.split(".")
        for part in outer:
            item = item.get(self._name(part), {}).get("M", {})
        item.pop(self._name(name), None)

    def _either(self) -> bool:
        met = self._both()
        while self._skip("OR"):
            met = self._both() or met
        return met

    def _both(self) -> bool:
        met = self._negated()
        while self._skip("AND"):
            met = self._negated() and met
        return met

    def _negated(self) -> bool:
        return not self._one() if self._skip("NOT") else self._one()

    def _one(self) -> bool:
        if self._skip("("):
            met = self._either()
            self._expect(")")
            return met
        if self._tokens[0] in ("attribute_exists", "attribute_not_exists"):
            wanted = self._take() == "attribute_exists"
            self._expect("(")
            found = self._path(self._take()) is not None
            self._expect(")")
            return found is wanted
        if self._skip("attribute_type"):
            self._expect("(")
            typed = self._path(self._take()) or {}
            self._expect(",")
            kind = self._values[self._take()]["S"]
            self._expect(")")
            return kind in typed
        if self._skip("begins_with"):
            self._expect("(")
            left = self._path(self._take())
            self._expect(",")
            prefix = self._values[self._take()]["S"]
            self._expect(")")
            return left is not None and left["S"].startswith(prefix)
        return self._comparison()

    def _comparison(self) -> bool:
        left, compare = self._operand(), self._take()
        if compare == "IN":
            return left in self._list()
        right = self._operand()
        if compare == "BETWEEN":
            self._expect("AND")
            last = self._operand()
            assert left is not None
            assert right is not None
            assert last is not None
            return bool(_plain(right) <= _plain(left) <= _plain(last))
        if left is None or right is None or left.keys() != right.keys():
            # An attribute that is not there equals nothing, and so differs from everything.
            return compare == "<>"
        return bool(_COMPARE[compare](_plain(left), _plain(right)))

    def _list(self) -> list[dict[str, Any] | None]:
        self._expect("(")
        values = [self._operand()]
        while self._skip(","):
            values.append(self._operand())
        self._expect(")")
        return values

    def _sum(self) -> dict[str, Any]:
        value = self._operand()
        assert value is not None
        while self._skip("+"):
            more = self._operand()
            assert more is not None
            value = {"N": str(Decimal(value["N"]) + Decimal(more["N"]))}
        return value

    def _operand(self) -> dict[str, Any] | None:
        token = self._take()
        if token == "if_not_exists":
            self._expect("(")
            there = self._path(self._take())
            self._expect(",")
            otherwise = self._operand()
            self._expect(")")
            return there if there is not None else otherwise
        return self._values[token] if token.startswith(":") else self._path(token)

    def _path(self, token: str) -> dict[str, Any] | None:
        value: dict[str, Any] | None = {"M": self._item}
        for part in token.split("."):
            value = (value or {}).get("M", {}).get(self._name(part))
        return value

    def _name(self, token: str) -> str:
        return str(self._names[token]) if token.startswith("#") else token

    def _take(self) -> str:
        return str(self._tokens.pop(0))

    def _skip(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        assert self._skip(token), (token, self._tokens)


def _plain(value: dict[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else content

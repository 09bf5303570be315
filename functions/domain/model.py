"""Frozen records that are read from plain values and checked: payloads and settings.

Pydantic would do the same, but to import it and to build its models is a sixth of a cold start.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Self,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from functions.domain.timestamps import parse_timestamp


class ValuesInvalid(ValueError):  # noqa: N818  reads as what it is
    """Values do not make a record.

    Attributes:
        problems: What is wrong, by the name of the field; never the value, which may be a secret.
    """

    def __init__(self, record: str, problems: Mapping[str, str]) -> None:
        """Name every field that is missing or wrong."""
        self.problems = problems
        said = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(f"{record}: {said}")


@dataclass(frozen=True)
class AtLeast:
    """A bound of a number, or of a string's length: `Annotated[int, AtLeast(1)]`."""

    bound: int


PositiveInt = Annotated[int, AtLeast(1)]


def named(name: str, *, default: Any = MISSING) -> Any:
    """A field that has another name outside."""
    return field(default=default, metadata={"name": name})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field, named))
class Model:
    """Base of records: each subclass is a frozen dataclass. Unknown values are ignored.

    The methods of a dataclass are here, once. To generate them for each class takes 0.4 ms of
    processor time, and a cold start makes a dozen classes.
    """

    def __init_subclass__(cls) -> None:
        """Collect its fields."""
        dataclass(init=False, repr=False, eq=False)(cls)

    def __init__(self, **values: Any) -> None:
        """Set every field.

        Raises:
            TypeError: if a value is missing, or has no field.
        """
        for each in fields(cast("Any", self)):
            if each.name in values:
                value = values.pop(each.name)
            elif each.default is not MISSING:
                value = each.default
            elif each.default_factory is not MISSING:
                value = each.default_factory()
            else:
                raise TypeError(f"{type(self).__name__}: {each.name} is missing")
            self.__dict__[each.name] = value
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __repr__(self) -> str:
        """All fields, as a dataclass shows them."""
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({shown})"

    def __eq__(self, other: object) -> bool:
        """Whether it is of the same class, with the same values."""
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        """Of all values."""
        return hash(tuple(vars(self).values()))

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: it is frozen."""
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    @staticmethod
    def naming(name: str) -> str:
        """What a field of this name is called outside."""
        return name

    @classmethod
    def read(cls, values: Any) -> Self:
        """Read and check.

        Raises:
            ValuesInvalid: naming every field that is missing or wrong.
        """
        if not isinstance(values, Mapping):
            raise ValuesInvalid(cls.__name__, {"": "is not an object"})
        found, problems = {}, {}
        for name, outer, hint, is_required in _fields(cast("Any", cls)):
            if outer not in values:
                if is_required:
                    problems[outer] = "is missing"
                continue
            try:
                found[name] = _value(hint, values[outer])
            except ValuesInvalid as error:
                inner = error.problems.items()
                problems |= {f"{outer}.{key}".rstrip("."): said for key, said in inner}
            except (TypeError, ValueError, OverflowError):
                problems[outer] = f"is not {_words(hint)}"
        if problems:
            raise ValuesInvalid(cls.__name__, problems)
        return cls(**found)


@cache
def _fields(model: Any) -> list[tuple[str, str, Any, bool]]:
    """Name, name outside, type, and whether there is no default."""
    hints = get_type_hints(model, include_extras=True)
    return [
        (
            each.name,
            outer_name(model, each),
            hints[each.name],
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(model)
    ]


def outer_name(model: type[Model], each: "Field[Any]") -> str:
    """What a field is called outside."""
    return str(each.metadata.get("name") or model.naming(each.name))


def _value(hint: Any, value: Any) -> Any:
    """The value as this type.

    Raises:
        ValuesInvalid: if a part of it is wrong.
        TypeError, ValueError, OverflowError: if it is.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return None if value is None else _value(_without_none(hint), value)
    if origin is Annotated:
        plain, limit = arguments
        read = _value(plain, value)
        if (len(read) if isinstance(read, str) else read) < limit.bound:
            raise ValueError
        return read
    if origin in (list, dict):
        if not isinstance(value, origin):
            raise TypeError
        return [_value(arguments[0], each) for each in value] if origin is list else value
    return _of_class(hint, value)


def _of_class(kind: type, value: Any) -> Any:
    if issubclass(kind, Model):
        return kind.read(value)
    if issubclass(kind, datetime):
        return parse_timestamp(value)
    if issubclass(kind, Enum):
        return kind(value)
    if isinstance(value, bool):
        if kind is bool:
            return value
    elif kind in (int, float) and isinstance(value, int | float | str):
        number = kind(value)
        if isinstance(value, str) or number == value:
            return number
    elif kind is str and isinstance(value, str):
        return value
    raise TypeError


def _without_none(hint: Any) -> Any:
    (only,) = (each for each in get_args(hint) if each is not NoneType)
    return only


_WORDS: Final = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "a text",
    datetime: "a time with a zone",
}


def _words(hint: Any) -> str:
    """A type as people call it."""
    if get_origin(hint) is UnionType:
        return _words(_without_none(hint))
    if get_origin(hint) is Annotated:
        plain, limit = get_args(hint)
        return f"{_words(plain)} of at least {limit.bound}"
    kind = get_origin(hint) or hint
    return _WORDS.get(kind) or f"one of {', '.join(kind)}"

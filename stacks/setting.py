"""Kinds of settings: fields that can say in words which values they take."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo


def count(default: int, unit: str, *, least: int, most: int) -> Any:
    """Make a setting that counts units, from `least` to `most`, both included."""
    allowed = f"a whole number of {unit} from {least:,} to {most:,}"
    return Field(default=default, ge=least, le=most, json_schema_extra={"allowed": allowed})


def text(default: str = "", *, pattern: str, form: str) -> Any:
    """Make a setting for a text that has a pattern, described by `form`.

    Without a default it may be empty.
    """
    pattern = pattern if default else f"^$|{pattern}"
    return Field(default=default, pattern=pattern, json_schema_extra={"allowed": form})


def collection(kind: Callable[[], object], *, form: str) -> Any:
    """Make a setting for a list or an object that is empty by default, described by `form`."""
    return Field(default_factory=kind, json_schema_extra={"allowed": form})


def allowed(field: FieldInfo) -> str:
    """Say which values a setting takes, as in `it must be ...`."""
    if field.annotation is bool:
        return "true or false"
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(map(str, get_args(field.annotation)))}"
    extra = field.json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, dict) else ""


def _whole_number(value: object) -> object:
    """Read a number from the command line, where everything is text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _split_at_commas(value: object) -> object:
    """Read a list from the command line, where everything is text."""
    return [each for each in value.split(",") if each] if isinstance(value, str) else value


#: For a list of texts.
SplitAtCommas = BeforeValidator(_split_at_commas)
#: For a `Literal` of numbers, which pydantic compares as they are.
FromText = BeforeValidator(_whole_number)

"""Kinds of settings: fields that can say in words which values they take."""

from typing import Any, get_args

from pydantic import BeforeValidator, Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo


def count(description: str, *, default: int, unit: str, least: int, most: int) -> Any:
    """Make a setting that counts units, from `least` to `most`, both included."""
    allowed = f"a whole number of {unit} from {least:,} to {most:,}"
    extra = _words(allowed)
    return Field(
        default=default, ge=least, le=most, description=description, json_schema_extra=extra
    )


def text(description: str, *, default: str = "", pattern: str, form: str) -> Any:
    """Make a setting for a text that has a pattern, described by `form`."""
    extra = _words(form)
    return Field(default=default, pattern=pattern, description=description, json_schema_extra=extra)


def texts(description: str, *, form: str) -> Any:
    """Make a setting for a list of texts, described by `form`."""
    return Field(default_factory=list, description=description, json_schema_extra=_words(form))


def choice(description: str, *, default: object, values: object, unit: str = "") -> Any:
    """Make a setting that takes one of a few values, given as a `Literal`."""
    choices = ", ".join(str(value) for value in get_args(values))
    extra = _words(f"one of {choices} {unit}".rstrip())
    return Field(default=default, description=description, json_schema_extra=extra)


def switch(description: str, *, default: bool) -> Any:
    """Make a setting that is on or off."""
    extra = _words("true or false")
    return Field(default=default, description=description, json_schema_extra=extra)


def allowed(field: FieldInfo) -> str:
    """Say which values a setting takes, as in `it must be ...`."""
    extra = field.json_schema_extra
    return str(extra["allowed"]) if isinstance(extra, dict) else ""


def _words(allowed: str) -> JsonDict:
    return {"allowed": allowed}


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

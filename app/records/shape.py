"""Shape: what all records and their parts have in common."""

import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticKnownError
from sqlmodel import SQLModel

from app.errors import Fault
from app.records.prose import PROSE_FIELDS
from app.records.stored_text import comparison_key, normalize

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BREAK = re.compile(r"[\t\n]")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"  # one word of a host: letters of any alphabet, digits, hyphens
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?(?::\d{{1,5}})?")
_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f\"<>\\]")
# A scheme as people mistype it, once or twice: `https//`, `http:/`, `//`, `htps://`.
_BEGIN_OF_AN_ADDRESS = re.compile(r"(?:h?t{1,3}ps?[:;]?[/\\]++|https?:|[/\\]++)++", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@/]+@[^\s@/]+\.[^\s@/]+")
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
FIRST_YEAR, LAST_YEAR = 1800, 2100
# Whether a record is read from the database now: rules that are newer than it do not count. (The
# context of a validation does not reach the parts of a record: SQLModel has an __init__ of its own.)
_is_stored: ContextVar[bool] = ContextVar("is_stored", default=False)
SHORT, LONG, PROSE = 200, 600, 20_000  # characters


def _http_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    host = _host(rest)
    if separator and scheme.lower() in ("http", "https") and len(value.split()) == 1:
        address = f"{scheme.lower()}://{rest}"
        if _is_stored.get():
            return address
        if "@" in host:
            raise ValueError(
                "The address holds a name or password in front of an @. "
                f"Leave them out: {scheme.lower()}://{host.rpartition('@')[2]}{rest[len(host) :]}"
            )
        if _HOST.fullmatch(host) and not _NOT_IN_AN_ADDRESS.search(rest):
            return address
    raise ValueError(_address_advice(value))


def _host(rest: str) -> str:
    """The host and port of an address, which stand behind its scheme."""
    return re.split(r"[/?#\\]", rest, maxsplit=1)[0]


def _address_advice(value: str) -> str:
    """What is wrong with a web address, and what to write instead."""
    begin = _BEGIN_OF_AN_ADDRESS.match(value)
    rest = value[begin.end() :] if begin else value
    if _EMAIL.fullmatch(rest.removeprefix("mailto:")):
        return "This is an email address. Write the address of a web page instead."
    if len(value.split()) > 1 or re.search("[;,|]https?:", rest):
        return "This is not one web address. Write only one, without spaces or separators."
    if foreign := _NOT_IN_AN_ADDRESS.search(rest):
        return f"The address holds {foreign[0]!r}, which no web address has. Remove it."
    host = _host(rest)
    if "." not in host or not _HOST.fullmatch(host):
        return "This is not a web address. Write one such as https://www.example.org/."
    if not begin:
        return f"A web address begins with https://. Put https:// in front: https://{rest}"
    scheme = "http" if re.match("http(?!s)", value, re.IGNORECASE) else "https"
    return f"The address does not begin as it should. Write {scheme}://{rest}"


def _not_empty(value: str) -> str:
    if not value and not _is_stored.get():
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return value


_Stored = TypeVar("_Stored", bound=BaseModel)
# For what names something else and for items of lists: an empty text there names nothing.
NOT_EMPTY = AfterValidator(_not_empty)
NonEmptyText = Annotated[str, NOT_EMPTY, Field(json_schema_extra={"minLength": 1})]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
# Patterns stand in types, since SQLModel's Field takes a `regex` and does not heed it.
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
StateCode = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]


def storable(value: Any) -> Any:
    """Text as it is stored (text.py). Raises ValueError for characters that cannot be stored.

    SQLite keeps NUL and lone surrogates, PostgreSQL cannot, and JSON in UTF-8 cannot carry them.
    U+FFFD stands where a character was lost.
    """
    if isinstance(value, list):
        return [storable(item) if isinstance(item, str) else item for item in value]
    if not isinstance(value, str):
        return value
    if "\0" in value or (not value.isascii() and _HALF_OF_A_PAIR.search(value)):
        raise ValueError(
            "The text holds a character that cannot be stored: a NUL or half of a surrogate pair. "
            "Type the text again."
        )
    if REPLACEMENT in value:
        raise ValueError(
            f"{REPLACEMENT!r} stands where a character was lost in decoding. Type the text again."
        )
    return normalize(value)


def _one_line(value: Any) -> Any:
    if isinstance(value, list):
        return [_one_line(item) if isinstance(item, str) else item for item in value]
    return " ".join(value.split()) if isinstance(value, str) and _BREAK.search(value) else value


def _refuse_number(annotation: Any) -> None:
    """Raise if the field is for numbers: it got what only a program takes for one, true or 1_000."""
    if int in (annotation, *get_args(annotation)):
        raise PydanticKnownError("int_parsing")
    if float in (annotation, *get_args(annotation)):
        raise PydanticKnownError("float_parsing")


def repeated_faults(
    values: Sequence[str], pointer: str, *, key: Callable[[str], str] = comparison_key
) -> list[Fault]:
    """Values that a list has twice, ignoring case, accents and apostrophes."""
    faults = []
    folded: set[str] = set()
    for position, value in enumerate(values):
        if key(value) in folded:
            detail = f"{value!r} is listed twice. Remove one."
            faults.append(Fault("repeated", detail, pointer=f"{pointer}/{position}"))
        folded.add(key(value))
    return faults


def read_stored(shape: type[_Stored], document: dict[str, Any]) -> _Stored:
    """The record, or an answer made of records, even if it would not be taken today."""
    token = _is_stored.set(True)
    try:
        return shape.model_validate(document)
    finally:
        _is_stored.reset(token)


class Shape(SQLModel):
    """A record or a part of one. Refuses unknown fields, infinite numbers and unstorable text.

    Texts but for prose are one line.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)  # type: ignore[assignment]

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
            _refuse_number(cls.model_fields[name].annotation)
        stored = storable(value)
        return stored if name in PROSE_FIELDS else _one_line(stored)

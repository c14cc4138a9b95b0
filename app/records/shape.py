"""Shape: what every record and every part of one has in common."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, StringConstraints, field_validator
from sqlmodel import SQLModel

_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
FIRST_YEAR, LAST_YEAR = 1800, 2100
SHORT, LONG, PROSE = 200, 600, 20_000  # characters


def _http_url(value: str) -> str:
    if (
        not value.startswith(("http://", "https://"))
        or len(value.split("/", 3)[2]) < 3
        or len(value.split()) != 1
    ):
        raise ValueError("not an http or https address")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
# Patterns stand in types, since SQLModel's Field takes a `regex` and does not heed it.
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
StateCode = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]


def storable(value: Any) -> Any:
    """Refuse NUL and lone surrogates: SQLite keeps them, PostgreSQL cannot, JSON in UTF-8 cannot carry them."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and (
            "\0" in text or (not text.isascii() and _HALF_OF_A_PAIR.search(text))
        ):
            raise ValueError("holds a NUL or half of a surrogate pair")
    return value


class Shape(SQLModel):
    """A record or a part of one. Refuses unknown fields, numbers that are none, and text that one of the two databases could not store."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)  # type: ignore[assignment]

    _storable = field_validator("*", mode="before")(storable)

"""The OpenAPI parameters of a search, made from the same rows as its parsing."""

from collections.abc import Sequence
from typing import Any

from app.search.filters import (
    DEFAULT_LIMIT,
    FACETS,
    FILTERS,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_QUERY_CHARACTERS,
    MAX_VALUES,
    RANGES,
    SORTS,
)

TEXT = "^[^\\u0000\\ufffd]*$"  # what both databases can store, and was UTF-8
_LIST = {"style": "form", "explode": False}


def search_parameters(
    noun: str, *, fields: Sequence[str], without: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Each parameter of a search with meaning, bounds and an example."""
    found = [
        _parameter(
            "q",
            f'Words (all must match; if no entry holds them all, any does), `"exact phrases"`, `-without`, `begin*`. Words match by stem. At most {MAX_CLAUSES} words and phrases.',
            {"type": "string", "maxLength": MAX_QUERY_CHARACTERS, "pattern": TEXT},
            "attendance",
        )
    ]
    for filter_ in FILTERS:
        for suffix, how in (
            ("", "any of these values"),
            ("_all", "all of these values"),
            ("_not", "none of these values"),
        ):
            found.append(
                _parameter(
                    filter_.name + suffix,
                    f"{noun.capitalize()} that {filter_.meaning}: {how}, comma-separated or repeated; `not-stated` for those that state none.",
                    {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "maxItems": MAX_VALUES,
                    },
                    [filter_.example],
                    **_LIST,
                )
            )
    for range_ in RANGES:
        for end, word in (("min", "Least"), ("max", "Greatest")):
            found.append(
                _parameter(
                    f"{range_.name}_{end}",
                    f"{word} {range_.meaning}, itself included.",
                    {"type": "integer", "minimum": range_.lowest, "maximum": range_.highest},
                    range_.bands[2][0] if end == "min" else range_.bands[2][1],
                )
            )
    found += [
        _parameter(
            "slug",
            f"Only these {noun}, by public id; at most {MAX_VALUES}.",
            {
                "type": "array",
                "items": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
                "minItems": 1,
                "maxItems": MAX_VALUES,
            },
            ["boise-id"] if noun == "case studies" else ["boise-school-district-id"],
            **_LIST,
        ),
        _parameter(
            "near",
            "A place: latitude,longitude in degrees, or the slug or LEAID of a district whose position is known. Hits then tell their distance.",
            {
                "type": "string",
                "pattern": "^(-?[0-9]{1,2}(\\.[0-9]{1,10})?,-?[0-9]{1,3}(\\.[0-9]{1,10})?|[a-z0-9]+(-[a-z0-9]+)*)$",
            },
            "44.06,-121.32",
        ),
        _parameter(
            "within_km",
            "Only within so many kilometres (great circle) of `near`.",
            {"type": "number", "exclusiveMinimum": 0, "maximum": 20_100},
            250,
        ),
        _parameter(
            "sort",
            "Order; `-` turns it round. "
            + "; ".join(f"{name}: {meaning}" for name, meaning in SORTS.items())
            + ". What is not known stands last both ways; ties go by slug.",
            {
                "type": "string",
                "enum": [*SORTS, *(f"-{name}" for name in SORTS if name != "relevance")],
            },
            "-started",
        ),
        _parameter(
            "limit",
            f"Entries on a page, up to {MAX_LIMIT}; 0 for the counts alone. The export has no cap.",
            {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            5,
        ),
        _parameter(
            "cursor",
            "Where the page begins: `links.next` carries it. Opaque; it belongs to its question.",
            {"type": "string"},
            None,
        ),
        _parameter(
            "fields",
            "Only these fields of each hit; a dot reaches inside (`districts.name`).",
            {"type": "array", "items": {"type": "string", "enum": list(fields)}, "minItems": 1},
            ["slug", "title"] if noun == "case studies" else ["slug", "name"],
            **_LIST,
        ),
        _parameter(
            "facets",
            "Only these facets, or `none`. All by default; none by default on limit=0.",
            {
                "type": "array",
                "items": {"type": "string", "enum": [*FACETS, "none"]},
                "minItems": 1,
            },
            ["state", "rurality"],
            **_LIST,
        ),
    ]
    return [parameter for parameter in found if parameter["name"] not in without]


def _parameter(
    name: str, description: str, schema: dict[str, Any], example: Any, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
        **more,
    }
    return found if example is None else found | {"example": example}

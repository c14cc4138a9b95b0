"""The OpenAPI parameters of a search, made from the same rows as its parsing."""

from collections.abc import Sequence
from typing import Any

from app.catalog.as_of import PARAMETER as AS_OF
from app.records.shape import SLUG_PATTERN
from app.search.filters import (
    COORDINATES,
    DEFAULT_LIMIT,
    FACETS,
    FILTERS,
    MATCHES,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_QUERY_CHARACTERS,
    MAX_VALUES,
    NOT_STATED,
    OUTCOME_FILTERS,
    RANGES,
    SORTS,
    SPELLINGS,
    Filter,
    Range,
)

TEXT = "^[^\\u0000\\ufffd]*$"  # what both databases can store, and was UTF-8
TOWN = "[^0-9,]+(, *[A-Za-z]{2})?"
PLACE = f"^({COORDINATES}|{SLUG_PATTERN.strip('^$')}|{TOWN})$"
EXAMPLES = {
    "case studies": {"slug": "boise-id", "fields": ["slug", "title"], "q": "attendance"},
    "districts": {
        "slug": "boise-school-district-id",
        "fields": ["slug", "name"],
        "q": "attendance",
    },
}
# The forms of a filter: suffix of the parameter, and what it does.
FORMS = {
    "": "{selection}. With several values, any of them matches.",
    "_all": "{selection}. With several values, all of them must match.",
    "_not": "Everything but {selection}. With several values, each of them excludes.",
}
_SAME = "`outcome`, `evidence` and `direction` together select one and the same outcome."
_ANY = "Each value may belong to a different outcome of the case."
OF_OUTCOMES = {"": _SAME, "_all": _ANY, "_not": _ANY}
SEPARATION = "Separate values by commas or repeat the parameter."

Json = dict[str, Any]


def search_parameters(
    noun: str, *, fields: Sequence[str], without: Sequence[str] = ()
) -> list[Json]:
    """Each parameter of a search with meaning, limits and an example.

    `noun`: "case studies" or "districts". `without`: parameters that the endpoint does not take.
    """
    parameters = [
        _words(noun),
        *_ways_to_match(),
        *(_filter(noun, filter_, "") for filter_ in FILTERS),
        *_ranges(),
        *_places(noun),
        *_page(noun, fields),
        # Rarely needed, so listed last.
        *(_filter(noun, filter_, suffix) for filter_ in FILTERS for suffix in ("_all", "_not")),
    ]
    return [parameter for parameter in parameters if parameter["name"] not in without]


def filter_description(noun: str, filter_: Filter, suffix: str) -> str:
    """What a form of a filter selects, as full sentences."""
    if noun == "districts" and filter_.of_districts:
        selection = f"districts {filter_.of_districts}"
    elif noun == "districts":
        selection = f"districts with case studies {filter_.meaning}"
    else:
        selection = f"case studies {filter_.meaning}"
    sentences = FORMS[suffix].format(selection=selection)
    if filter_.name in OUTCOME_FILTERS:
        sentences += f" {OF_OUTCOMES[suffix]}"
    return (
        f"{sentences[0].upper()}{sentences[1:]} {SEPARATION} "
        f"`{NOT_STATED}` stands for {noun} that state none."
    )


def range_description(range_: Range, end: str) -> str:
    """What one end of a range limits."""
    word = range_.lowest_word if end == "min" else range_.highest_word
    return f"{word} {range_.meaning} (inclusive)."


def _words(noun: str) -> Json:
    return _parameter(
        "q",
        'Words to search for, `"exact phrases"`, `-excluded` words and `begin*`. Entries that have '
        "all the words come first, then those that have some. Words match in all their forms (school, "
        "schools), by synonyms, and by the nearest spelling when a word is misspelt. States, "
        "settings (rural), sizes (under 500 students) and ZIP codes are understood. Phrases and "
        f"`-excluded` words match as typed. At most {MAX_CLAUSES} words and phrases.",
        {"type": "string", "maxLength": MAX_QUERY_CHARACTERS, "pattern": TEXT},
        EXAMPLES[noun]["q"],
    )


def _ways_to_match() -> list[Json]:
    return [
        _parameter(
            "match",
            "How the words of `q` match. Without it, entries that have all the words come first "
            "and entries that have some of them follow. `all`: only entries that have all the "
            "words, or what stands for them. `exact`: only entries that have all the words as "
            "typed, without synonyms, corrections or places.",
            {"type": "string", "enum": list(MATCHES)},
            "all",
        ),
        _parameter(
            "spelling",
            "`exact`: no word of `q` is corrected. Without it, a word that neither the directory nor "
            "English has is read as the nearest word of the directory, and `meta.corrected` says so.",
            {"type": "string", "enum": list(SPELLINGS)},
            "exact",
        ),
    ]


def _filter(noun: str, filter_: Filter, suffix: str) -> Json:
    term: Json = {"type": "string", "x-vocabulary": filter_.vocabulary, "x-or-else": NOT_STATED}
    if filter_.many:
        term = {"type": "string", "pattern": SLUG_PATTERN}
    return _list_parameter(
        filter_.name + suffix, filter_description(noun, filter_, suffix), term, [filter_.example]
    )


def _ranges() -> list[Json]:
    return [
        _parameter(
            f"{range_.name}_{end}",
            range_description(range_, end),
            {"type": "integer", "minimum": range_.lowest, "maximum": range_.highest},
            range_.bands[2][place],
        )
        for range_ in RANGES
        for place, end in enumerate(("min", "max"))
    ]


def _places(noun: str) -> list[Json]:
    return [
        _list_parameter(
            "slug",
            f"Only the {noun} with these public ids. At most {MAX_VALUES}. {SEPARATION}",
            {"type": "string", "pattern": SLUG_PATTERN},
            [EXAMPLES[noun]["slug"]],
        ),
        _parameter(
            "near",
            "A place: latitude,longitude in degrees, a ZIP code (97701), a town (Bend, OR), or the slug or LEAID "
            "of a district with a known position. Each hit then has its `distance_km`.",
            {"type": "string", "pattern": PLACE},
            "44.06,-121.32",
        ),
        _parameter(
            "within_km",
            "Greatest distance from `near` in kilometers, along a great circle. 100 kilometers are "
            "about 62 miles.",
            {"type": "number", "exclusiveMinimum": 0, "maximum": 20_100},
            250,
        ),
    ]


def _page(noun: str, fields: Sequence[str]) -> list[Json]:
    orders = "; ".join(f"`{name}`: {meaning}" for name, meaning in SORTS.items())
    descending = [f"-{name}" for name in SORTS if name != "relevance"]
    return [
        _parameter(
            "sort",
            f"Sort order; prefix `-` to reverse. {orders}. Missing values sort last; ties break by "
            "slug.",
            {"type": "string", "enum": [*SORTS, *descending]},
            "-started",
        ),
        _parameter(
            "limit",
            f"Entries per page, at most {MAX_LIMIT}; 0 returns the counts alone. Exports have no limit.",
            {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            5,
        ),
        _parameter(
            "cursor",
            "The page to return, as given in `links.next`. Opaque, and valid only for the same search.",
            {"type": "string"},
            None,
        ),
        _list_parameter(
            "fields",
            "The fields that each hit has; a dot reaches inside (`districts.name`). The answer then "
            f"has only these fields, not the whole hit of the 200 below. {SEPARATION}",
            {"type": "string", "enum": list(fields)},
            EXAMPLES[noun]["fields"],
        ),
        _list_parameter(
            "facets",
            "The facets to count, or `none`. By default all but `partner`, which has hundreds of "
            f"values; none by default with `limit=0`. {SEPARATION}",
            {"type": "string", "enum": [*FACETS, "none"]},
            ["state", "rurality"],
        ),
        _parameter(
            "explain",
            "`true`: each hit tells in `explanation` what its score by relevance is made of.",
            {"type": "boolean"},
            True,
        ),
        AS_OF.openapi(),
    ]


def _list_parameter(name: str, description: str, item: Json, example: Any) -> Json:
    schema = {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_VALUES}
    return _parameter(name, description, schema, example) | {"style": "form", "explode": False}


def _parameter(name: str, description: str, schema: Json, example: Any) -> Json:
    parameter: Json = {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }
    return parameter if example is None else parameter | {"example": example}

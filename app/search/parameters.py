"""The OpenAPI parameters of a search, made from the same rows as its parsing."""

from collections.abc import Sequence
from typing import Any

from app.catalog.as_of import PARAMETER as AS_OF
from app.records.kinds import KINDS
from app.records.shape import SLUG_PATTERN
from app.search.filters import (
    COORDINATES,
    DEFAULT_LIMIT,
    FACETS,
    FILTERS,
    MATCHES,
    MAX_CELLS,
    MAX_CLAUSES,
    MAX_GROUPED,
    MAX_LIMIT,
    MAX_LIMIT_IN_FULL,
    MAX_QUERY_CHARACTERS,
    MAX_SAMPLE,
    MAX_SEED,
    MAX_SORTS,
    MAX_STUDIED,
    MAX_VALUES,
    NOT_STATED,
    OUTCOME_FILTERS,
    OUTCOMES,
    RANGES,
    SORTS,
    SPELLINGS,
    STATISTICS,
    Filter,
    Range,
)

TEXT = "^[^\\u0000\\ufffd]*$"  # what both databases can store, and was UTF-8
TOWN = "[^0-9,]+(,[^0-9,]+)?"
PLACE = f"^({COORDINATES}|{SLUG_PATTERN.strip('^$')}|{TOWN})$"
EXAMPLES = {
    "case studies": {
        "slug": "boise-id",
        "fields": ["slug", "title"],
        "include": ["outcomes", "funding"],
        "q": "attendance",
    },
    "districts": {
        "slug": "boise-school-district-id",
        "fields": ["slug", "name"],
        "include": ["schools"],
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
    noun: str, *, fields: Sequence[str], parts: Sequence[str] = (), without: Sequence[str] = ()
) -> list[Json]:
    """Each parameter of a search with meaning, limits and an example.

    `noun`: "case studies" or "districts". `fields`, `parts`: what a hit has, and what its document
    has beside that. `without`: parameters that the endpoint does not take.
    """
    parameters = [
        _words(noun),
        *_ways_to_match(),
        *(_filter(noun, filter_, "") for filter_ in FILTERS),
        *_ranges(),
        *_places(noun),
        *_sample(noun),
        *_page(noun, fields, parts),
        *_analysis(noun),
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
        "schools), by synonyms, and by the nearest spelling when a word is misspelled. States, "
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
            "of a district with a known position. Of several towns of a name the most populous is meant; "
            "`meta.other_places` lists others. Each hit then has its `distance_km`.",
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


def _sample(noun: str) -> list[Json]:
    return [
        _parameter(
            "sample",
            f"Size of a random sample of the results, at most {MAX_SAMPLE}. The same `seed` at the same "
            f"revision gives the same {noun}; one that is added or withdrawn changes one of them at "
            "most. `meta.total` is the size of the sample, `meta.sampled_from` the number of all "
            "results. Facets, `group_by` and `statistics` describe all results.",
            {"type": "integer", "minimum": 1, "maximum": MAX_SAMPLE},
            20,
        ),
        _parameter(
            "seed",
            "Number that chooses the `sample`: another seed gives another sample. Only with `sample`. "
            "Default: 0.",
            {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
            7,
        ),
    ]


def _page(noun: str, fields: Sequence[str], parts: Sequence[str]) -> list[Json]:
    orders = "; ".join(f"`{name}`: {meaning}" for name, meaning in SORTS.items())
    descending = [f"-{name}" for name in SORTS if name != "relevance"]
    return [
        _list_parameter(
            "sort",
            f"Sort order: up to {MAX_SORTS} keys, the first one first; prefix `-` to reverse a key. "
            f"{orders}. Default: `distance` with `near` and without words, else `relevance`. Missing values sort last; ties break by slug, in the direction of the last "
            f"key. {SEPARATION}",
            {"type": "string", "enum": [*SORTS, *descending]},
            ["state", "-started"],
            most=MAX_SORTS,
        ),
        _parameter(
            "limit",
            f"Entries per page, at most {MAX_LIMIT}, with `include` or `explain` at most "
            f"{MAX_LIMIT_IN_FULL}; 0 returns the counts alone. Exports have no limit.",
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
            f"has only these fields, not the complete hit described under 200. {SEPARATION}",
            {"type": "string", "enum": list(fields)},
            EXAMPLES[noun]["fields"],
        ),
        _list_parameter(
            "include",
            "Parts of the full document to add to each hit, in its field `document`. They are added "
            f"whatever `fields` names. {SEPARATION}",
            {"type": "string", "enum": list(parts)},
            EXAMPLES[noun]["include"],
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
            "`true`: each hit has an `explanation` of its relevance score.",
            {"type": "boolean"},
            True,
        ),
        AS_OF.openapi(),
    ]


def _analysis(noun: str) -> list[Json]:
    (kind,) = (kind for kind in STATISTICS if KINDS[kind].plural == noun)
    of_outcomes = (
        "`outcomes`: the values and baselines of outcomes, a line for each indicator and unit. With "
        "`outcome`, `evidence` and `direction`, only of outcomes that these filters select. The values "
        "come from different studies and populations. They are read from the documents of at most "
        f"{MAX_STUDIED} results, which takes about a tenth of a millisecond for each. "
    )
    return [
        _list_parameter(
            "group_by",
            f"One or two facets. `groups` then counts all {noun} of the search by each value, or by "
            "each pair of values that occurs. One with several values counts under each of them, so "
            "totals are not sums: they count each once. With the filters `outcome`, `evidence` and "
            "`direction`, only outcomes that these select count. With two of these facets, a cell "
            f"counts {noun} with one outcome that has both values. At most {MAX_CELLS} cells. "
            f"{SEPARATION}",
            {"type": "string", "enum": list(FACETS)},
            ["state", "rurality"],
            most=MAX_GROUPED,
        ),
        _list_parameter(
            "statistics",
            "Figures of which `statistics` gives count, quartiles and mean over all results. "
            "`enrollment`: students of the largest district. `started`: start year, the latest of "
            f"several. {of_outcomes if OUTCOMES in STATISTICS[kind] else ''}{SEPARATION}",
            {"type": "string", "enum": list(STATISTICS[kind])},
            ["enrollment", "started"],
        ),
    ]


def _list_parameter(
    name: str, description: str, item: Json, example: Any, *, most: int = MAX_VALUES
) -> Json:
    schema = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
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

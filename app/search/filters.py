"""The filters as rows of data: one row gives parsing, checking, facets, links, error messages and the OpenAPI parameters."""

from dataclasses import dataclass

NOT_STATED = "not-stated"
KINDS = ("case_study", "district")
MAX_QUERY_CHARACTERS = 300
MAX_CLAUSES = 20
MAX_VALUES = 100
MAX_LIMIT = 100
DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that takes terms of a vocabulary; it is a facet as well."""

    name: str
    vocabulary: str  # "state", "strategy", "indicator", "locale", or the name of a list of terms
    label: str
    meaning: str
    example: str
    ordinal: bool = False  # listed in the vocabulary's own order, not by count


@dataclass(frozen=True, slots=True)
class Range:
    """A pair of parameters, NAME_min and NAME_max, over a figure; it is a facet of bands as well."""

    name: str
    label: str
    meaning: str
    lowest: int
    highest: int
    bands: tuple[tuple[int, int, str], ...]  # from, to (both included), label


FILTERS = (
    Filter("strategy", "strategy", "Strategy", "used this strategy", "after-school"),
    Filter("pillar", "pillar", "Pillar", "used a strategy of this pillar", "expanded-learning", ordinal=True),
    Filter("model", "model", "Model", "follows this named model", "community-learning-center"),
    Filter("state", "state", "State", "happened in this state (USPS code)", "OR"),
    Filter("region", "region", "Region", "happened in this Census region", "west", ordinal=True),
    Filter(
        "rurality",
        "rurality",
        "Rurality",
        "happened in a place of this type (NCES locale, else the setting a source states)",
        "rural",
        ordinal=True,
    ),
    Filter("locale", "locale", "Locale", "happened in a district with this NCES locale code", "41", ordinal=True),
    Filter("outcome", "indicator", "Outcome", "reports on this indicator", "chronic-absence"),
    Filter("evidence", "evidence", "Evidence", "rests on a study of this design", "quasi-experimental", ordinal=True),
    Filter("partner_type", "partner-type", "Partner", "has a partner of this kind", "health-provider"),
    Filter("funding", "funding-kind", "Funding", "has money of this kind", "federal"),
    Filter("setting", "setting", "Setting", "is in a setting that a source calls so", "rural", ordinal=True),
    Filter("status", "initiative-status", "Status", "is in this state, as of its newest source", "active", ordinal=True),
)
RANGES = (
    Range(
        "started",
        "Started",
        "year in which it began",
        1800,
        2100,
        tuple((year, year + 9, f"{year}s") for year in range(1980, 2030, 10)),
    ),
    Range(
        "enrollment",
        "Enrollment",
        "students in one of its districts",
        0,
        10_000_000,
        (
            (0, 999, "Under 1,000"),
            (1_000, 4_999, "1,000 to 4,999"),
            (5_000, 19_999, "5,000 to 19,999"),
            (20_000, 99_999, "20,000 to 99,999"),
            (100_000, 10_000_000, "100,000 and more"),
        ),
    ),
)
FILTER = {filter_.name: filter_ for filter_ in FILTERS}
RANGE = {range_.name: range_ for range_ in RANGES}
FACETS = (*FILTER, *RANGE)
SORTS = {
    "relevance": "best match first; without words, strongest evidence first",
    "updated": "by when it was last published",
    "title": "by title (districts: by name)",
    "state": "by USPS code",
    "started": "by the year in which it began",
    "enrollment": "by the students of its largest district",
    "distance": "by distance from `near`",
}

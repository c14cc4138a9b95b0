"""The filters as rows: one row gives parsing, facets, links, messages and OpenAPI parameters."""

from dataclasses import dataclass

NOT_STATED = "not-stated"
MATCHES = ("all", "exact")  # values of match
SPELLINGS = ("exact",)
FLAGS = ("true", "false")  # values of explain
COORDINATES = r"(-?[0-9]{1,2}(?:\.[0-9]+)?) *, *(-?[0-9]{1,3}(?:\.[0-9]+)?)"  # in degrees
MAX_QUERY_CHARACTERS = 300
MAX_CLAUSES = 20
LEAST_LETTERS = 2  # of a beginning
MAX_VALUES = 100
MAX_LIMIT = 100
# With include or explain: a document has some 20 kB, an explanation takes a millisecond.
MAX_LIMIT_IN_FULL = 50
DEFAULT_LIMIT = 20
MAX_SORTS = 3
MAX_GROUPED = 2  # facets of a cross-tab
MAX_CELLS = 5_000  # of a cross-tab: some 60 ms
MAX_SAMPLE = 1_000
MAX_SEED = 999_999_999
MAX_STUDIED = 5_000  # case studies whose documents are read for statistics of outcomes


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that takes terms of a vocabulary; it is a facet as well."""

    name: str
    vocabulary: str  # "state", "strategy", "indicator", "locale", or the name of a list of terms
    label: str
    meaning: str  # follows "Case studies" or "Districts with case studies"
    example: str
    ordinal: bool = False  # listed in the vocabulary's own order, not by count
    of_districts: str | None = None  # follows "Districts": a filter by the district's own place
    in_entries: str | None = None  # name of its values in entries, where it is another
    many: bool = False  # hundreds of terms: never listed whole, counted only when asked for


@dataclass(frozen=True, slots=True)
class Range:
    """A pair of parameters, NAME_min and NAME_max, over a figure; a facet of bands as well."""

    name: str
    label: str
    meaning: str  # follows "Earliest" or "Lowest" and the like
    lowest: int
    highest: int
    bands: tuple[tuple[int, int, str], ...]  # from, to (both included), label
    lowest_word: str = "Lowest"
    highest_word: str = "Highest"


FILTERS = (
    Filter("strategy", "strategy", "Strategy", "using this strategy", "after-school"),
    Filter("topic", "topic", "Topic", "about this topic", "food-pantry"),
    Filter(
        "pillar",
        "pillar",
        "Pillar",
        "using a strategy of this pillar",
        "expanded-learning",
        ordinal=True,
    ),
    Filter("model", "model", "Model", "following this named model", "community-learning-center"),
    Filter(
        "state",
        "state",
        "State",
        "in this state (USPS code)",
        "OR",
        of_districts="in this state (USPS code)",
    ),
    Filter(
        "region",
        "region",
        "Region",
        "in this Census region",
        "west",
        ordinal=True,
        of_districts="in this Census region",
    ),
    Filter(
        "rurality",
        "rurality",
        "Rurality",
        "in a place of this type (by NCES locale, else by the setting a source states)",
        "rural",
        ordinal=True,
        of_districts="of this type (by NCES locale, else by the setting a source states)",
    ),
    Filter(
        "locale",
        "locale",
        "Locale",
        "in a district with this NCES locale code",
        "41",
        ordinal=True,
        of_districts="with this NCES locale code",
    ),
    Filter(
        "outcome", "indicator", "Outcome", "reporting an outcome for this indicator", "attendance"
    ),
    Filter(
        "evidence",
        "evidence",
        "Evidence",
        "reporting an outcome from a study of this design",
        "quasi-experimental",
        ordinal=True,
    ),
    Filter(
        "direction",
        "direction",
        "Direction",
        "reporting an outcome that changed in this direction, as its source says",
        "better",
        ordinal=True,
    ),
    Filter(
        "partner",
        "organization",
        "Partner",
        "naming this organization as a partner",
        "communities-in-schools",
        in_entries="organization",
        many=True,
    ),
    Filter(
        "partner_type",
        "partner-type",
        "Partner type",
        "naming a partner of this type",
        "health-provider",
    ),
    Filter("funding", "funding-kind", "Funding", "funded by this type of source", "federal"),
    Filter(
        "setting",
        "setting",
        "Setting",
        "in this setting, as a source describes it",
        "rural",
        ordinal=True,
    ),
    Filter(
        "status",
        "initiative-status",
        "Status",
        "of initiatives with this status, as of the newest source",
        "active",
        ordinal=True,
    ),
)
RANGES = (
    Range(
        "started",
        "Started",
        "start year",
        1800,
        2100,
        tuple((year, year + 9, f"{year}s") for year in range(1980, 2030, 10)),
        lowest_word="Earliest",
        highest_word="Latest",
    ),
    Range(
        "enrollment",
        "Enrollment",
        "district enrollment, in students",
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
FEW_VALUED = tuple(filter_.name for filter_ in FILTERS if not filter_.many)
DEFAULT_FACETS = (*FEW_VALUED, *RANGE)
MOST_LISTED = 50  # values of a facet with hundreds of them, the most frequent first
OUTCOME_FILTERS = ("outcome", "evidence", "direction")  # together they ask for one outcome
OUTCOME_KEY = "outcome_key"  # facet of an entry: the three values of each of its outcomes
SORTS = {
    "relevance": "best match first; without words, strongest evidence first",
    "updated": "by date of publication",
    "title": "by title, or by name for districts",
    "state": "by USPS code",
    "started": "by start year",
    "enrollment": "by enrollment of the largest district",
    "distance": "by distance from `near`",
}
# What `statistics` can describe. Outcomes are read from the documents, the others from the index.
FIGURES = ("enrollment", "started")
OUTCOMES = "outcomes"
STATISTICS = {"case-study": (*FIGURES, OUTCOMES), "district": FIGURES}

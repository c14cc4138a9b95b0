"""SearchQuery: a whole search, and its address with or without one of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote

from app.search.filters import (
    DEFAULT_LIMIT,
    FILTER,
    RANGE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that `q` asks for: words in a row (a phrase), a word, or the beginning of one."""

    words: tuple[str, ...]
    phrase: bool = False
    prefix: bool = False
    without: bool = False

    def __str__(self) -> str:
        body = (
            f'"{" ".join(self.words)}"'
            if self.phrase
            else " ".join(self.words) + ("*" if self.prefix else "")
        )
        return f"-{body}" if self.without else body


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of a sort order. What is not known stands last both ways."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


BY_RELEVANCE = (SortKey("relevance"),)
BY_DISTANCE = (SortKey("distance"),)


@dataclass(frozen=True)
class SearchQuery:
    """A checked search of the case studies or the districts."""

    kind: str
    path: str
    q: str = ""
    clauses: tuple[Clause, ...] = ()
    any_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    none_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    slugs: tuple[str, ...] = ()
    match: str | None = None  # all or exact; None: whole matches first, partial ones below
    spelling: str | None = None  # exact: no word is corrected
    near: str | None = None  # a town with its state: "Burlington, VT"
    other_places: tuple[str, ...] = ()  # towns that the typed name of `near` may mean as well
    point: tuple[float, float] | None = None
    within_km: float | None = None
    sample: int | None = None  # so many of the results, drawn at random
    seed: int = 0  # of the sample
    sort: tuple[SortKey, ...] = ()  # empty: as `default_order` says
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    fields: tuple[str, ...] = ()
    include: tuple[str, ...] = ()  # parts of the document that each hit has
    facets: tuple[str, ...] | None = None
    group_by: tuple[str, ...] = ()  # facets of a cross-tab
    statistics: tuple[str, ...] = ()
    explain: bool = False  # each hit tells its score
    as_of: int | None = None  # the revision that is searched; None for what is public now

    @property
    def default_order(self) -> tuple[SortKey, ...]:
        """By distance, if a place is given and no word; else by relevance."""
        has_words = any(not clause.without for clause in self.clauses)
        return BY_DISTANCE if self.near and not has_words else BY_RELEVANCE

    @property
    def order(self) -> tuple[SortKey, ...]:
        """The keys of its order, the first one first."""
        return self.sort or self.default_order

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Its parameters in their one order (PARAMETERS), defaults and cursor left out."""
        parameters = {"q": self.q} if self.q else {}
        for suffix, values in (("", self.any_of), ("_all", self.all_of), ("_not", self.none_of)):
            if values:
                parameters |= {
                    name + suffix: ",".join(values[name]) for name in FILTER if name in values
                }
        for name, (low, high) in self.ranges.items():
            parameters |= {
                f"{name}_{end}": str(value)
                for end, value in (("min", low), ("max", high))
                if value is not None
            }
        if self.match:
            parameters["match"] = self.match
        if self.spelling:
            parameters["spelling"] = self.spelling
        if self.slugs:
            parameters["slug"] = ",".join(self.slugs)
        if self.near:
            parameters["near"] = self.near
        if self.within_km is not None:
            parameters["within_km"] = repr(self.within_km).removesuffix(".0")
        if self.sample is not None:
            parameters["sample"] = str(self.sample)
        if self.seed:
            parameters["seed"] = str(self.seed)
        if self.sort:
            parameters["sort"] = ",".join(map(str, self.sort))
        if self.limit != DEFAULT_LIMIT:
            parameters["limit"] = str(self.limit)
        if self.fields:
            parameters["fields"] = ",".join(self.fields)
        if self.include:
            parameters["include"] = ",".join(self.include)
        if self.facets is not None:
            parameters["facets"] = ",".join(self.facets) or "none"
        if self.group_by:
            parameters["group_by"] = ",".join(self.group_by)
        if self.statistics:
            parameters["statistics"] = ",".join(self.statistics)
        if self.explain:
            parameters["explain"] = "true"
        if self.as_of is not None:
            parameters["as_of"] = str(self.as_of)
        return parameters

    @cached_property
    def _written(self) -> dict[str, str]:
        """Each parameter as an address has it: `name=value`."""
        return {
            name: f"{name}={quote(value, safe=',:*') if name in _FREE else value}"
            for name, value in self.parameters.items()
        }

    def canonical(self) -> str:
        """The one query string of this search without its cursor. Equal searches, equal strings."""
        return "&".join(self._written.values())

    def url(self, *, cursor: str | None = None) -> str:
        """Its address, root-relative."""
        parts = [*self._written.values(), *([f"cursor={cursor}"] if cursor else [])]
        return f"{self.path}?{'&'.join(parts)}" if parts else self.path

    def url_without(self, *names: str) -> str:
        """The address of this search without some of its parameters, at its first page."""
        written = "&".join(text for name, text in self._written.items() if name not in names)
        return f"{self.path}?{written}" if written else self.path

    def url_of_all(self, address: str, *without: str) -> str:
        """Where another address gives everything that this search finds."""
        left_out = (*OF_A_PAGE, *without)
        written = "&".join(text for name, text in self._written.items() if name not in left_out)
        return f"{address}{'&' if '?' in address else '?'}{written}" if written else address

    def url_around(self, *names: str) -> tuple[str, str]:
        """What stands before and behind some parameters in the address of the first page."""
        place = _PLACE[names[0]]
        before = [
            text
            for name, text in self._written.items()
            if name not in names and _PLACE[name] < place
        ]
        behind = [
            text
            for name, text in self._written.items()
            if name not in names and _PLACE[name] > place
        ]
        return f"{self.path}?{'&'.join([*before, ''])}", "&".join(["", *behind])

    def parameters_of(self, part: str) -> list[str]:
        """The parameters of a part that narrows the search: one, or both ends of a range."""
        return [name for name in (part, f"{part}_min", f"{part}_max") if name in self.parameters]

    def url_with(self, *pairs: tuple[str, str], q: str | None = None) -> str:
        """The address of this question with more parameters and, if given, other words."""
        parameters = self.parameters | dict(pairs) | ({"q": q} if q is not None else {})
        written = "&".join(
            f"{name}={quote(parameters[name], safe=',:*')}"
            for name in PARAMETERS
            if parameters.get(name)
        )
        return f"{self.path}?{written}" if written else self.path

    def of_the_present(self) -> "SearchQuery":
        """The same search of what is public now."""
        return self if self.as_of is None else replace(self, as_of=None)

    def without_filters(self) -> "SearchQuery":
        """The same search among all entries, at its first page."""
        return replace(
            self,
            any_of={},
            all_of={},
            none_of={},
            ranges={},
            slugs=(),
            within_km=None,
            cursor=None,
        )

    def without_clause(self, clause: Clause) -> "SearchQuery":
        """The same search without one of its words, at its first page."""
        clauses = tuple(other for other in self.clauses if other != clause)
        return replace(self, clauses=clauses, q=" ".join(map(str, clauses)), cursor=None)


PARAMETERS = (
    "q",
    *(name + suffix for suffix in ("", "_all", "_not") for name in FILTER),
    *(f"{name}_{end}" for name in RANGE for end in ("min", "max")),
    *(
        "match",
        "spelling",
        "slug",
        "near",
        "within_km",
        "sample",
        "seed",
        "sort",
        "limit",
        "cursor",
        "fields",
        "include",
        "facets",
        "group_by",
        "statistics",
        "explain",
        "as_of",
    ),
)
OF_A_SAMPLE = ("sample", "seed")
OF_A_PAGE = (
    "limit",
    "cursor",
    "sort",
    "fields",
    "include",
    "facets",
    "group_by",
    "statistics",
    "explain",
)  # paging, order and shape mean nothing when everything is taken
# They shape an answer of the API. Pages show the present, in a form of their own.
OF_THE_API = ("fields", "include", "facets", "group_by", "statistics", "as_of")
OF_THE_PRESENT = (*OF_A_PAGE, "as_of")  # what means nothing where all of the present is taken
_PLACE = {name: place for place, name in enumerate(PARAMETERS)}
_FREE = (
    "q",
    "near",
)  # the others are codes, slugs, names and numbers, which an address takes as they are

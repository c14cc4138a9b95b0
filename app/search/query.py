"""SearchQuery: the whole question. The only list of its parameters, their checks and their error messages; it knows how it reads without one of its parts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import quote

from app.catalog.vocabulary import Vocabulary, nearest
from app.errors import Fault, Invalid
from app.search.analysis import words, written_words
from app.search.filters import (
    DEFAULT_LIMIT,
    FACETS,
    FILTER,
    FILTERS,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_QUERY_CHARACTERS,
    MAX_VALUES,
    NOT_STATED,
    RANGE,
    RANGES,
    SORTS,
)

Places = Callable[[str], tuple[float, float] | None]  # a district's slug or LEAID -> its position
_CLAUSE = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that `q` asks for: words in a row (a phrase), a word, or the beginning of one."""

    words: tuple[str, ...]
    phrase: bool = False
    prefix: bool = False
    without: bool = False

    def __str__(self) -> str:
        body = f'"{" ".join(self.words)}"' if self.phrase else " ".join(self.words) + ("*" if self.prefix else "")
        return f"-{body}" if self.without else body


@dataclass(frozen=True)
class SearchQuery:
    """A checked question to the case studies or the districts."""

    kind: str
    path: str
    q: str = ""
    clauses: tuple[Clause, ...] = ()
    any_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    none_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    slugs: tuple[str, ...] = ()
    near: str | None = None
    point: tuple[float, float] | None = None
    within_km: float | None = None
    sort: str = "relevance"
    descending: bool = False
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    fields: tuple[str, ...] = ()
    facets: tuple[str, ...] | None = None

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Its parameters in their one order (PARAMETERS), defaults and cursor left out."""
        found = {"q": self.q} if self.q else {}
        for suffix, values in (("", self.any_of), ("_all", self.all_of), ("_not", self.none_of)):
            if values:
                found |= {name + suffix: ",".join(values[name]) for name in FILTER if name in values}
        for name, (low, high) in self.ranges.items():
            found |= {f"{name}_{end}": str(value) for end, value in (("min", low), ("max", high)) if value is not None}
        if self.slugs:
            found["slug"] = ",".join(self.slugs)
        if self.near:
            found["near"] = self.near
        if self.within_km is not None:
            found["within_km"] = repr(self.within_km).removesuffix(".0")
        if self.sort != "relevance":
            found["sort"] = f"-{self.sort}" if self.descending else self.sort
        if self.limit != DEFAULT_LIMIT:
            found["limit"] = str(self.limit)
        if self.fields:
            found["fields"] = ",".join(self.fields)
        if self.facets is not None:
            found["facets"] = ",".join(self.facets) or "none"
        return found

    @cached_property
    def units(self) -> list[Clause]:
        """What is weighed: each wanted word, those of phrases one by one, and each beginning."""
        wanted = [clause for clause in self.clauses if not clause.without]
        return [unit for clause in wanted for unit in ([Clause((word,)) for word in clause.words] if clause.phrase else [clause])]

    @cached_property
    def _written(self) -> dict[str, str]:
        """Each parameter as an address has it: `name=value`."""
        return {name: f"{name}={quote(value, safe=',:*') if name in _FREE else value}" for name, value in self.parameters.items()}

    def canonical(self) -> str:
        """The one query string of this question, without its cursor: equal questions, equal strings."""
        return "&".join(self._written.values())

    def url(self, *, cursor: str | None = None) -> str:
        """Its address, root-relative."""
        written = f"{self.canonical()}&cursor={cursor}" if cursor and self._written else f"cursor={cursor}" if cursor else self.canonical()
        return f"{self.path}?{written}" if written else self.path

    def url_without(self, *names: str) -> str:
        """The address of this question without some of its parameters, at its first page."""
        written = "&".join(text for name, text in self._written.items() if name not in names)
        return f"{self.path}?{written}" if written else self.path

    def url_around(self, *names: str) -> tuple[str, str]:
        """What stands before and behind these parameters in the address of this question at its first page: with a hundred values
        of a parameter to link to, each link is a join."""
        place = _PLACE[names[0]]
        before = [text for name, text in self._written.items() if name not in names and _PLACE[name] < place]
        behind = [text for name, text in self._written.items() if name not in names and _PLACE[name] > place]
        return f"{self.path}?{'&'.join([*before, ''])}", "&".join(["", *behind])

    def parameters_of(self, part: str) -> list[str]:
        """The parameters that make up a part that narrows it: both ends of a range, if both are given."""
        return [name for name in (part, f"{part}_min", f"{part}_max") if name in self.parameters]

    def without_clause(self, clause: Clause) -> "SearchQuery":
        """The same question without one of its words, at its first page."""
        clauses = tuple(other for other in self.clauses if other != clause)
        return replace(self, clauses=clauses, q=" ".join(map(str, clauses)), cursor=None)


PARAMETERS = (
    "q",
    *(name + suffix for suffix in ("", "_all", "_not") for name in FILTER),
    *(f"{name}_{end}" for name in RANGE for end in ("min", "max")),
    *("slug", "near", "within_km", "sort", "limit", "cursor", "fields", "facets"),
)
OF_A_PAGE = ("limit", "cursor", "sort", "fields", "facets")  # paging, order and shape mean nothing when everything is taken
_PLACE = {name: place for place, name in enumerate(PARAMETERS)}
_TERM_PARAMETERS = {suffix: {filter_.name + suffix: filter_ for filter_ in FILTERS} for suffix in ("", "_all", "_not")}
_FREE = ("q", "near")  # the others are codes, slugs, names and numbers, which an address takes as they are
_NOT_TEXT = re.compile("[\0\ufffd\ud800-\udfff]")


def parse(
    kind: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    *,
    vocabulary: Vocabulary,
    places: Places,
    fields: Sequence[str],
    without: Sequence[str] = (),
) -> SearchQuery:
    """The question that query parameters ask. Raises Invalid with every fault. `without`: parameters that this address does not take."""
    return _Parser(kind, path, pairs, vocabulary, places, fields, without).query()


class _Parser:
    """One parse: collects the faults as it goes."""

    def __init__(
        self,
        kind: str,
        path: str,
        pairs: Iterable[tuple[str, str]],
        vocabulary: Vocabulary,
        places: Places,
        fields: Sequence[str],
        without: Sequence[str],
    ) -> None:
        self.kind, self.path, self.vocabulary, self.places, self.allowed_fields = kind, path, vocabulary, places, fields
        self.faults: list[Fault] = []
        self.given: dict[str, list[str]] = {}
        allowed = [name for name in PARAMETERS if name not in without] if without else _PLACE
        for name, value in pairs:
            self.given.setdefault(name, []).append(value)
        for name in self.given:
            if name not in allowed:
                found = tuple(nearest(name, allowed))
                hint = f"; did you mean {found[0]}?" if found else ""
                self.faults.append(
                    Fault(
                        "unknown_parameter",
                        f"there is no parameter {name[:60]!r}{hint}",
                        parameter=name[:60],
                        allowed=tuple(allowed),
                        nearest=found,
                    )
                )
            elif any(map(_NOT_TEXT.search, self.given[name])):
                self.fault("not_text", name, "is not UTF-8 text, or holds a NUL")

    def query(self) -> SearchQuery:
        q = self.one("q").strip()
        near, point = self.near()
        sort, descending = self.sort()
        query = SearchQuery(
            kind=self.kind,
            path=self.path,
            q=q,
            clauses=self.clauses(q),
            any_of=self.terms(""),
            all_of=self.terms("_all"),
            none_of=self.terms("_not"),
            ranges=self.ranges(),
            slugs=self.slugs(),
            near=near,
            point=point,
            within_km=self.within_km(),
            sort=sort,
            descending=descending,
            limit=self.limit(),
            cursor=self.one("cursor") if "cursor" in self.given else None,
            fields=self.names("fields", self.allowed_fields),
            facets=self.facets(),
        )
        if self.faults:
            raise Invalid(self.faults)
        return query

    def fault(self, code: str, name: str, detail: str, *, allowed: Sequence[str] | None = None, near: Sequence[str] | None = None) -> None:
        self.faults.append(
            Fault(code, detail, parameter=name, allowed=tuple(allowed) if allowed else None, nearest=tuple(near) if near else None)
        )

    def one(self, name: str) -> str:
        values = self.given.get(name, [])
        if len(values) > 1:
            self.fault("given_twice", name, f"{name} can be given once")
        return values[-1] if values else ""

    def many(self, name: str) -> list[str]:
        if name not in self.given:
            return []
        values = [value.strip() for value in ",".join(self.given[name]).split(",")]
        if not any(values):
            self.fault("empty", name, f"{name} is given without a value")
        if len(values) > MAX_VALUES:
            self.fault("too_many_values", name, f"{name} takes at most {MAX_VALUES} values; {len(values)} were given")
        return list(dict.fromkeys(value for value in values[:MAX_VALUES] if value))

    def clauses(self, q: str) -> tuple[Clause, ...]:
        if len(q) > MAX_QUERY_CHARACTERS:
            self.fault("too_long", "q", f"q takes at most {MAX_QUERY_CHARACTERS} characters; {len(q)} were given")
            return ()
        found: list[Clause] = []
        for minus, phrase, plain in _CLAUSE.findall(_joined_ampersands(q)):
            without = bool(minus) or (plain.startswith("-") and len(plain) > 1)
            folded = words(phrase or plain)
            if not folded:
                continue
            if phrase:
                found.append(Clause(tuple(folded), phrase=True, without=without))
            elif plain.endswith("*"):
                found += [Clause((word,), without=without) for word in folded[:-1]]
                found.append(Clause((written_words(plain)[-1],), prefix=True, without=without))
            elif without:
                found.append(Clause(tuple(folded), phrase=len(folded) > 1, without=True))
            else:
                found += [Clause((word,)) for word in folded]
        found = list(dict.fromkeys(found))
        if len(found) > MAX_CLAUSES:
            self.fault("too_many_words", "q", f"q takes at most {MAX_CLAUSES} words and phrases; {len(found)} were given")
        return tuple(found[:MAX_CLAUSES])

    def terms(self, suffix: str) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, filter_ in _TERM_PARAMETERS[suffix].items():
            if name not in self.given:
                continue
            values = []
            for value in self.many(name):
                code = NOT_STATED if value == NOT_STATED else self.vocabulary.resolve(filter_.vocabulary, value)
                if code is None:
                    near = self.vocabulary.nearest(filter_.vocabulary, value)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    self.fault(
                        "unknown_value",
                        name,
                        f"{name} has no value {value[:60]!r}{hint}",
                        allowed=[*self.vocabulary.codes(filter_.vocabulary), NOT_STATED],
                        near=near,
                    )
                elif code not in values:
                    values.append(code)
            if values:
                found[filter_.name] = tuple(sorted(values))
        return found

    def ranges(self) -> dict[str, tuple[int | None, int | None]]:
        found: dict[str, tuple[int | None, int | None]] = {}
        for range_ in RANGES:
            low, high = (self.whole_number(f"{range_.name}_{end}", range_.lowest, range_.highest) for end in ("min", "max"))
            if low is not None and high is not None and low > high:
                self.fault("out_of_order", f"{range_.name}_min", f"{range_.name}_min is above {range_.name}_max")
            if low is not None or high is not None:
                found[range_.name] = (low, high)
        return found

    def whole_number(self, name: str, lowest: int, highest: int) -> int | None:
        if name not in self.given:
            return None
        value = self.one(name)
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not lowest <= int(value) <= highest:
            self.fault("out_of_range", name, f"{name} is a whole number from {lowest} to {highest}; {value[:40]!r} was given")
            return None
        return int(value)

    def slugs(self) -> tuple[str, ...]:
        values = self.many("slug")
        for value in values:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
                self.fault("not_a_slug", "slug", f"{value[:60]!r} is not a slug: lower-case letters and digits joined by hyphens")
        return tuple(sorted(values))

    def near(self) -> tuple[str | None, tuple[float, float] | None]:
        if "near" not in self.given:
            return None, None
        value = self.one("near").strip()
        if match := re.fullmatch(r"(-?\d{1,2}(?:\.\d{1,10})?),(-?\d{1,3}(?:\.\d{1,10})?)", value, re.ASCII):
            latitude, longitude = float(match[1]), float(match[2])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                return value, (latitude, longitude)
        elif point := self.places(value):
            return value, point
        self.fault(
            "unknown_place",
            "near",
            f"near is latitude,longitude in degrees (45.52,-122.68), or the slug or LEAID of a district whose position is known; {value[:60]!r} is neither",
        )
        return None, None

    def within_km(self) -> float | None:
        if "within_km" not in self.given:
            return None
        value = self.one("within_km")
        if not re.fullmatch(r"\d{1,20}(\.\d{1,20})?([eE][-+]?\d{1,3})?", value, re.ASCII) or not 0 < float(value) <= 20_100:
            self.fault(
                "out_of_range", "within_km", f"within_km is a number of kilometres above 0 and up to 20100; {value[:40]!r} was given"
            )
            return None
        if "near" not in self.given:
            self.fault("required_with", "within_km", "within_km needs near")
        return float(value)

    def sort(self) -> tuple[str, bool]:
        if "sort" not in self.given:
            return "relevance", False
        value = self.one("sort").strip()
        name = value.removeprefix("-")
        allowed = [*SORTS, *(f"-{sort}" for sort in SORTS if sort != "relevance")]
        if value not in allowed:
            self.fault("unknown_value", "sort", f"sort has no value {value[:60]!r}", allowed=allowed, near=nearest(name, SORTS))
            return "relevance", False
        if name == "distance" and "near" not in self.given:
            self.fault("required_with", "sort", "sort=distance needs near")
        return name, value.startswith("-")

    def limit(self) -> int:
        if "limit" not in self.given:
            return DEFAULT_LIMIT
        value = self.one("limit")
        if not re.fullmatch(r"\d{1,6}", value, re.ASCII) or int(value) > MAX_LIMIT:
            self.fault(
                "out_of_range",
                "limit",
                f"limit is a whole number from 0 to {MAX_LIMIT}; {value[:40]!r} was given. /v1/exports/{self.path.rsplit('/', 1)[1]}.ndjson takes the same filters and has no cap",
            )
            return DEFAULT_LIMIT
        return int(value)

    def names(self, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
        values = self.many(name)
        for value in values:
            if value not in allowed:
                near = nearest(value, allowed)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.fault("unknown_value", name, f"{name} has no value {value[:60]!r}{hint}", allowed=allowed, near=near)
        return tuple(sorted(values))

    def facets(self) -> tuple[str, ...] | None:
        if "facets" not in self.given:
            return None
        if self.given["facets"] == ["none"]:
            return ()
        chosen = self.names("facets", FACETS)
        return tuple(name for name in FACETS if name in chosen)


def _joined_ampersands(q: str) -> str:
    """`A & M` is one word, as in the text that is searched."""
    return re.sub(r"(?<!\w)(\w)\s?&\s?(\w)(?!\w)", r"\1&\2", q)

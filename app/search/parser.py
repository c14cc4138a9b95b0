"""From query parameters to a SearchQuery: every check of a search and its error messages."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from app.catalog.as_of import PARAMETER as AS_OF
from app.catalog.vocabulary import Vocabulary
from app.errors import MAX_FAULTS, Fault, Invalid, Malformed
from app.records.kinds import KINDS
from app.records.shape import SLUG_PATTERN
from app.records.spelling import nearest
from app.search.clauses import read_clauses
from app.search.filters import (
    COORDINATES,
    DEFAULT_LIMIT,
    FACETS,
    FILTERS,
    FLAGS,
    LEAST_LETTERS,
    MATCHES,
    MAX_CLAUSES,
    MAX_GROUPED,
    MAX_LIMIT,
    MAX_LIMIT_IN_FULL,
    MAX_QUERY_CHARACTERS,
    MAX_SAMPLE,
    MAX_SEED,
    MAX_SORTS,
    MAX_VALUES,
    NOT_STATED,
    RANGES,
    SORTS,
    SPELLINGS,
    STATISTICS,
    Filter,
)
from app.search.query import PARAMETERS, Clause, SearchQuery, SortKey
from app.search.understanding.gazetteer import NamedPlace

Places = Callable[[str], NamedPlace | None]
SHOWN = 60  # characters of a wrong value that are sent back
MAX_KM = 20_100  # half the way around the Earth, and a little
DECIMALS = 10  # of a degree: a hundredth of a millimeter
# Names that other interfaces use, each with the parameter that does the same here.
OTHER_NAMES = {
    "page": "cursor", "offset": "cursor", "leaid": "slug", "nces_leaid": "slug", "query": "q",
    "search": "q", "within_miles": "within_km",
}  # fmt: skip
_NOT_TEXT = re.compile("[\0\ufffd\ud800-\udfff]")
_KILOMETERS = re.compile(r"\d{1,20}(\.\d{1,20})?([eE][-+]?\d{1,3})?", re.ASCII)


def parse(
    kind: str,
    path: str,
    pairs: Iterable[tuple[str, str]],
    *,
    vocabulary: Vocabulary,
    places: Places,
    fields: Sequence[str],
    revision: int = 0,
    parts: Sequence[str] = (),
    without: Sequence[str] = (),
) -> SearchQuery:
    """The search that query parameters ask for. An empty value means that none is given.

    `revision`: what `as_of` means; whoever searches has looked it up. `fields`, `parts`: what a hit
    has, and what its document has beside that. `without` names parameters that this address does
    not take. Raises Invalid, or Malformed if a parameter is unknown or given twice, with every
    fault; beyond MAX_FAULTS without the nearest names, which take long to find.
    """
    return _Parser(kind, path, pairs, vocabulary, places, fields, parts, revision, without).query()


class _Parser:
    """One parse: it collects the faults as it goes."""

    def __init__(
        self,
        kind: str,
        path: str,
        pairs: Iterable[tuple[str, str]],
        vocabulary: Vocabulary,
        places: Places,
        fields: Sequence[str],
        parts: Sequence[str],
        revision: int,
        without: Sequence[str],
    ) -> None:
        self.kind, self.path, self.revision = kind, path, revision
        self.vocabulary, self.places = vocabulary, places
        self.allowed_fields, self.allowed_parts = fields, parts
        self.faults: list[Fault] = []
        self.malformed = False
        self.values: dict[str, list[str]] = {}  # by parameter, what was given
        allowed = [name for name in PARAMETERS if name not in without]
        unknown: dict[str, None] = {}
        for name, value in pairs:
            if name not in allowed:
                unknown[name] = None
            elif value.strip(" ,"):
                self.values.setdefault(name, []).append(value)
        for name in unknown:
            self.unknown_parameter(name, allowed)
        for name, values in self.values.items():
            if any(map(_NOT_TEXT.search, values)):
                self.fault("not_text", name, f"{name} must be UTF-8 text without NUL.")

    def query(self) -> SearchQuery:
        q = self.one("q").strip()
        place = self.near()
        include = self.names("include", self.allowed_parts)
        explain = self.choice("explain", FLAGS) == "true"
        query = SearchQuery(
            kind=self.kind,
            path=self.path,
            q=q,
            clauses=self.clauses(q),
            any_of=self.terms(""),
            all_of=self.terms("_all"),
            none_of=self.terms("_not"),
            ranges=self.ranges(),
            match=self.choice("match", MATCHES),
            spelling=self.choice("spelling", SPELLINGS),
            slugs=self.slugs(),
            near=place.name if place else None,
            point=place.point if place else None,
            other_places=place.others if place else (),
            within_km=self.within_km(),
            sample=self.sample(),
            seed=self.seed(),
            sort=self.sort(),
            limit=self.limit(MAX_LIMIT_IN_FULL if include or explain else MAX_LIMIT),
            cursor=self.one("cursor") or None,
            fields=self.names("fields", self.allowed_fields),
            include=include,
            facets=self.facets(),
            group_by=self.group_by(),
            statistics=self.names("statistics", STATISTICS[self.kind]),
            explain=explain,
            as_of=self.as_of(),
        )
        if self.faults:
            raise (Malformed if self.malformed else Invalid)(self.faults)
        return replace(query, sort=()) if query.sort == query.default_order else query

    def fault(
        self,
        code: str,
        name: str,
        detail: str,
        *,
        allowed: Sequence[str] = (),
        near: Sequence[str] = (),
    ) -> None:
        nearest = tuple(near) or None
        self.faults.append(
            Fault(code, detail, parameter=name, allowed=tuple(allowed) or None, nearest=nearest)
        )

    def unknown_parameter(self, name: str, allowed: Sequence[str]) -> None:
        self.malformed = True
        near: Sequence[str] = ()
        if OTHER_NAMES.get(name) in allowed:
            near = (OTHER_NAMES[name],)
        elif not self.has_enough():
            near = nearest(name[:SHOWN], allowed)
        detail = f"There is no parameter {name[:SHOWN]!r}.{_hint(near)}"
        self.fault("unknown_parameter", name[:SHOWN], detail, allowed=allowed, near=near)

    def unknown_value(
        self, name: str, value: str, allowed: Sequence[str], near: Sequence[str]
    ) -> None:
        detail = f"{name} has no value {value[:SHOWN]!r}.{_hint(near)}"
        self.fault("unknown_value", name, detail, allowed=allowed, near=near)

    def has_enough(self) -> bool:
        """Whether more faults will not be told anyway."""
        return len(self.faults) >= MAX_FAULTS

    def one(self, name: str) -> str:
        """The only value of a parameter; empty if it is not given."""
        values = self.values.get(name, [])
        if len(values) > 1:
            self.malformed = True
            self.fault("given_twice", name, f"{name} was given more than once. Give it once.")
        return values[-1] if values else ""

    def many(self, name: str, most: int = MAX_VALUES) -> list[str]:
        """The values of a parameter that is repeated, or a list with commas."""
        parts = [part.strip() for part in ",".join(self.values.get(name, [])).split(",")]
        values = list(filter(None, parts))
        if len(parts) > most:
            self.fault(
                "too_many_values",
                name,
                f"{name} takes at most {most} values; {len(parts)} were given.",
            )
            return []  # none of them is looked up
        return list(dict.fromkeys(values))

    def clauses(self, q: str) -> tuple[Clause, ...]:
        if len(q) > MAX_QUERY_CHARACTERS:
            self.fault(
                "too_long",
                "q",
                f"q takes at most {MAX_QUERY_CHARACTERS} characters; {len(q)} were given.",
            )
            return ()
        clauses = read_clauses(q)
        if len(clauses) > MAX_CLAUSES:
            self.fault(
                "too_many_words",
                "q",
                f"q takes at most {MAX_CLAUSES} words and phrases; {len(clauses)} were given.",
            )
            return ()
        for clause in clauses:
            if clause.prefix and len(clause.words[0]) < LEAST_LETTERS:
                self.fault(
                    "too_short",
                    "q",
                    f"{clause.words[0]}* is too short a beginning. Write at least "
                    f"{LEAST_LETTERS} letters before the asterisk.",
                )
        return clauses

    def terms(self, suffix: str) -> dict[str, tuple[str, ...]]:
        chosen = {}
        for filter_ in FILTERS:
            if filter_.name + suffix in self.values:
                codes = self.codes(filter_, filter_.name + suffix)
                if codes:
                    chosen[filter_.name] = codes
        return chosen

    def codes(self, filter_: Filter, name: str) -> tuple[str, ...]:
        codes = set()
        for value in self.many(name):
            code = self.vocabulary.resolve(filter_.vocabulary, value)
            if code is not None or value == NOT_STATED:
                codes.add(code or NOT_STATED)
            else:
                self.unknown_term(filter_, name, value)
        return tuple(sorted(codes))

    def unknown_term(self, filter_: Filter, name: str, value: str) -> None:
        if self.has_enough():
            self.unknown_value(name, value, (), ())
            return
        near = self.vocabulary.nearest(filter_.vocabulary, value[:SHOWN])
        if not filter_.many:
            allowed = [*self.vocabulary.codes(filter_.vocabulary), NOT_STATED]
            self.unknown_value(name, value, list(dict.fromkeys(allowed)), near)
            return
        detail = f"{name} has no value {value[:SHOWN]!r}.{_hint(near)}"
        detail += f" /v1/{KINDS[filter_.vocabulary].path} lists its values."
        self.fault("unknown_value", name, detail, near=near)

    def ranges(self) -> dict[str, tuple[int | None, int | None]]:
        ranges: dict[str, tuple[int | None, int | None]] = {}
        for range_ in RANGES:
            least, most = f"{range_.name}_min", f"{range_.name}_max"
            low = self.whole_number(least, range_.lowest, range_.highest)
            high = self.whole_number(most, range_.lowest, range_.highest)
            if low is not None and high is not None and low > high:
                self.fault("out_of_order", least, f"{least} is above {most}. Exchange the two.")
            if low is not None or high is not None:
                ranges[range_.name] = (low, high)
        return ranges

    def whole_number(self, name: str, lowest: int, highest: int) -> int | None:
        value = self.one(name).strip()
        if not value:
            return None
        if re.fullmatch(r"\d{1,9}", value, re.ASCII) and lowest <= int(value) <= highest:
            return int(value)
        self.fault(
            "out_of_range",
            name,
            f"{name} must be a whole number from {lowest} to {highest}; "
            f"{value[:SHOWN]!r} was given.",
        )
        return None

    def slugs(self) -> tuple[str, ...]:
        values = self.many("slug")
        for value in values:
            if not re.fullmatch(SLUG_PATTERN, value):
                self.fault(
                    "not_a_slug",
                    "slug",
                    f"{value[:SHOWN]!r} is not a slug. Use lowercase letters and digits, "
                    "joined by hyphens.",
                )
        return tuple(sorted(values))

    def near(self) -> NamedPlace | None:
        value = self.one("near").strip()
        if not value:
            return None
        if match := re.fullmatch(COORDINATES, value):
            latitude, longitude = (_shortened(part) for part in match.groups())
            if abs(float(latitude)) <= 90 and abs(float(longitude)) <= 180:
                point = float(latitude), float(longitude)
                return NamedPlace(f"{latitude},{longitude}", point)
        elif place := self.places(value):
            return place
        self.fault(
            "unknown_place",
            "near",
            f"near has no place {value[:SHOWN]!r}. Use latitude,longitude in degrees "
            "(45.52,-122.68), a ZIP code, a town (Bend, OR), or the slug or LEAID of a district with "
            "a known position.",
        )
        return None

    def within_km(self) -> float | None:
        value = self.one("within_km").strip()
        if not value:
            return None
        if not _KILOMETERS.fullmatch(value) or not 0 < float(value) <= MAX_KM:
            self.fault(
                "out_of_range",
                "within_km",
                f"within_km must be a number of kilometers above 0 and up to {MAX_KM}; "
                f"{value[:SHOWN]!r} was given.",
            )
            return None
        if "near" not in self.values:
            self.fault("required_with", "within_km", "within_km needs near. Add a place.")
        return float(value)

    def sample(self) -> int | None:
        return self.whole_number("sample", 1, MAX_SAMPLE)

    def seed(self) -> int:
        if "seed" not in self.values:
            return 0
        if "sample" not in self.values:
            self.fault("required_with", "seed", "seed needs sample. Add how many to draw.")
        return self.whole_number("seed", 0, MAX_SEED) or 0

    def sort(self) -> tuple[SortKey, ...]:
        """The keys of the order that is asked for, the first one first."""
        if "sort" not in self.values:
            return ()
        allowed = [*SORTS, *(f"-{sort}" for sort in SORTS if sort != "relevance")]
        keys = []
        for value in self.many("sort", MAX_SORTS):
            name = value.removeprefix("-")
            if value in allowed:
                keys.append(SortKey(name, value.startswith("-")))
            else:
                near = () if self.has_enough() else nearest(name[:SHOWN], SORTS)
                self.unknown_value("sort", value, allowed, near)
        names = [key.name for key in keys]
        if len(set(names)) < len(names):
            self.fault("too_many_values", "sort", "sort takes each key once. Leave one out.")
        if "distance" in names and "near" not in self.values:
            self.fault("required_with", "sort", "sort=distance needs near. Add a place.")
        return tuple(keys)

    def limit(self, most: int) -> int:
        value = self.one("limit").strip()
        if not value:
            return DEFAULT_LIMIT
        if re.fullmatch(r"\d{1,6}", value, re.ASCII) and int(value) <= most:
            return int(value)
        export = f"/v1/exports/{KINDS[self.kind].path}.ndjson"
        in_full = " with include or explain" if most < MAX_LIMIT else ""
        self.fault(
            "out_of_range",
            "limit",
            f"limit must be a whole number from 0 to {most}{in_full}; {value[:SHOWN]!r} was "
            f"given. For everything at once use {export} with the same filters.",
        )
        return DEFAULT_LIMIT

    def as_of(self) -> int | None:
        value = self.one(AS_OF.name).strip()
        if not value:
            return None
        try:
            AS_OF.parse(value)
        except Invalid as invalid:
            self.faults += invalid.faults
        return self.revision

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        value = self.one(name).strip()
        if not value:
            return None
        if value not in allowed:
            detail = f"{name} has no value {value[:SHOWN]!r}. Use {' or '.join(allowed)}, or leave it out."
            self.fault("unknown_value", name, detail, allowed=allowed)
            return None
        return value

    def names(self, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
        if name not in self.values:
            return ()
        return tuple(sorted(self.known_names(name, allowed, MAX_VALUES)))

    def known_names(self, name: str, allowed: Sequence[str], most: int) -> list[str]:
        values = self.many(name, most)
        for value in values:
            if value not in allowed:
                near = () if self.has_enough() else nearest(value[:SHOWN], allowed)
                self.unknown_value(name, value, allowed, near)
        return values

    def group_by(self) -> tuple[str, ...]:
        """The facets of a cross-tab, that of the rows first."""
        if "group_by" not in self.values:
            return ()
        return tuple(self.known_names("group_by", FACETS, MAX_GROUPED))

    def facets(self) -> tuple[str, ...] | None:
        if "facets" not in self.values:
            return None
        if self.values["facets"] == ["none"]:
            return ()
        chosen = self.names("facets", FACETS)
        return tuple(name for name in FACETS if name in chosen)


def _shortened(degrees: str) -> str:
    """Degrees with the decimals that matter; browsers give more."""
    whole, point, decimals = degrees.partition(".")
    return whole + point + decimals[:DECIMALS]


def _hint(near: Sequence[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""

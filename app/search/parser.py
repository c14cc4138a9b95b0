"""From query parameters to a SearchQuery: every check of a question and its error messages."""

import re
from collections.abc import Callable, Iterable, Sequence

from app.catalog.vocabulary import NEAREST, Vocabulary
from app.errors import Fault, Invalid, Malformed
from app.records.spelling import nearest
from app.search.analysis import words, written_words
from app.search.filters import (
    DEFAULT_LIMIT,
    FACETS,
    FILTERS,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_QUERY_CHARACTERS,
    MAX_VALUES,
    NOT_STATED,
    RANGES,
    SORTS,
)
from app.search.query import PARAMETERS, Clause, SearchQuery

Places = Callable[[str], tuple[float, float] | None]  # a district's slug or LEAID -> its position
_CLAUSE = re.compile(r'(-?)"([^"]*)"?|(\S+)')
_TERM_PARAMETERS = {
    suffix: {filter_.name + suffix: filter_ for filter_ in FILTERS}
    for suffix in ("", "_all", "_not")
}
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
        self.kind, self.path, self.vocabulary, self.places, self.allowed_fields = (
            kind,
            path,
            vocabulary,
            places,
            fields,
        )
        self.faults: list[Fault] = []
        self.malformed = False
        self.given: dict[str, list[str]] = {}
        allowed = [name for name in PARAMETERS if name not in without] if without else PARAMETERS
        for name, value in pairs:
            self.given.setdefault(name, []).append(value)
        for name in self.given:
            if name not in allowed:
                self.malformed = True
                found = tuple(nearest(name, allowed)[:NEAREST])
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
            raise (Malformed if self.malformed else Invalid)(self.faults)
        return query

    def fault(
        self,
        code: str,
        name: str,
        detail: str,
        *,
        allowed: Sequence[str] | None = None,
        near: Sequence[str] | None = None,
    ) -> None:
        self.faults.append(
            Fault(
                code,
                detail,
                parameter=name,
                allowed=tuple(allowed) if allowed else None,
                nearest=tuple(near) if near else None,
            )
        )

    def one(self, name: str) -> str:
        values = self.given.get(name, [])
        if len(values) > 1:
            self.malformed = True
            self.fault("given_twice", name, f"{name} was given more than once. Give it once.")
        return values[-1] if values else ""

    def many(self, name: str) -> list[str]:
        if name not in self.given:
            return []
        values = [value.strip() for value in ",".join(self.given[name]).split(",")]
        if not any(values):
            self.fault("empty", name, f"{name} is given without a value")
        if len(values) > MAX_VALUES:
            self.fault(
                "too_many_values",
                name,
                f"{name} takes at most {MAX_VALUES} values; {len(values)} were given",
            )
        return list(dict.fromkeys(value for value in values[:MAX_VALUES] if value))

    def clauses(self, q: str) -> tuple[Clause, ...]:
        if len(q) > MAX_QUERY_CHARACTERS:
            self.fault(
                "too_long",
                "q",
                f"q takes at most {MAX_QUERY_CHARACTERS} characters; {len(q)} were given",
            )
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
            self.fault(
                "too_many_words",
                "q",
                f"q takes at most {MAX_CLAUSES} words and phrases; {len(found)} were given",
            )
        return tuple(found[:MAX_CLAUSES])

    def terms(self, suffix: str) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, filter_ in _TERM_PARAMETERS[suffix].items():
            if name not in self.given:
                continue
            values = []
            for value in self.many(name):
                code = (
                    NOT_STATED
                    if value == NOT_STATED
                    else self.vocabulary.resolve(filter_.vocabulary, value)
                )
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
            low, high = (
                self.whole_number(f"{range_.name}_{end}", range_.lowest, range_.highest)
                for end in ("min", "max")
            )
            if low is not None and high is not None and low > high:
                self.fault(
                    "out_of_order",
                    f"{range_.name}_min",
                    f"{range_.name}_min is above {range_.name}_max",
                )
            if low is not None or high is not None:
                found[range_.name] = (low, high)
        return found

    def whole_number(self, name: str, lowest: int, highest: int) -> int | None:
        if name not in self.given:
            return None
        value = self.one(name)
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not lowest <= int(value) <= highest:
            self.fault(
                "out_of_range",
                name,
                f"{name} is a whole number from {lowest} to {highest}; {value[:40]!r} was given",
            )
            return None
        return int(value)

    def slugs(self) -> tuple[str, ...]:
        values = self.many("slug")
        for value in values:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
                self.fault(
                    "not_a_slug",
                    "slug",
                    f"{value[:60]!r} is not a slug: lower-case letters and digits joined by hyphens",
                )
        return tuple(sorted(values))

    def near(self) -> tuple[str | None, tuple[float, float] | None]:
        if "near" not in self.given:
            return None, None
        value = self.one("near").strip()
        if match := re.fullmatch(
            r"(-?\d{1,2}(?:\.\d{1,10})?),(-?\d{1,3}(?:\.\d{1,10})?)", value, re.ASCII
        ):
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
        if (
            not re.fullmatch(r"\d{1,20}(\.\d{1,20})?([eE][-+]?\d{1,3})?", value, re.ASCII)
            or not 0 < float(value) <= 20_100
        ):
            self.fault(
                "out_of_range",
                "within_km",
                f"within_km is a number of kilometres above 0 and up to 20100; {value[:40]!r} was given",
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
            self.fault(
                "unknown_value",
                "sort",
                f"sort has no value {value[:60]!r}",
                allowed=allowed,
                near=nearest(name, SORTS)[:NEAREST],
            )
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
                near = nearest(value, allowed)[:NEAREST]
                hint = f"; did you mean {near[0]}?" if near else ""
                self.fault(
                    "unknown_value",
                    name,
                    f"{name} has no value {value[:60]!r}{hint}",
                    allowed=allowed,
                    near=near,
                )
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

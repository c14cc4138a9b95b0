"""The questions of the mix, in the spelling of each contender, and in plain SQL."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.words import COMMONEST, SEED, STOP_WORDS, WORDS

PATH = "/v1/case-studies"
PAGES = 100  # of case studies, asked for in turn
COLUMNS = (
    "slug",
    "title",
    "summary",
    "state",
    "county",
    "district",
    "locale",
    "rurality",
    "started",
    "status",
    "evidence",
    "strategies",
)
FACETS = "state,locale,strategy"
OUTSIDE_CITIES = ("31", "32", "33", "41", "42", "43")
RURAL = ("41", "42", "43")
WESTERN = ("WA", "OR", "ID", "MT", "WY", "ND", "SD", "NE", "KS", "OK", "TX", "NM")
FIVE = ("CA", "OH", "PA", "GA", "MN")


@dataclass(frozen=True)
class Question:
    """A search with three filters, three facets and twenty hits. `deep`: from far down its pages."""

    name: str
    q: str = ""
    any_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    started_min: int | None = None
    sort: str = ""
    deep: bool = False

    def address(self, **more: str) -> str:
        """As our service takes it."""
        pairs = {"q": self.q} | {name: ",".join(values) for name, values in self.any_of.items()}
        pairs |= {
            "started_min": str(self.started_min or ""),
            "sort": self.sort,
            "limit": "20",
            "facets": FACETS,
        } | more
        return (
            f"{PATH}?{urlencode({name: value for name, value in pairs.items() if value}, safe=',')}"
        )

    def datasette(self, database: str, **more: str) -> str:
        """As Datasette takes it; it cannot sort by relevance, so it is not asked to."""
        pairs = [
            ("_shape", "objects"),
            *(("_col", name) for name in COLUMNS),
            *({"_size": "20"} | more).items(),
        ]
        if self.q:
            pairs += [("_search", self.q), ("_searchmode", "raw")]
        for name, values in self.any_of.items():
            pairs.append(
                ("strategies__arraycontains", values[0])
                if name == "strategy"
                else (f"{name}__in", ",".join(values))
            )
        if self.started_min:
            pairs.append(("started__gte", str(self.started_min)))
        if self.sort:
            pairs.append(
                ("_sort_desc", self.sort[1:]) if self.sort.startswith("-") else ("_sort", self.sort)
            )
        if "_nocount" not in more:
            pairs += [
                ("_facet", "state"),
                ("_facet", "locale"),
                ("_facet_array", "strategies"),
                ("_facet_size", "max"),
            ]
        return f"/{database}/case_study.json?{urlencode(pairs)}"

    def sql(self) -> tuple[str, list[Any]]:
        """How many there are, in plain SQL over the table that Datasette reads."""
        tests, values = ["1"], list[Any]()
        if self.q:
            tests.append("id IN (SELECT rowid FROM case_study_fts WHERE case_study_fts MATCH ?)")
            values.append(self.q)
        for name, wanted in self.any_of.items():
            marks = ", ".join("?" * len(wanted))
            tests.append(
                "? IN (SELECT value FROM json_each(strategies))"
                if name == "strategy"
                else f"{name} IN ({marks})"
            )
            values += wanted
        if self.started_min:
            tests.append("started >= ?")
            values.append(self.started_min)
        return f"SELECT count(*) FROM case_study WHERE {' AND '.join(tests)}", values


_USUAL: dict[str, Any] = {
    "any_of": {"status": ("active",), "locale": OUTSIDE_CITIES},
    "started_min": 2010,
}
QUESTIONS = (
    Question("common word", "school", **_USUAL),
    Question("rare word", WORDS[6006], **_USUAL),
    Question(
        "phrase", '"career pathways"', {"status": ("active",), "state": WESTERN, "locale": RURAL}
    ),
    Question(
        "two words",
        "broadband consolidation",
        {"status": ("active",), "locale": OUTSIDE_CITIES, "strategy": ("after-school",)},
    ),
    Question("prefix", "consol*", {"state": FIVE, "locale": RURAL}, 2010),
    Question(
        "filters only",
        "",
        {"state": WESTERN, "locale": RURAL, "strategy": ("after-school",)},
        sort="-started",
    ),
    Question("deep page", "grant", sort="title", deep=True, **_USUAL),
    Question("no hit", "zzyzzx", **_USUAL),
)


def varied(count: int) -> list[str]:
    """As many different questions of the same kinds, so that nothing remembered of one helps another."""
    draw = random.Random(SEED)
    middling, rare = WORDS[len(STOP_WORDS) : 3000], WORDS[3000:6000]
    states = sorted({*WESTERN, *FIVE, "NY", "FL", "NC", "IL"})
    found: dict[str, None] = {}
    while len(found) < count:
        word, common = draw.choice(middling), draw.choice(COMMONEST)
        # A phrase of common words is refused in a directory of 100,000: it would take too long.
        phrase = f'"{common} {draw.choice(rare)}"'
        q = draw.choice((word, common, f"{common} {word}", phrase, f"{word[:4]}*", ""))
        any_of = {
            "state": tuple(draw.sample(states, draw.randrange(4, 16))),
            "locale": tuple(draw.sample(OUTSIDE_CITIES, 3)),
        }
        found[
            Question(
                "varied", q, any_of, draw.randrange(2005, 2015), draw.choice(("", "", "-started"))
            ).address()
        ] = None
    return list(found)


def pages(ask: Callable[[str], dict[str, Any]]) -> list[str]:
    """The addresses of some case studies as people read them."""
    hits = ask(f"{PATH}?limit={PAGES}&sort=title&facets=none&fields=slug")["data"]
    return [f"/case-studies/{hit['slug']}" for hit in hits]


def deep_cursor(question: Question, ask: Callable[[str], dict[str, Any]]) -> str:
    """A cursor some pages of a hundred down, reached by walking there."""
    more: dict[str, str] = {"limit": "100", "facets": "none"}
    answer = ask(question.address(**more))
    for _ in range(_pages(answer["meta"]["total"])):
        more["cursor"] = answer["links"]["next"].rpartition("cursor=")[2]
        answer = ask(question.address(**more))
    return more["cursor"]


def deep_token(
    question: Question, database: str, hits: int, ask: Callable[[str], dict[str, Any]]
) -> str:
    """The same for Datasette."""
    more = {"_size": "100", "_nocount": "1"}
    for _ in range(_pages(hits)):
        more["_next"] = ask(question.datasette(database, **more))["next"]
    return more["_next"]


def _pages(hits: int) -> int:
    return max(1, min(10, hits // 200))

"""A directory of a few entries put together directly, without records, a database or HTTP; and what may happen to it and be asked of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import strategies as st

from app.catalog.entry import Entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.search.answer import json_answer
from app.search.filters import RANGE
from app.search.index import Index
from app.search.parser import parse
from app.search.results import find

STATES = {"CA": "California", "OR": "Oregon", "TN": "Tennessee"}
RURALITIES = ("city", "town", "rural")
STRATEGIES = ("after-school", "food-security", "home-visits")
ORGANIZATIONS = ("city-year", "ymca")
Question = dict[str, Any]
History = list[list[tuple[Entry, bool]]]  # entries, and whether each came as one of many

SLUGS = [f"case-{n}" for n in range(6)]
WORDS = ["attend", "attended", "read", "reading", "school", "schools"]  # three stems
BEGINNINGS = ["at", "attende", "readi", "school"]
OUTCOMES = {
    "outcome": ["attendance", "reading"],
    "evidence": ["quasi-experimental", "descriptive"],
    "direction": ["better", "worse", "not-stated"],
}
LISTS = {"state": list(STATES), "rurality": list(RURALITIES), "strategy": list(STRATEGIES)}
LISTS["partner"] = list(ORGANIZATIONS)
FILTERS = LISTS | OUTCOMES
PLACES = [(45.0, -122.0), (44.1, -121.3), (36.2, -86.8)]
YEARS = [1985, 1989, 1990, 2004]
SIZES = [0, 999, 1000, 25_000]
SORTS = [
    sign + sort
    for sort in ("updated", "title", "state", "started", "enrollment", "distance")
    for sign in ("", "-")
]


def entry(
    slug: str,
    *,
    kind: str = "case-study",
    updated: int = 0,
    text: dict[str, str] | None = None,
    **parts: Any,
) -> Entry:
    """A published entry. `updated`: seconds since 1970."""
    at = datetime.fromtimestamp(updated, UTC)
    parts["figures"] = {"updated": [updated], **parts.get("figures", {})}
    return Entry(
        kind,
        slug,
        1,
        at,
        orjson.dumps({"slug": slug}).decode(),
        {"title": slug, **(text or {})},
        **parts,
    )


def withdrawn(slug: str) -> Entry:
    """An entry that is no longer public."""
    return Entry("case-study", slug, 1, datetime.fromtimestamp(0, UTC), card=None)


def empty_index() -> Index:
    """An index that knows the vocabulary and no entry."""
    index = Index(Database("sqlite://"))
    fill(index.vocabulary)
    return index


def fill(vocabulary: Vocabulary) -> Vocabulary:
    """A few terms of each list."""
    for code, name in STATES.items():
        vocabulary.put("state", code, {"name": name})
    for rank, code in enumerate(RURALITIES):
        vocabulary.put("term", f"rurality.{code}", {"label": code.capitalize(), "rank": rank})
    for rank, code in enumerate(OUTCOMES["evidence"]):
        vocabulary.put("term", f"evidence.{code}", {"label": code, "rank": rank})
    for rank, code in enumerate(OUTCOMES["direction"]):
        vocabulary.put("term", f"direction.{code}", {"label": code, "rank": rank})
    for code in OUTCOMES["outcome"]:
        vocabulary.put("indicator", code, {"label": code})
    for slug in STRATEGIES:
        vocabulary.put(
            "strategy", slug, {"label": slug.replace("-", " "), "pillar": "expanded-learning"}
        )
    for slug in ORGANIZATIONS:
        vocabulary.put("organization", slug, {"name": slug, "type": "nonprofit"})
    return vocabulary


def following(history: History) -> Iterator[tuple[Index, list[Entry]]]:
    """An index after each part of a history, with what is public then."""
    index, standing = empty_index(), dict[str, Entry]()
    for part in history:
        for changed, many in part:
            index.collections["case-study"].put(changed, many=many)
            standing[changed.slug] = changed
        yield index, [one for one in standing.values() if one.card]


def ask(index: Index, question: Question, limit: int = 100) -> Any:
    """The whole answer of the index."""
    pairs = [("near", "45,-122"), ("limit", str(limit)), ("q", " ".join(map(typed, question["q"])))]
    for name, value in question.items():
        if name in RANGE:
            pairs += [(f"{name}_min", str(value[0])), (f"{name}_max", str(value[1]))]
        elif name != "q":
            pairs.append((name, ",".join(value) if isinstance(value, list) else str(value)))
    return answer_of(index, pairs)


def answer_of(index: Index, pairs: list[tuple[str, str]]) -> Any:
    """The whole answer to query parameters."""
    query = parse(
        "case-study", "/", pairs, vocabulary=index.vocabulary, places=lambda _: None, fields=()
    )
    return orjson.loads(json_answer(find(query, index), base_url=""))


def typed(clause: tuple[bool, tuple[str, Any]]) -> str:
    """A clause as it is typed."""
    minus, (kind, what) = clause
    body = {"word": f"{what}", "beginning": f"{what}*", "phrase": f'"{" ".join(what)}"'}[kind]
    return f"-{body}" if minus else body


some_text = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
titles = some_text.filter(bool)  # what is public has one


def some_of(values: list[Any], least: int = 0, most: int = 2) -> st.SearchStrategy[list[Any]]:
    """A few of the values, each once."""
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


def ends(values: list[int]) -> st.SearchStrategy[list[int]]:
    """A range between two of the values."""
    return st.tuples(st.sampled_from(values), st.sampled_from(values)).map(sorted)


def facets_of(lists: dict[str, list[str]], outcomes: list[list[str]]) -> dict[str, list[str]]:
    """The facets of an entry with these outcomes, as publication prepares them."""
    columns = [list(column) for column in zip(*outcomes, strict=True)] or [[], [], []]
    keys = {"outcome_key": ["|".join(outcome) for outcome in outcomes]}
    keys["organization"] = lists["partner"]  # its name in entries; the SQL reads `partner`
    return lists | dict(zip(OUTCOMES, columns, strict=True)) | keys


some_outcomes = st.lists(st.tuples(*map(st.sampled_from, OUTCOMES.values())).map(list), max_size=3)
entries = st.builds(
    entry,
    st.sampled_from(SLUGS),
    updated=st.integers(0, 3),
    text=st.fixed_dictionaries({"title": titles, "summary": some_text, "text": some_text}),
    facets=st.builds(
        facets_of,
        st.fixed_dictionaries({name: some_of(values) for name, values in LISTS.items()}),
        some_outcomes,
    ),
    figures=st.fixed_dictionaries(
        {"started": some_of(YEARS, most=1), "enrollment": some_of(SIZES)}
    ),
    places=some_of(PLACES),
    rank=st.integers(0, 2),
)
changes = st.tuples(entries | st.builds(withdrawn, st.sampled_from(SLUGS)), st.booleans())
histories = st.lists(
    st.lists(changes, min_size=1, max_size=4), min_size=1, max_size=4
)  # a search after each part
clauses = st.tuples(
    st.sampled_from([False, False, True]),
    st.tuples(st.just("word"), st.sampled_from(WORDS))
    | st.tuples(st.just("beginning"), st.sampled_from(BEGINNINGS))
    | st.tuples(
        st.just("phrase"),
        st.lists(st.sampled_from(["read", "school"]), min_size=1, max_size=2).map(tuple),
    ),
)
filters = st.one_of(
    *(
        st.tuples(st.just(name + how), some_of(sorted({*values, "not-stated"}), least=1))
        for name, values in FILTERS.items()
        for how in ("", "_all", "_not")
    ),
    st.tuples(st.just("started"), ends(YEARS)),
    st.tuples(st.just("enrollment"), ends(SIZES)),
    st.tuples(st.just("slug"), some_of(SLUGS, least=1, most=4)),
    st.tuples(st.just("within_km"), st.sampled_from([1, 250])),
)
questions = st.builds(
    lambda q, narrowed: {"q": q, **dict(narrowed)},
    st.lists(clauses, max_size=3, unique=True),
    st.lists(filters, max_size=2)
    | st.tuples(*(st.tuples(st.just(n), some_of(v, least=1)) for n, v in OUTCOMES.items())),
)

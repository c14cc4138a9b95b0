"""How good the search is: nDCG@10, MRR and the share without a good hit, by kind of question, beside FTS5.

make relevance          the table, an ablation by mechanism, and the peers
make relevance ARGS=-v  each question with its figure, the worst first
"""

import sqlite3
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import log2
from pathlib import Path

from app import setup
from app.catalog import entry
from app.database import Database
from app.search import ranking
from app.search.analysis import words
from app.search.index import Index
from app.search.results import find
from app.search.understanding.lexicon import Lexicon
from app.search.understanding.synonyms import Synonyms
from app.search.understanding.understand import _Understanding as Understanding
from app.settings import Settings

HERE = Path(__file__).parent
AT = 10  # hits that count
GOOD = 2  # the least grade of a good hit


# What is taken away, one at a time, to see what it is worth.
MECHANISMS: dict[str, tuple[object, str, object]] = {
    "spelling": (Lexicon, "correct", lambda *_: None),
    "synonyms": (Synonyms, "of", lambda *_: []),
    "places": (Understanding, "_place", lambda *_: None),
    "settings": (Understanding, "_setting", lambda *_: None),
    "joined words": (Understanding, "_joined", lambda *_: None),
    "exact names, phrases": (ranking, "add_phrase_scores", lambda *_: None),
}


@contextmanager
def without(mechanism: str) -> Iterator[None]:
    """The search without one of its mechanisms."""
    owner, name, nothing = MECHANISMS[mechanism]
    kept = getattr(owner, name)
    setattr(owner, name, nothing)
    try:
        yield
    finally:
        setattr(owner, name, kept)


@dataclass(frozen=True)
class Judged:
    """A question with the grades of the case studies that answer it, 1 to 3."""

    q: str
    kind: str
    grades: dict[str, int]


@dataclass(frozen=True)
class Score:
    """How well one question was answered."""

    ndcg: float
    reciprocal_rank: float
    good: bool


Engine = Callable[[str], Sequence[str]]  # a question to the slugs of its first hits


def questions() -> list[Judged]:
    """The judged questions."""
    document = tomllib.loads((HERE / "queries.toml").read_text(encoding="utf-8"))
    return [Judged(row["q"], row["kind"], row["grades"]) for row in document["queries"]]


def score(judged: Judged, slugs: Sequence[str]) -> Score:
    """nDCG@10 with gains 2^grade - 1, and the place of the first good hit."""
    grades = [judged.grades.get(slug, 0) for slug in slugs[:AT]]
    best = sorted(judged.grades.values(), reverse=True)[:AT]
    first = next((place for place, grade in enumerate(grades, 1) if grade >= GOOD), None)
    return Score(_gain(grades) / _gain(best), 1 / first if first else 0.0, first is not None)


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / log2(place + 1) for place, grade in enumerate(grades, 1))


def ours(index: Index) -> Engine:
    """The search of this service."""

    def ask(q: str) -> list[str]:
        query = index.query("case-study", [("q", q), ("limit", str(AT)), ("facets", "none")])
        results = find(query, index)
        return [hit.slug for hit in results.hits]

    return ask


def fts5(database: Database, *, every_word: bool) -> Engine:
    """SQLite's own full text over the same texts: any word by bm25, or as Datasette asks it."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE entry USING fts5 (slug UNINDEXED, title, aliases, names, summary, text, "
        "tokenize = 'porter unicode61')"
    )
    names = ("title", "aliases", "names", "summary", "text")
    with database.reading() as session:
        rows = [one for one in entry.since(session, 0) if one.kind == "case-study" and one.card]
    connection.executemany(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
        [(row.slug, *(row.text.get(name, "") for name in names)) for row in rows],
    )
    joint, order = (" ", "rowid") if every_word else (" OR ", "bm25(entry)")

    def ask(q: str) -> list[str]:
        match = joint.join(f'"{word}"' for word in words(q))
        sql = f"SELECT slug FROM entry WHERE entry MATCH ? ORDER BY {order} LIMIT {AT}"
        return [slug for (slug,) in connection.execute(sql, (match,))] if match else []

    return ask


def table(judged: Sequence[Judged], engine: Engine) -> tuple[dict[str, list[Score]], list[Score]]:
    """The scores of every question, by kind and all together."""
    by_kind: dict[str, list[Score]] = defaultdict(list)
    every = []
    for one in judged:
        scored = score(one, engine(one.q))
        by_kind[one.kind].append(scored)
        every.append(scored)
    return by_kind, every


def mean(scores: Sequence[Score]) -> float:
    """Mean nDCG."""
    return sum(one.ndcg for one in scores) / len(scores)


def main() -> None:
    """Print the tables."""
    judged = questions()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/relevance.sqlite")
        setup.migrate(settings)
        setup.load_seed(settings)
        with closing(Database(settings.database_url)) as database:
            index = Index(database)
            index.catch_up()
            _print_tables(judged, index, database)


def _print_tables(judged: Sequence[Judged], index: Index, database: Database) -> None:
    engines = {
        "this search": ours(index),
        "FTS5, any word, bm25": fts5(database, every_word=False),
        "Datasette _search": fts5(database, every_word=True),
    }
    kinds = list(dict.fromkeys(one.kind for one in judged))
    print(f"{len(judged)} questions, {len(index.collections['case-study'])} case studies\n")
    print(
        f"{'':24}{'nDCG@10':>8}{'MRR':>7}{'none':>7}  "
        + "".join(f"{kind[:12]:>13}" for kind in kinds)
    )
    for name, engine in engines.items():
        by_kind, every = table(judged, engine)
        mrr = sum(one.reciprocal_rank for one in every) / len(every)
        none = sum(not one.good for one in every) / len(every)
        cells = "".join(f"{mean(by_kind[kind]):>13.3f}" for kind in kinds)
        print(f"{name:24}{mean(every):>8.3f}{mrr:>7.3f}{none:>7.1%}  {cells}")
    print("\nwithout")
    full = mean(table(judged, engines["this search"])[1])
    for mechanism in MECHANISMS:
        with without(mechanism):
            print(f"  {mechanism:22}{mean(table(judged, engines['this search'])[1]) - full:>+8.3f}")
    if "-v" in sys.argv:
        scored = sorted(
            (score(one, engines["this search"](one.q)).ndcg, one.kind, one.q) for one in judged
        )
        for ndcg, kind, q in scored:
            print(f"{ndcg:.2f}  {kind:13} {q}")


if __name__ == "__main__":
    main()

"""The index answers as plain SQL over the same entries would, whatever happened to it, and as one built anew."""

import sqlite3
from math import asin, cos, radians, sin, sqrt
from random import Random
from typing import Any

import pytest
import Stemmer
from hypothesis import given, settings
from hypothesis import strategies as st
from small_directory import (
    FILTERS,
    LISTS,
    OUTCOMES,
    SLUGS,
    SORTS,
    History,
    Question,
    answer_of,
    ask,
    empty_index,
    entry,
    following,
    histories,
    questions,
)

from app.catalog.entry import Entry
from app.records.district import EARTH_RADIUS_KM
from app.search.filters import FACETS, RANGE

EXACT = {"match": "exact", "facets": [*FACETS]}  # the SQL knows no synonyms


def distance_km(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle distance in kilometers (haversine, mean Earth radius)."""
    phi, other_phi = radians(latitude), radians(other_latitude)
    half = (
        sin((other_phi - phi) / 2) ** 2
        + cos(phi) * cos(other_phi) * sin(radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(histories, st.lists(questions, min_size=1, max_size=4))
def test_the_index_answers_as_sql_does(history: History, asked: list[Question]) -> None:
    for index, standing in following(history):
        oracle = Oracle(standing)
        for question in asked:
            answer = ask(index, question | EXACT)
            found, mode = oracle.found(question)
            assert answer["meta"]["match"] == mode
            assert answer["meta"]["total"] == len(found)
            assert sorted(hit["slug"] for hit in answer["data"]) == sorted(found)
            for name in (*FILTERS, *RANGE):
                values = {
                    value["value"]: value["count"]
                    for value in answer["facets"][name]
                    if value["count"]
                }
                assert values == oracle.counts(question, name), name
    for sort in SORTS:
        question = asked[0] | EXACT | {"sort": sort, "facets": ["none"]}
        assert [hit["slug"] for hit in ask(index, question)["data"]] == oracle.found(question)[0]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(histories, st.lists(questions, min_size=1, max_size=4), st.randoms())
def test_an_index_that_followed_the_changes_answers_like_one_built_anew(
    history: History, asked: list[Question], random: Random
) -> None:
    for old, standing in following(history):
        random.shuffle(standing)
        new = empty_index()
        for one in standing:
            new.collections["case-study"].put(one, many=True)
        for question in asked:
            for limit in (1, 100):
                assert ask(old, question, limit) == ask(new, question, limit)


@pytest.mark.slow
@given(st.permutations(SLUGS), st.permutations(SLUGS))
def test_federal_ids_may_change_hands(ids: list[str], order: list[str]) -> None:
    index = empty_index()
    districts = index.collections["district"]
    for slug in SLUGS:
        districts.put(entry(slug, kind="district", ids=[slug[-1]]), many=False)
    new = {slug: other[-1] for slug, other in zip(SLUGS, ids, strict=True)}
    for slug in order:
        districts.put(entry(slug, kind="district", ids=[new[slug]]), many=False)
    assert {slug: districts.slugs[districts.number(id_) or 0] for slug, id_ in new.items()} == {
        slug: slug for slug in SLUGS
    }


@pytest.mark.parametrize("order", [("case-1", "case-2"), ("case-2", "case-1")])
def test_of_two_as_near_the_first_by_slug_is_offered(order: tuple[str, ...]) -> None:
    index = empty_index()
    for slug in order:
        index.collections["case-study"].put(entry(slug, places=[(44.1, -121.3)]), many=False)
    answer = answer_of(index, [("near", "45,-122"), ("within_km", "1")])
    labels = [each["label"] for each in answer["meta"]["relaxations"] if each["kind"] == "nearest"]
    assert labels == ["within 115 kilometers: case-1"]


def test_words_of_other_entries_do_not_change_an_entrys_score() -> None:
    index, question = (
        empty_index(),
        {"q": [(False, ("beginning", "readi")), (False, ("word", "school"))]},
    )
    collection = index.collections["case-study"]
    collection.put(entry("case-1", text={"summary": "read school"}), many=False)
    collection.put(entry("case-2", text={"title": "school of five words now"}), many=False)
    before = ask(index, question, limit=1)
    collection.put(entry("case-3", text={"text": "reading"}), many=False)
    assert [hit["slug"] for hit in ask(index, question)["data"]][:2] == [
        "case-3",
        before["data"][0]["slug"],
    ]
    collection.discard("case-3")
    assert ask(index, question, limit=1) == before


@pytest.mark.parametrize(
    ("text", "q", "marks"),
    [
        ("The O'Neil clinic", "oneil", ["O'Neil"]),
        ("Each school's nurse helps schools", "school", ["school's", "schools"]),
        ("A children's clinic", "children", ["children"]),
        ("Texas A & M runs it", "A&M", ["A & M"]),
        ("They haven't begun", "haven't", ["haven't"]),
        ("With 1,200 students", "1200", ["1,200"]),
    ],
)
def test_a_word_is_marked_as_it_is_written(text: str, q: str, marks: list[str]) -> None:
    index = empty_index()
    index.collections["case-study"].put(entry("case-1", text={"summary": text}), many=False)
    (hit,) = answer_of(index, [("q", q), ("match", "exact")])["data"]
    snippet = hit["snippet"]
    assert [snippet["text"][begin:end] for begin, end in snippet["marks"]] == marks


class Oracle:
    """The same entries as tables, and every question as SQL."""

    def __init__(self, standing: list[Entry]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.create_function(
            "km",
            2,
            lambda latitude, longitude: distance_km(45, -122, latitude, longitude),
            deterministic=True,
        )
        self.db.executescript("""
            CREATE TABLE entry (slug, updated, title, state, started, enrollment);
            CREATE TABLE word (slug, field, position, word, stem);
            CREATE TABLE facet (slug, name, value);
            CREATE TABLE outcome (slug, outcome, evidence, direction);
            CREATE TABLE figure (slug, name, value);
            CREATE TABLE place (slug, latitude, longitude);
            CREATE VIEW distance AS SELECT slug, min(km(latitude, longitude)) AS km FROM place GROUP BY slug;
        """)
        stem = Stemmer.Stemmer("english").stemWord
        for one in standing:
            figures = (
                one.figures["updated"][0],
                max(one.figures["started"], default=None),
                max(one.figures["enrollment"], default=None),
            )
            row = (
                one.slug,
                figures[0],
                one.text["title"],
                next(iter(one.facets["state"]), None),
                *figures[1:],
            )
            self.db.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
            for field, text in one.text.items():
                words = [
                    (one.slug, field, n, word, stem(word)) for n, word in enumerate(text.split())
                ]
                self.db.executemany("INSERT INTO word VALUES (?, ?, ?, ?, ?)", words)
            for table, lists in (("facet", one.facets), ("figure", one.figures)):
                rows = [
                    (one.slug, name, value) for name, values in lists.items() for value in values
                ]
                self.db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
            self.db.executemany(
                "INSERT INTO place VALUES (?, ?, ?)", [(one.slug, *place) for place in one.places]
            )
            keys = one.facets["outcome_key"] or ["not-stated|not-stated|not-stated"]
            self.db.executemany(
                "INSERT INTO outcome VALUES (?, ?, ?, ?)", [(one.slug, *k.split("|")) for k in keys]
            )
        for name in FILTERS:
            self.db.execute(f"""INSERT INTO facet SELECT slug, '{name}', 'not-stated' FROM entry
                WHERE slug NOT IN (SELECT slug FROM facet WHERE name = '{name}')""")

    def found(self, question: Question) -> tuple[list[str], str | None]:
        """The slugs in the order of the sort, and how its words matched."""
        where, mode = self.where(question)
        sort = question.get("sort", "title")
        by = "round(km * 1000)" if sort.endswith("distance") else sort.removeprefix("-")
        down = "DESC" if sort.startswith("-") else "ASC"
        slugs_down = down if by != "round(km * 1000)" else "ASC"
        order = f"{by} IS NULL, {by} {down}, iif({by} IS NULL, slug, NULL), slug {slugs_down}"
        rows = self.db.execute(
            f"SELECT slug FROM entry LEFT JOIN distance USING (slug) WHERE {where} ORDER BY {order}"
        )
        return [slug for (slug,) in rows], mode

    def counts(self, question: Question, name: str) -> dict[str | None, int]:
        """Entries by value of a facet, under all filters but its own."""
        if name in OUTCOMES:
            return self.outcome_counts(question, name)
        where, _ = self.where({part: value for part, value in question.items() if part != name})
        hits = f"SELECT slug FROM entry WHERE {where}"
        if name in FILTERS:
            rows = self.db.execute(
                f"SELECT nullif(value, 'not-stated'), count(DISTINCT slug) FROM facet WHERE name = '{name}' AND slug IN ({hits}) GROUP BY 1"
            )
            return dict(rows.fetchall())
        found: dict[str | None, int] = {}
        for low, high, _ in RANGE[name].bands:
            within = f"SELECT DISTINCT slug FROM figure WHERE name = '{name}' AND value BETWEEN {low} AND {high}"
            found[f"{low}-{high}"] = len(
                self.db.execute(f"{within} AND slug IN ({hits})").fetchall()
            )
        found[None] = len(
            self.db.execute(
                f"{hits} AND slug NOT IN (SELECT slug FROM figure WHERE name = '{name}')"
            ).fetchall()
        )
        return {value: count for value, count in found.items() if count}

    def outcome_counts(self, question: Question, name: str) -> dict[str | None, int]:
        """Entries by value of `outcome`, `evidence` or `direction`, of one outcome with the others."""
        where, _ = self.where({k: v for k, v in question.items() if k not in OUTCOMES})
        same = same_outcome({k: v for k, v in question.items() if k != name})
        rows = self.db.execute(f"""SELECT nullif({name}, 'not-stated'), count(DISTINCT slug)
            FROM outcome WHERE {same} AND slug IN (SELECT slug FROM entry WHERE {where})
            GROUP BY 1""")
        return dict(rows.fetchall())

    def where(self, question: Question) -> tuple[str, str | None]:
        """A question as a condition on `entry`, and how its words match."""
        wanted = [condition(clause) for minus, clause in question["q"] if not minus]
        parts = [f"NOT {condition(clause)}" for minus, clause in question["q"] if minus]
        mode = None
        if wanted:
            mode = "exact"
            parts += wanted
        if OUTCOMES.keys() & question.keys():
            parts.append(f"slug IN (SELECT slug FROM outcome WHERE {same_outcome(question)})")
        for name, values in question.items():
            facet, _, how = name.partition("_")
            if facet in LISTS or (facet in OUTCOMES and how):
                having = [
                    f"slug IN (SELECT slug FROM facet WHERE name = '{facet}' AND value = '{value}')"
                    for value in values
                ]
                parts.append(
                    {"": "({})", "not": "NOT ({})", "all": "({})"}[how].format(
                        (" AND " if how == "all" else " OR ").join(having)
                    )
                )
            elif name in RANGE:
                parts.append(
                    f"slug IN (SELECT slug FROM figure WHERE name = '{name}' AND value BETWEEN {values[0]} AND {values[1]})"
                )
            elif name == "slug":
                parts.append(f"slug IN ({', '.join(map(repr, values))})")
            elif name == "within_km":
                parts.append(f"slug IN (SELECT slug FROM distance WHERE km <= {values})")
        return " AND ".join(parts) or "true", mode


def same_outcome(question: Question) -> str:
    """What a question asks of one outcome, as a condition on `outcome`."""
    parts = [
        f"{name} IN ({', '.join(map(repr, question[name]))})"
        for name in OUTCOMES
        if name in question
    ]
    return " AND ".join(parts) or "true"


def condition(clause: tuple[str, Any]) -> str:
    """A word, a beginning or a phrase as a condition on `entry`."""
    kind, what = clause
    if kind == "word":
        return f"slug IN (SELECT slug FROM word WHERE stem = '{Stemmer.Stemmer('english').stemWord(what)}')"
    if kind == "beginning":
        return f"slug IN (SELECT slug FROM word WHERE word GLOB '{what}*')"
    joins = "".join(f" JOIN word w{n} USING (slug, field)" for n in range(1, len(what)))
    row = " AND ".join(
        f"w{n}.word = '{word}' AND w{n}.position = w0.position + {n}" for n, word in enumerate(what)
    )
    return f"slug IN (SELECT w0.slug FROM word w0{joins} WHERE {row})"

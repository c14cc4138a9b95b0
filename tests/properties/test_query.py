"""Questions and cursors survive the way out into an address and back, and whatever comes in is a question or refused."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from string import ascii_letters, digits
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_directory import RURALITIES, STATES, STRATEGIES, fill

from app.catalog.vocabulary import Vocabulary
from app.errors import Invalid
from app.search.clauses import read_clauses
from app.search.cursor import Cursor, fingerprint, read_cursor
from app.search.filters import FACETS, MAX_LIMIT, RANGE, SORTS, STATISTICS
from app.search.parser import parse
from app.search.query import PARAMETERS, SearchQuery
from app.search.understanding.gazetteer import NamedPlace

Pairs = list[tuple[str, str]]

VOCABULARY = fill(Vocabulary())
FIELDS = ["slug", "title", "districts", "districts.name"]
DISTRICT = "bend-or"
FILTERS = {"state": [*STATES, "or"], "rurality": RURALITIES, "strategy": STRATEGIES}

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffd")
typed = st.one_of(
    st.text(characters, max_size=40),
    st.text(st.sampled_from("ab A&'-\"*1,.é\u2019ﬁ\u210c½ß"), max_size=20),
    st.lists(
        st.sampled_from(
            [
                "way",
                "-off",
                '"all of it"',
                '-"none of it"',
                "be*",
                "-no*",
                "A & M",
                "mount*",
                "St.",
                "1,200",
            ]
        ),
        max_size=6,
    ).map(" ".join),
)
typed = typed.filter(  # a beginning of one letter is refused
    lambda text: all(len(each.words[0]) > 1 for each in read_clauses(text) if each.prefix)
)
values = {
    **{
        name + how: st.lists(st.sampled_from([*codes, "not-stated"]), min_size=1, max_size=3).map(
            ",".join
        )
        for name, codes in FILTERS.items()
        for how in ("", "_all", "_not")
    },
    **{
        f"{name}_min": st.integers(range_.lowest, range_.lowest + 99).map(str)
        for name, range_ in RANGE.items()
    },
    **{
        f"{name}_max": st.integers(range_.lowest + 99, range_.highest).map(str)
        for name, range_ in RANGE.items()
    },
    "slug": st.lists(
        st.from_regex(r"[a-z0-9]{1,3}(-[a-z0-9]{1,3})?", fullmatch=True), min_size=1, max_size=4
    ).map(",".join),
    "within_km": st.from_regex(r"[1-9][0-9]{0,3}(\.[0-9]{1,3})?", fullmatch=True)
    | st.integers(1, 20_100).map(str),
    "sort": st.lists(
        st.sampled_from([*SORTS, *(f"-{sort}" for sort in SORTS if sort != "relevance")]),
        min_size=1,
        max_size=3,
        unique_by=lambda sort: sort.removeprefix("-"),
    ).map(",".join),
    "sample": st.integers(1, 1000).map(str),
    "group_by": st.lists(st.sampled_from(FACETS), min_size=1, max_size=2).map(",".join),
    "statistics": st.lists(st.sampled_from(STATISTICS["case-study"]), min_size=1).map(",".join),
    "limit": st.integers(0, MAX_LIMIT).map(str),
    "fields": st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3).map(",".join),
    "facets": st.lists(st.sampled_from(FACETS), min_size=1, max_size=3).map(",".join)
    | st.just("none"),
    "q": typed,
    "match": st.sampled_from(["all", "exact"]),
    "spelling": st.just("exact"),
}
near = st.sampled_from(["44.06,-121.32", "-90,180", "0,0", DISTRICT])
valid = st.tuples(near, st.fixed_dictionaries({}, optional=values)).map(
    lambda drawn: [("near", drawn[0]), *drawn[1].items()]
)


def place(name: str) -> NamedPlace | None:
    """The one place that is known by name."""
    return NamedPlace(name, (44.06, -121.32)) if name == DISTRICT else None


def read(pairs: Pairs) -> SearchQuery:
    """The question that parameters ask."""
    return parse(
        "case-study", "/v1/case-studies", pairs, vocabulary=VOCABULARY, places=place, fields=FIELDS
    )


def at_fault(pairs: Pairs) -> set[str | None]:
    """The parameters that are refused."""
    try:
        read(pairs)
    except Invalid as invalid:
        return {fault.parameter for fault in invalid.faults}
    return set()


def read_back(query: SearchQuery) -> SearchQuery:
    """The question that the canonical form asks."""
    return read(
        parse_qsl(query.canonical(), keep_blank_values=True, strict_parsing=bool(query.parameters))
    )


@pytest.mark.slow
@settings(deadline=None)
@given(valid)
def test_the_canonical_form_asks_the_same_question(pairs: Pairs) -> None:
    query = read(pairs)
    assert read_back(query) == query
    assert read_back(query).canonical() == query.canonical()


@pytest.mark.slow
@settings(deadline=None)
@given(valid, st.randoms())
def test_equal_questions_have_one_canonical_form(pairs: Pairs, random: Any) -> None:
    other = [
        (
            name,
            ",".join(random.sample(value.split(","), value.count(",") + 1))
            if name in FILTERS
            else value,
        )
        for name, value in pairs
    ]
    random.shuffle(other)
    assert read(other).canonical() == read(pairs).canonical()


@pytest.mark.slow
@settings(deadline=None)
@given(valid)
def test_each_part_can_be_left_out(pairs: Pairs) -> None:
    query = read(pairs)
    for part in {name.removesuffix("_min").removesuffix("_max") for name in query.parameters} - {
        "near"
    }:  # distance needs it
        names = query.parameters_of(part)
        wider = read(parse_qsl(query.url_without(*names).partition("?")[2], keep_blank_values=True))
        rest = [pair for pair in query.parameters.items() if pair[0] not in names]
        assert wider == read(rest)


@pytest.mark.slow
@settings(deadline=None)
@given(valid)
def test_what_stands_around_a_parameter_makes_its_address_again(pairs: Pairs) -> None:
    query = read(pairs)
    for name, value in query.parameters.items():
        before, behind = query.url_around(name)
        assert (
            f"{before}{urlencode({name: value}, quote_via=quote, safe=',:*')}{behind}"
            == query.url()
        )


@settings(deadline=None)
@given(typed)
def test_each_word_can_be_left_out(q: str) -> None:
    query = read([("q", q)])
    for clause in query.clauses:
        rest = tuple(other for other in query.clauses if other != clause)
        assert read_back(query.without_clause(clause)).clauses == rest


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PARAMETERS) | st.text(max_size=20), st.text(max_size=50)),
        max_size=6,
    )
)
def test_whatever_comes_in_is_a_question_or_refused_by_name(pairs: Pairs) -> None:
    wrong = at_fault(pairs)
    assert wrong <= {name for name, _ in pairs}
    if not wrong:
        assert read_back(read(pairs)) == replace(read(pairs), cursor=None)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(values)),
            st.text(st.sampled_from("0123456789.,-eE+_ \u00b2\u0660"), max_size=12),
        ),
        max_size=4,
    )
)
def test_numbers_in_odd_forms_are_read_or_refused(pairs: Pairs) -> None:
    wrong = at_fault(pairs)
    assert wrong <= {name for name, _ in pairs}
    if not wrong:
        assert read_back(read(pairs)) == read(pairs)


cursors = st.one_of(
    st.tuples(
        st.just("relevance"),
        st.tuples(st.integers(-(2**40), 0), st.tuples(st.integers(0, 9), st.integers(-(2**33), 0))),
    ),
    st.tuples(
        st.sampled_from(["title", "state", "-title"]),
        st.tuples(st.just(0), st.none() | st.text(characters, max_size=20)),
    ),
    st.tuples(
        st.sampled_from(["started", "enrollment", "-updated"]),
        st.tuples(st.just(0), st.none() | st.integers(0, 2**40)),
    ),
    st.tuples(
        st.sampled_from(["state,-title", "title,state"]),
        st.tuples(st.just(0), st.none() | st.text(characters, max_size=20)),
    ),
    st.tuples(
        st.sampled_from(["distance", "-distance"]),
        st.tuples(st.integers(-(2**31), 2**31), st.just("a-slug")),
    ),
)
ALPHABET = f"{ascii_letters}{digits}-_"


def cursor_of(query: SearchQuery, key: Any, slug: str = "bend-or") -> Cursor:
    """A cursor behind a row."""
    return Cursor(fingerprint(query), 7, 20, key, slug)


@settings(deadline=None)
@given(cursors, st.integers(0, 2**40), st.integers(1, 2**32))
def test_a_cursor_comes_back_as_it_went_out(drawn: Any, revision: int, offset: int) -> None:
    sort, key = drawn
    query = read([("q", "two words"), ("sort", sort), ("near", "0,0")])
    earlier = (key,) * (len(query.sort) - 1)
    cursor = Cursor(fingerprint(query), revision, offset, key, "a-slug", earlier)
    text = cursor.encode()
    assert read_cursor(read([*query.parameters.items(), ("cursor", text)])) == cursor
    assert set(text) <= set(ALPHABET)


@settings(deadline=None)
@given(
    st.integers(0, 200) | st.just(-1),
    st.sampled_from(ALPHABET) | st.characters(),
    st.integers(0, 3),
)
def test_a_damaged_cursor_is_refused(at: int, character: str, longer: int) -> None:
    text = cursor_of(read([("sort", "title")]), (0, "Bend")).encode()
    damaged = text[: at % len(text)] + character * longer + text[at % len(text) + 1 :]
    assume(damaged.strip() not in (text, ""))
    with pytest.raises(Invalid, match=r"cursor|UTF-8"):
        read_cursor(read([("sort", "title"), ("cursor", damaged)]))


@pytest.mark.parametrize(
    "title", ["a", "ab", "abc"]
)  # the bytes end at each of the places in a letter
def test_a_cursor_is_written_in_one_way_only(title: str) -> None:
    text = cursor_of(read([("sort", "title")]), (0, title)).encode()
    others = {text[:-1] + letter for letter in ALPHABET} - {text}
    for other in (*others, f"{text}=", f"{text}=="):
        with pytest.raises(Invalid, match="cursor"):
            read_cursor(read([("sort", "title"), ("cursor", other)]))


@settings(deadline=None)
@given(st.binary(max_size=80) | st.text(characters, min_size=1, max_size=80))
def test_no_noise_passes_for_a_cursor(noise: bytes | str) -> None:
    text = noise if isinstance(noise, str) else urlsafe_b64encode(noise).rstrip(b"=").decode()
    assume(text.strip(" ,"))  # an empty value means that none is given
    with pytest.raises(Invalid):
        read_cursor(read([("cursor", text)]))

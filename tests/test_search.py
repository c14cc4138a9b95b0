"""What a searcher meets: words, phrases, ranking, snippets, filters, and what the answer says of itself."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from publishing import case_study, outcome, publish, read, wait_for, withdraw
from serving import Service

pytestmark = pytest.mark.one_database  # search works on a copy in memory

Json = dict[str, Any]

TITLE = "Wombat lanes"
OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
RECORDS = (
    case_study("quokka-text", approach="The quokka came. [^s1]"),
    case_study("quokka-summary", summary="How the quokka came."),
    case_study("quokka-title", title="The quokka comes"),
    case_study("gardens", title="Numbat gardens grow"),
    case_study("meadows", title="Numbat meadows grow", summary="In the mountains."),
    case_study(
        "colleges",
        title="Texas A&M, St. Brendan and MIT work on R & D",
        summary="It reached 12,345 girls in Mount Airy; they don't pay.",
    ),
    case_study("backpacks", summary="🎒 Every bilby got a 🎒 backpack; José's bilbies too."),
)
TIED = (
    (case_study("wombat-a", title=TITLE, outcomes=[outcome("descriptive")]), OLD),
    (case_study("wombat-b", title=TITLE, outcomes=[outcome("descriptive")]), OLD),
    (case_study("wombat-c", title=TITLE, outcomes=[outcome("descriptive")]), NEW),
    (case_study("wombat-d", title=TITLE, outcomes=[outcome("quasi-experimental")]), OLD),
)


@pytest.fixture(scope="module")
def service(service: Service) -> Service:
    """The seed and a few records with words that it lacks."""
    publish(service.database, *RECORDS)
    for record, at in TIED:
        revision = publish(service.database, record, at=at)
    wait_for(service, revision)
    return service


@pytest.fixture
def find(client: httpx.Client) -> Callable[..., Json]:
    """Asks for case studies."""

    def ask(**parameters: str | int) -> Json:
        answer: Json = (
            client.get("/v1/case-studies", params={"facets": "none", "limit": 100, **parameters})
            .raise_for_status()
            .json()
        )
        return answer

    return ask


def slugs(answer: Json) -> list[str]:
    """What was found, in order."""
    return [hit["slug"] for hit in answer["data"]]


def test_entries_that_have_every_word_come_first(find: Callable[..., Json]) -> None:
    both = find(q="numbat meadows")
    assert slugs(both)[0] == "meadows"
    assert "gardens" in slugs(both)[1:]
    assert (both["meta"]["match"], both["meta"]["whole"]) == ("best", 1)
    assert both["meta"]["dropped"] == []


@pytest.mark.parametrize("match", ["all", "exact"])
def test_the_list_can_be_cut_after_them(find: Callable[..., Json], match: str) -> None:
    both = find(q="numbat meadows", match=match)
    assert slugs(both) == ["meadows"]
    assert (both["meta"]["match"], both["meta"]["whole"], both["meta"]["total"]) == (match, 1, 1)


def test_when_no_entry_has_every_word_those_with_some_are_found(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    answer = find(q="quokka numbat xyzzy")
    assert (answer["meta"]["match"], answer["meta"]["whole"]) == ("best", 0)
    assert set(slugs(answer)) == {
        "quokka-title",
        "quokka-summary",
        "quokka-text",
        "gardens",
        "meadows",
    }
    (dropped,) = answer["meta"]["dropped"]
    assert dropped["word"] == "xyzzy"
    assert slugs(client.get(dropped["link"]).json()) == slugs(answer)


def test_function_words_alone_find_nothing(find: Callable[..., Json]) -> None:
    answer = find(q="what is the")
    assert (answer["meta"]["total"], answer["meta"]["whole"]) == (0, 0)
    assert [one["why"] for one in answer["meta"]["dropped"]] == ["function word"] * 3
    assert slugs(find(q="what is the quokka")) == slugs(find(q="quokka"))


def test_a_misspelled_word_is_read_as_the_nearest_and_the_answer_says_so(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    answer = find(q="quoka")
    assert slugs(answer) == slugs(find(q="quokka"))
    (corrected,) = answer["meta"]["corrected"]
    assert (corrected["from"], corrected["to"]) == ("quoka", "quokka")
    undone = client.get(corrected["link"]).json()
    assert (undone["meta"]["total"], undone["meta"]["corrected"]) == (0, [])
    assert (
        find(q='"quoka"')["meta"]["total"] == find(q="quoka", match="exact")["meta"]["total"] == 0
    )


def test_a_synonym_finds_entries_below_those_with_the_word(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    answer = find(q="dentist")
    (used,) = answer["meta"]["synonyms"]
    assert used["word"] == "dentist"
    assert "dental" in used["used"]
    exact = client.get(used["link"]).json()
    assert exact["meta"]["match"] == "exact"
    assert exact["meta"]["total"] < answer["meta"]["total"]


def test_a_state_in_the_words_is_understood_and_can_be_made_a_filter(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    (part,) = find(q="attendance in Oregon")["meta"]["understood"]
    assert (part["words"], part["kind"], part["label"]) == ("oregon", "place", "Oregon")
    strict = client.get(part["link"]).json()
    assert strict["meta"]["total"] > 0
    assert {state["value"] for hit in strict["data"] for state in hit["states"]} == {"OR"}


def test_an_enrollment_in_the_words_is_understood(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    answer = find(q="attendance under 500 students")
    (part,) = answer["meta"]["understood"]
    assert (part["kind"], part["label"]) == ("enrollment", "up to 500 students")
    strict = client.get(part["link"]).json()
    assert 0 < strict["meta"]["total"] < answer["meta"]["total"]


def test_a_zip_code_or_a_town_is_a_place(client: httpx.Client) -> None:
    for near in ("97701", "Bend, OR", "bend,or"):
        answer = client.get("/v1/districts", params={"near": near, "sort": "distance"}).json()
        assert answer["data"][0]["slug"] == "bend-la-pine-schools-or"
        assert answer["data"][0]["distance_km"] < 30


def test_without_words_everything_is_found(find: Callable[..., Json], client: httpx.Client) -> None:
    answer = find()
    assert answer["meta"]["match"] is None
    assert answer["meta"]["total"] == client.get("/v1").json()["case_studies"]


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("attendance", "attended"),
        ("coordinator", "coordinators"),
        ("libraries", "library"),
        ("teach", "taught"),
    ],
)
def test_words_match_by_stem(find: Callable[..., Json], word: str, other: str) -> None:
    found = slugs(find(q=word, match="exact"))
    assert found == slugs(find(q=other, match="exact")) != []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('"numbat gardens"', ["gardens"]),
        ('"numbat garden"', []),
        ('"gardens numbat"', []),
        ('"Numbat, gardens!"', ["gardens"]),
        ('"gardens grow"', ["gardens"]),
        ('"grow boise"', []),  # a phrase does not run on from the title into what comes after it
        ("numbat garden", ["gardens"]),
        ("numbat -garden", ["meadows"]),
        ('numbat -"numbat gardens"', ["meadows"]),
        ('numbat -"numbat garden"', ["gardens", "meadows"]),
        ("numbat grow -numbat-gardens", ["meadows"]),
        ("-numbat numba*", []),
        ("numba* gard*", ["gardens"]),
        ("quokk*", ["quokka-title", "quokka-summary", "quokka-text"]),
    ],
)
def test_phrases_minus_and_beginnings(find: Callable[..., Json], q: str, found: list[str]) -> None:
    assert sorted(slugs(find(q=q, match="exact"))) == sorted(found)


@pytest.mark.parametrize(
    ("q", "marked"),
    [
        ("A&M", None),
        ("a & m", None),
        ("Texas A&M", None),
        ("st. brendan", None),
        ("Saint Brendan", None),
        ("St. Brend*", None),
        ("mit", None),
        ("R&D", None),
        ("12,345", "12,345"),
        ("12345", "12,345"),
        ("mt airy", "Mount"),
        ("moun* airy", "Mount"),
        ('"Mt. Airy"', "Mount Airy"),
        ('"dont pay"', "don't pay"),
    ],
)
def test_short_words_numbers_and_punctuation(
    find: Callable[..., Json], q: str, marked: str | None
) -> None:
    answer = find(q=q)
    assert answer["meta"]["whole"] >= 1
    assert slugs(answer)[0] == "colleges"
    assert marked is None or marked in marks(answer["data"][0])


def test_a_beginning_is_taken_as_it_stands(find: Callable[..., Json]) -> None:
    """Mount is Mt., but what begins with mount need not begin with mt."""
    own = "colleges,meadows"
    assert sorted(slugs(find(q="mount*", match="exact", slug=own))) == ["colleges", "meadows"]
    assert slugs(find(q="mount", match="exact", slug=own)) == ["colleges"]


def test_leaid_finds_its_district(client: httpx.Client) -> None:
    assert slugs(client.get("/v1/districts?q=0628050").json()) == [
        "oakland-unified-school-district-ca"
    ]


@pytest.mark.parametrize(
    ("q", "slug"),
    [
        ("MNPS", "nashville-community-achieves-tn"),
        ("sun", "multnomah-county-sun-or"),
        ("clc", "cincinnati-community-learning-centers-oh"),
        ("clc", "lincoln-clc-ne"),
        ("OUSD", "oakland-full-service-community-schools-ca"),
    ],
)
def test_acronyms_and_everyday_names(find: Callable[..., Json], q: str, slug: str) -> None:
    assert slug in slugs(find(q=q))[:10]


def test_the_title_counts_most_then_the_summary_then_the_text(find: Callable[..., Json]) -> None:
    assert slugs(find(q="quokka")) == ["quokka-title", "quokka-summary", "quokka-text"]


def test_equal_matches_go_by_evidence_then_recency_then_slug(find: Callable[..., Json]) -> None:
    assert slugs(find(q="wombat")) == ["wombat-d", "wombat-c", "wombat-a", "wombat-b"]


def marks(hit: Json) -> list[str]:
    """The marked words, taken out as JavaScript would: by UTF-16 units."""
    units = hit["snippet"]["text"].encode("utf-16-le")
    return [
        units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in hit["snippet"]["marks"]
    ]


def test_snippets_mark_the_words_in_units_of_javascript(find: Callable[..., Json]) -> None:
    (hit,) = find(q='bilbies backpacks "jose" -numbat', match="all")["data"]
    assert hit["snippet"]["field"] == "summary"
    assert marks(hit) == ["bilby", "backpack", "José", "bilbies"]


@pytest.mark.slow
def test_a_snippet_is_the_passage_around_the_first_word(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    for hit in find(q="attendance", match="exact")["data"]:
        snippet, document = hit["snippet"], client.get(hit["url"]).json()["data"]
        assert {word.lower()[:6] for word in marks(hit)} <= {"attend"}
        assert (
            marks(hit)
            or "attend"
            not in f"{document['summary']} {document['approach']} {document['results']}".lower()
        )
        assert len(snippet["text"]) <= 240
        if snippet["field"] == "summary":
            assert snippet["text"] in document["summary"]
            assert snippet["before"] != document["summary"].startswith(snippet["text"])
            assert snippet["after"] != document["summary"].endswith(snippet["text"])


def test_no_words_no_snippet(find: Callable[..., Json]) -> None:
    assert {hit["snippet"] for hit in find()["data"]} == {None}


def test_when_nothing_is_found_it_says_what_to_leave_out(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    quokkas = "quokka-title,quokka-summary,quokka-text,multnomah-county-sun-or"
    answer = find(q="quokka", state="OR", region="west", slug=quokkas)
    assert answer["meta"]["total"] == 0
    first, *others = answer["meta"]["relaxations"]
    assert (first["kind"], first["without"], first["label"], first["total"]) == (
        *("place", "state", "without state"),
        3,
    )
    assert {one["kind"] for one in others} <= {"nearest"}
    for one in answer["meta"]["relaxations"]:
        assert client.get(one["link"]).json()["meta"]["total"] == one["total"] > 0
    [fewer_words] = [
        relaxation
        for relaxation in find(q="quokka nowhere")["meta"]["relaxations"]
        if relaxation["without"] == "nowhere"
    ]
    assert (fewer_words["kind"], fewer_words["total"]) == ("word", 3)


def test_limit_0_counts_and_shows_nothing(client: httpx.Client) -> None:
    answer = client.get("/v1/case-studies?q=quokka&limit=0").json()
    assert (answer["meta"]["total"], answer["data"], answer["facets"], answer["links"]["next"]) == (
        3,
        [],
        {},
        None,
    )


def test_an_answer_says_where_it_comes_from_and_how_to_cite_it(
    find: Callable[..., Json], client: httpx.Client
) -> None:
    answer = find(q="quokka", sort="title")
    meta = answer["meta"]
    assert meta["license"] == {
        "name": "CC BY 4.0",
        "url": "https://creativecommons.org/licenses/by/4.0/",
    }
    assert meta["revision"] == client.get("/v1").json()["revision"]
    assert f"(Revision {meta['revision']}) [Data set]" in meta["cite"]
    address = meta["cite"].split()[-1]
    assert slugs(httpx.get(address).json()) == slugs(answer)


def test_a_publication_is_seen_by_the_next_request(
    own_service: Service, own_client: httpx.Client, engine: str
) -> None:
    publish(own_service.database, case_study("quokka", title="Quokka"))
    assert seen(own_client, engine, lambda found: found == ["quokka"])
    publish(
        own_service.database,
        case_study("quokka", title="No such animal"),
        case_study("another", title="Quokka too"),
    )
    assert seen(own_client, engine, lambda found: found == ["another"])


def test_a_withdrawn_case_study_is_found_no_more(
    own_service: Service, own_client: httpx.Client, engine: str
) -> None:
    district = f"/v1/districts/{read(own_service.database, 'boise-id').districts[0]}"
    assert own_client.get("/v1/case-studies?q=boise").json()["data"][0]["slug"] == "boise-id"
    withdraw(own_service.database, "case-study", "boise-id")
    assert seen(own_client, engine, lambda found: "boise-id" not in found, q="boise")
    assert own_client.get(district).json()["data"]["case_studies"] == []


def seen(
    client: httpx.Client, engine: str, when: Callable[[list[str]], bool], q: str = "quokka"
) -> bool:
    """Whether it is so at the next request (SQLite), or within a second (PostgreSQL)."""
    until = time.monotonic() + (1 if engine == "postgresql" else 0)
    while (
        not (so := when(slugs(client.get("/v1/case-studies", params={"q": q}).json())))
        and time.monotonic() < until
    ):
        time.sleep(0.01)
    return so

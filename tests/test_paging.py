"""What a searcher meets who reads on: every row once, in order, also while the directory changes under way."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest
from paging import every_hit, every_slug, pages
from publishing import case_study, publish, read, wait_for, withdraw
from serving import Service, serving

from app.database import Database
from app.search.cursor import Cursor, fingerprint
from app.search.filters import SORTS
from app.search.query import SearchQuery, SortKey

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works on a copy in memory
Json = dict[str, Any]

KEYS: dict[str, Callable[[Json], Any]] = {
    "updated": lambda hit: hit["updated_at"],
    "title": lambda hit: (hit.get("title") or hit["name"]).lower(),
    "state": lambda hit: hit["states"][0]["value"] if "states" in hit else hit["state"],
    "started": lambda hit: hit["started_year"],
    "enrollment": lambda hit: max(
        (one["enrollment"]["value"] for one in hit.get("districts", [hit]) if one["enrollment"]),
        default=None,
    ),
    "distance": lambda hit: hit["distance_km"],
}
EVERY_SORT = [sign + sort for sort in SORTS if sort != "relevance" for sign in ("", "-")]
NEAR = "44,-121"


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        *(("/v1/case-studies", sort) for sort in EVERY_SORT),
        *(
            ("/v1/districts", sort) for sort in EVERY_SORT if "started" not in sort
        ),  # their cards have no year
    ],
)
def test_pages_hold_every_row_once_and_in_order(client: httpx.Client, path: str, sort: str) -> None:
    hits = every_hit(client, path, sort=sort, near=NEAR, limit=7)
    total = client.get(path, params={"limit": 0}).json()["meta"]["total"]
    assert hits == every_hit(client, path, sort=sort, near=NEAR, limit=100)
    assert len({hit["slug"] for hit in hits}) == len(hits) == total
    key, descending = KEYS[sort.removeprefix("-")], sort.startswith("-")
    values = [key(hit) for hit in hits]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=descending) + [None] * (len(values) - len(known))
    for one, other in pairwise(hits):
        if key(one) == key(other):
            forwards = sort == "-distance" or not descending or key(one) is None
            assert (one["slug"] < other["slug"]) == forwards


def in_order(hits: list[Json], sort: str) -> list[Json]:
    """Hits by several keys: the slug last, in the direction of the last key, nulls last both ways."""
    ordered = sorted(hits, key=lambda hit: hit["slug"])
    for place, part in enumerate(reversed(sort.split(","))):
        key, descending = KEYS[part.removeprefix("-")], part.startswith("-")
        known = [hit for hit in ordered if key(hit) is not None]
        unknown = [hit for hit in ordered if key(hit) is None]
        if descending and not place:
            known.reverse()  # equal ones stay in this order
        ordered = sorted(known, key=key, reverse=descending) + unknown
    return ordered


@pytest.mark.parametrize(
    "sort",
    [
        "state,-started,title",
        "-state,started",
        "-started,-state",
        "started,-enrollment,-title",
        "-enrollment,updated",
        "-updated,-started,state",
        "title,state",
    ],
)
def test_several_keys_order_as_one_sort_inside_the_other(client: httpx.Client, sort: str) -> None:
    hits = every_hit(client, sort=sort, limit=7)
    assert hits == in_order(hits, sort)
    assert hits == every_hit(client, sort=sort, limit=100)
    assert len(hits) == client.get("/v1/case-studies?limit=0").json()["meta"]["total"]


def test_relevance_and_distance_may_be_keys_among_others(client: httpx.Client) -> None:
    states = [hit["states"][0]["value"] for hit in every_hit(client, q="school", sort="state")]
    hits = every_hit(client, q="school", sort="state,relevance", limit=7, explain="true")
    assert [hit["states"][0]["value"] for hit in hits] == states
    for one, other in pairwise(hits):
        if one["states"][0] == other["states"][0]:
            ranks = [
                (hit["explanation"]["whole"], hit["explanation"]["score"]) for hit in (one, other)
            ]
            assert ranks[0] >= ranks[1]
    near = every_hit(client, "/v1/districts", sort="-state,distance", near=NEAR, limit=7)
    values = [(hit["state"], hit["distance_km"]) for hit in near]
    far = 100_000  # kilometers: behind every place on Earth
    nearest_first = sorted(values, key=lambda pair: far if pair[1] is None else pair[1])
    assert values == sorted(nearest_first, key=lambda pair: pair[0], reverse=True)


@pytest.mark.parametrize(
    "q",
    [
        "attendance",
        "school attendance",
        "rural health -nashville",
        "att* scho*",
        '"community schools" xyzzy',
    ],
)
def test_pages_by_relevance_are_the_whole_answer_in_pieces(client: httpx.Client, q: str) -> None:
    slugs = every_slug(client, q=q, limit=3)
    assert slugs == every_slug(client, q=q, limit=100)
    assert len(slugs) > 6


def test_the_last_page_has_no_next(client: httpx.Client) -> None:
    question = {"slug": "boise-id,hartford-ct,lincoln-clc-ne,deer-river-mn"}
    for limit, sizes in {1: [1] * 4, 2: [2, 2], 3: [3, 1], 4: [4], 5: [4], 100: [4]}.items():
        read = [len(page["data"]) for page in pages(client, limit=limit, **question)]
        assert read == sizes, limit


def test_the_link_header_repeats_the_links(client: httpx.Client) -> None:
    first = client.get("/v1/case-studies?limit=20&state_not=OR")
    assert first.links["next"]["url"] == first.json()["links"]["next"]
    last = first
    while "next" in last.links:
        assert last.links["next"]["url"] == last.json()["links"]["next"]
        last = client.get(last.links["next"]["url"]).raise_for_status()
    assert last.json()["links"]["next"] is None
    assert (
        last.links["first"]["url"] == last.json()["links"]["first"] == first.json()["links"]["self"]
    )
    assert (
        client.get(last.links["alternate"]["url"]).text.count("\n") == last.json()["meta"]["total"]
    )


def test_limit_fields_and_facets_may_change_from_page_to_page(client: httpx.Client) -> None:
    following = client.get("/v1/case-studies?sort=title&limit=2").json()["links"]["next"]
    cursor = httpx.URL(following).params["cursor"]
    answer = client.get(
        "/v1/case-studies",
        params={"sort": "title", "limit": 3, "fields": "slug", "facets": "state", "cursor": cursor},
    ).json()
    assert answer["data"] == [{"slug": slug} for slug in every_slug(client, sort="title")[2:5]]


@pytest.mark.parametrize(
    "other", ["q=health", "sort=-title", "sort=title&state=OR", "sort=title&near=44,-121", ""]
)
def test_a_cursor_belongs_to_its_question(client: httpx.Client, other: str) -> None:
    cursor = httpx.URL(
        client.get("/v1/case-studies?sort=title&limit=2").json()["links"]["next"]
    ).params["cursor"]
    assert refusal(client.get(f"/v1/case-studies?{other}&cursor={cursor}")) == (
        400,
        "cursor_query_mismatch",
    )
    assert refusal(client.get(f"/v1/districts?sort=title&cursor={cursor}")) == (
        400,
        "cursor_query_mismatch",
    )


def test_a_damaged_cursor_is_refused(client: httpx.Client) -> None:
    cursor = httpx.URL(
        client.get("/v1/case-studies?sort=title&limit=2").json()["links"]["next"]
    ).params["cursor"]
    swapped = cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:]
    for damaged in (
        cursor[:-1],
        cursor[1:],
        cursor + "A",
        cursor + "=",
        cursor.swapcase(),
        swapped,
        "1",
        "é",
        "%2e",
    ):
        answer = client.get("/v1/case-studies", params={"sort": "title", "cursor": damaged})
        assert refusal(answer) == (400, "cursor_damaged")


@pytest.mark.parametrize(
    ("revision", "offset", "key"),
    [(1, 0, (0, "a")), (1, 2, (0, 7)), (-1, 2, (0, "a")), (1, -2, (0, "a"))],
)
def test_a_cursor_that_somebody_made_up_is_refused(
    client: httpx.Client, revision: int, offset: int, key: tuple[int, str]
) -> None:
    query = SearchQuery("case-study", "/v1/case-studies", sort=(SortKey("title"),))
    made_up = Cursor(fingerprint(query), revision, offset, key, "boise-id").encode()
    answer = client.get("/v1/case-studies", params={"sort": "title", "cursor": made_up})
    assert refusal(answer) == (400, "cursor_damaged")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    (error,) = answer.json()["errors"]
    assert error["parameter"] == "cursor"
    return answer.status_code, error["code"]


QUESTIONS: list[dict[str, Any]] = [
    *({"sort": sort, "near": NEAR} for sort in ("relevance", *EVERY_SORT)),
    {"q": "school attendance"},
    {"q": "att* reading xyzzy", "sort": "relevance"},
    {"q": "-quokka", "sort": "-title"},
    {"q": "school", "sort": "state,-started,relevance"},
    {"sample": 20, "seed": 3, "sort": "-enrollment,title"},
]


@pytest.mark.slow
def test_every_record_of_the_first_page_is_shown_once_while_others_change(
    own_service: Service, own_client: httpx.Client
) -> None:
    database = own_service.database
    for turn, question in enumerate(QUESTIONS):
        before = every_slug(own_client, **question)
        gone: set[str] = set()
        seen: list[str] = []
        for n, page in enumerate(pages(own_client, limit=len(before) // 3, **question)):
            seen += [hit["slug"] for hit in page["data"]]
            ahead = [slug for slug in before if slug not in seen and slug not in gone]
            if not page["links"]["next"] or len(ahead) < 2:
                continue
            new = case_study(f"new-{turn}-{n}", title="Attending school", started_year=None)
            renamed = [
                one.model_copy(update={"title": f"{'ZAM'[n % 3]} {one.title}"[:200]})
                for one in (read(database, seen[-1]), read(database, ahead[0]))
            ]
            publish(database, new, *renamed)
            wait_for(own_service, withdraw(database, "case-study", ahead[1]))
            gone.add(ahead[1])
        assert seen == [slug for slug in before if slug not in gone], question
        wait_for(own_service, publish(database, *(read(database, slug) for slug in gone)))


@pytest.mark.slow
@pytest.mark.one_database
def test_a_walk_that_is_held_no_more_goes_on_behind_the_last_row(
    own_service: Service, own_client: httpx.Client
) -> None:
    """After a restart, or at another worker: what did not change is not lost or repeated."""
    database = own_service.database
    for sort in (
        "title",
        "-updated",
        "relevance",
        "state,-started,title",
        "-started,relevance",
        "-enrollment,-distance,state",
    ):
        question: dict[str, Any] = {"q": "school", "near": NEAR, "sort": sort}
        before = every_slug(own_client, **question)
        first = own_client.get(
            "/v1/case-studies", params={**question, "limit": "4", "facets": "none"}
        ).json()
        rest = rest_at_another_worker(database, first["links"]["next"])
        assert [hit["slug"] for hit in first["data"]] + rest == before


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("sort", ["state,-started,title", "-started,-state", "-updated,title"])
def test_a_walk_that_is_held_no_more_goes_on_behind_a_row_that_is_gone(
    own_service: Service, own_client: httpx.Client, sort: str
) -> None:
    before = every_slug(own_client, sort=sort)
    for last in (3, 7, 8):
        first = own_client.get(f"/v1/case-studies?sort={sort}&limit={last}&facets=none").json()
        gone = read(own_service.database, before[last - 1])
        withdraw(own_service.database, "case-study", gone.slug)
        rest = rest_at_another_worker(own_service.database, first["links"]["next"])
        assert rest == before[last:]
        wait_for(own_service, publish(own_service.database, gone))
        before = every_slug(own_client, sort=sort)


def rest_at_another_worker(database: Database, link: str | None) -> list[str]:
    """The slugs on the pages from a link on, as a worker that has just started shows them."""
    slugs = []
    with serving(str(database.url)) as other, httpx.Client(base_url=other.url) as client:
        while link:
            page = client.get(link).raise_for_status().json()
            slugs += [hit["slug"] for hit in page["data"]]
            link = page["links"]["next"]
    return slugs

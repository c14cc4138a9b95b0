"""Lists at the desk: every record in whatever state, by state, owner and words, page by page."""

import httpx
import pytest
from people import People, amend, case_study, create, district, published, step

LIST = "/case-studies"


@pytest.fixture(scope="module")
def people(people: People) -> People:
    """Ada has a draft, one in review, and one withdrawn; Rui a public one with a newer draft."""
    create(
        people.ada,
        case_study("zz-draft", title="Zebra crossing", lessons="Stay “patient” at École 12. [^s1]"),
    )
    create(people.ada, case_study("zz-review", title="Zebra review"))
    step(people.ada, "submit", "zz-review").raise_for_status()
    published(people, case_study("zz-public", title="Zebra public"))
    amend(people.rui, "zz-public", title="Zebra newer")
    published(people, case_study("zz-withdrawn", title="Zebra gone"))
    step(people.rui, "withdraw", "zz-withdrawn", reason="It was wrong.").raise_for_status()
    for n in range(7):
        create(people.ada, district(f"zz-district-{n}", name=f"Okapi {n}"), "districts")
    return people


def slugs(answer: httpx.Response) -> list[str]:
    """What a list holds."""
    return [record["slug"] for record in answer.raise_for_status().json()["data"]]


def test_a_list_says_where_each_record_stands(people: People) -> None:
    [listed] = people.ada.get(LIST, params={"q": "zebra newer"}).json()["data"]
    listed.pop("updated_at")
    assert listed == {
        "slug": "zz-public",
        "title": "Zebra newer",
        "version": 4,
        "status": "draft",
        "published_version": 3,
        "updated_by": "rui",
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("draft", ["zz-draft", "zz-public"]),
        ("in_review", ["zz-review"]),
        ("withdrawn", ["zz-withdrawn"]),
        ("published", []),
    ],
)
def test_records_are_listed_by_the_state_of_their_newest_version(
    status: str, expected: list[str], people: People
) -> None:
    assert slugs(people.ada.get(LIST, params={"status": status, "after": "zz"})) == expected


def test_records_are_listed_by_who_changed_their_content_last(people: People) -> None:
    assert slugs(people.ada.get(LIST, params={"owner": "ada"})) == [
        "zz-draft",
        "zz-review",
        "zz-withdrawn",
    ]
    assert slugs(people.ada.get(LIST, params={"owner": "rui"})) == ["zz-public"]
    assert slugs(people.ada.get(LIST, params={"owner": "nobody"})) == []


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("ZEBRA crossing", ["zz-draft"]),
        ("zebra gone wrong", []),
        ("École", ["zz-draft"]),
        ("école", ["zz-draft"]),
        ("“patient”", ["zz-draft"]),
        ('zebra "', []),
        ("zebra %", []),
        ("zebra r_view", []),
        ("zebra sources", []),
    ],
)
def test_records_are_listed_by_words_of_their_text_however_written(
    q: str, expected: list[str], people: People
) -> None:
    assert slugs(people.ada.get(LIST, params={"q": q})) == expected


def test_filters_are_all_asked_at_once(people: People) -> None:
    assert slugs(
        people.ada.get(LIST, params={"status": "draft", "owner": "ada", "q": "zebra"})
    ) == ["zz-draft"]


@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_pages_give_every_record_once(limit: int, people: People) -> None:
    found: list[str] = []
    path: str | None = f"/v1/admin/districts?q=okapi&limit={limit}"
    while path:
        answer = people.ada.get(httpx.URL(people.service.url).join(path))
        assert len(slugs(answer)) <= limit
        found += slugs(answer)
        path = answer.json()["links"]["next"]
    assert found == [f"zz-district-{n}" for n in range(7)]


def test_without_a_limit_a_page_has_fifty(people: People) -> None:
    assert len(slugs(people.ada.get("/organizations"))) == 50


@pytest.mark.parametrize(
    ("parameters", "status", "parameter"),
    [
        ({"status": "public"}, 422, "status"),
        ({"limit": "0"}, 422, "limit"),
        ({"limit": "201"}, 422, "limit"),
        ({"limit": "many"}, 422, "limit"),
        ({"limit": "\u0662"}, 422, "limit"),
        ({"limit": "9" * 5000}, 422, "limit"),
        ({"q": "x" * 201}, 422, "q"),
        ({"owner": "\0"}, 422, "owner"),
        ({"colour": "red"}, 400, "colour"),
        ({"status": ["draft", "draft"]}, 400, "status"),
    ],
)
def test_what_a_list_does_not_take_is_refused(
    parameters: dict[str, str], status: int, parameter: str, people: People
) -> None:
    answer = people.ada.get(LIST, params=parameters)
    assert (answer.status_code, [fault["parameter"] for fault in answer.json()["errors"]]) == (
        status,
        [parameter],
    )

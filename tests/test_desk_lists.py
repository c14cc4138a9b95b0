"""Lists at the desk: every record in whatever state, by state, owner and words, page by page."""

import httpx
import pytest
from people import People, amend, case_study, create, district, published, step

pytestmark = pytest.mark.few_records

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
        "reviewed_by": "rui",
        "returned": None,
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


@pytest.mark.one_database
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


def test_records_are_listed_by_state(people: People) -> None:
    create(people.ada, case_study("zz-oregon", title="Zebra far", state="OR"))
    assert slugs(people.ada.get(LIST, params={"q": "zebra", "state": "OR"})) == ["zz-oregon"]
    assert slugs(people.ada.get(LIST, params={"q": "zebra far", "state": "id"})) == []
    assert "zz-district-0" in slugs(people.ada.get("/districts?state=ID&q=okapi"))


def test_a_state_that_does_not_exist_is_refused_with_the_code(people: People) -> None:
    answer = people.ada.get(LIST, params={"state": "XX"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "state")
    named = people.ada.get(LIST, params={"state": "Idaho"}).json()["errors"][0]
    assert named["detail"] == "state has no value 'Idaho'. Use the two-letter code: ID."
    assert people.ada.get("/organizations", params={"state": "ID"}).status_code == 400


def test_records_are_listed_by_who_reviewed_them_last(people: People) -> None:
    create(people.ada, case_study("zz-by-kim", title="Zebra by Kim"))
    step(people.ada, "submit", "zz-by-kim").raise_for_status()
    step(people.kim, "return", "zz-by-kim", note="Which year?").raise_for_status()
    assert slugs(people.ada.get(LIST, params={"reviewer": "kim"})) == ["zz-by-kim"]
    assert slugs(people.ada.get(LIST, params={"reviewer": "rui"})) == ["zz-public", "zz-withdrawn"]


def test_records_are_listed_by_when_they_were_updated(people: People) -> None:
    first = create(people.ada, case_study("zz-time-1", title="Zebra early")).json()["meta"]
    second = create(people.ada, case_study("zz-time-2", title="Zebra late")).json()["meta"]
    found = people.ada.get(LIST, params={"q": "zebra", "updated_min": second["updated_at"]})
    assert "zz-time-2" in slugs(found)
    assert "zz-time-1" not in slugs(found)
    found = people.ada.get(LIST, params={"q": "zebra", "updated_max": first["updated_at"]})
    assert "zz-time-1" in slugs(found)
    assert "zz-time-2" not in slugs(found)


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["slug", "-slug", "updated", "-updated"])
@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_sorted_list_is_read_whole_page_by_page(limit: int, sort: str, people: People) -> None:
    parameters: dict[str, str | int] = {"sort": sort, "limit": limit, "q": "district"}
    whole = people.ada.get("/organizations", params=parameters | {"limit": 200}).json()["data"]
    assert len(whole) > 3
    found = []
    path: str | None = f"/v1/admin/organizations?sort={sort}&limit={limit}&q=district"
    while path:
        answer = people.ada.get(httpx.URL(people.service.url).join(path)).raise_for_status().json()
        found += answer["data"]
        path = answer["links"]["next"]
    assert found == whole
    name = sort.removeprefix("-")
    values = [record["slug" if name == "slug" else "updated_at"] for record in found]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["updated", "-updated"])
def test_records_that_are_edited_and_renamed_meanwhile_are_neither_lost_nor_repeated(
    sort: str, people: People
) -> None:
    word = f"quagga{len(sort)}"
    names = [f"zz-{word}-{n}" for n in range(6)]
    for name in names:
        create(people.ada, case_study(name, title=word))
    expected = names if sort == "updated" else names[::-1]
    found: list[str] = []
    path: str | None = f"/v1/admin/case-studies?sort={sort}&limit=2&q={word}"
    while path:
        answer = people.ada.get(httpx.URL(people.service.url).join(path))
        found += slugs(answer)
        path = answer.json()["links"]["next"]
        if len(found) == 2:
            amend(people.ada, found[0], summary="Edited after it was seen.")
            amend(people.ada, expected[2], summary="Edited before it is seen.")
            step(people.rui, "rename", expected[4], slug=f"{expected[4]}-now").raise_for_status()
            create(people.ada, case_study(f"zz-{word}-late", title=word))
    assert found == [*expected[:4], f"{expected[4]}-now", expected[5]]


def test_a_place_in_another_order_is_refused(people: People) -> None:
    answer = people.ada.get(LIST, params={"sort": "updated", "after": "boise-id"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "after")

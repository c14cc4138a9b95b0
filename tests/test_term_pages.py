"""What one meets who reads by state, strategy, topic or organization, compares, and looks words up."""

import re

import httpx
import pytest
from browser import a_visit, overflows
from html_pages import BROWSER, page
from people import People, case_study, district, published
from playwright.sync_api import Browser, expect
from serving import Service

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]
SOURCE = {
    "id": "s1",
    "title": "A report",
    "publisher": "A press",
    "url": "https://example.org/report",
    "kind": "report",
}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def efforts(people: People) -> None:
    """Three case studies of Idaho: two alike, and one that tries to run a script."""
    shared = {"strategies": ["food-security", "home-visits"], "topics": ["food-pantry"]}
    measured = {
        "indicator": "attendance",
        "finding": "It rose",
        "design": "quasi-experimental",
        "direction": "better",
        "source": "s1",
    }
    published(
        people,
        case_study(
            "zz-one",
            title="Zebra one",
            outcomes=[measured],
            started_year=2001,
            started_year_source="s1",
            **shared,
        ),
    )
    published(
        people,
        case_study(
            "zz-two", title="Zebra two", started_year=1999, started_year_source="s1", **shared
        ),
    )
    partner = {"name": "Attendance Works", "organization": "attendance-works", "type": "nonprofit"}
    published(
        people,
        case_study(
            "zz-hostile",
            title=f"Zebra {HOSTILE}",
            strategies=["food-security"],
            partners=[partner | {"role": f"advice {HOSTILE}", "source": "s1"}],
            sources=[SOURCE],
        ),
    )


def titles(document: object) -> list[str]:
    """The titles of a page's list, in order."""
    return [heading.text for heading in document.each("h3")]  # type: ignore[attr-defined]


def test_a_strategy_shows_who_did_it_with_the_strongest_evidence_first(
    client: httpx.Client,
) -> None:
    document = page(client, "/strategies/food-security")
    shown = titles(document)
    assert shown.index("Zebra one") < shown.index("Zebra two")
    assert "Quasi-experimental" in [heading.text for heading in document.each("h2")]
    together = document.one("section", id="together").text
    assert "Home visits" in together
    assert "Food security" not in together


def test_a_list_names_the_town_of_a_case_study_in_one_place(
    people: People, client: httpx.Client
) -> None:
    published(people, district("zz-town", city="Hailey"), "districts")
    published(people, case_study("zz-towned", districts=["zz-town"], topics=["food-pantry"]))
    published(people, case_study("zz-placeless", districts=[], topics=["food-pantry"]))
    places = {
        hit.one("a")["href"]: hit.one("p", class_="where").text
        for hit in page(client, "/topics/food-pantry").each("li", class_="hit")
    }
    assert places["/case-studies/zz-towned"].startswith("Hailey, Idaho")
    assert places["/case-studies/zz-placeless"] == "Idaho"


def test_a_strong_design_does_not_stand_for_a_good_result(
    people: People, client: httpx.Client
) -> None:
    trial = {
        "indicator": "attendance",
        "finding": "No effect",
        "design": "experimental",
        "source": "s1",
    }
    outcomes = [
        trial | {"direction": "unchanged"},
        trial | {"design": "descriptive", "direction": "better"},
    ]
    published(people, case_study("zz-trial", strategies=["home-visits"], outcomes=outcomes))
    document = page(client, "/strategies/home-visits")
    strongest = document.one("section", id="experimental")
    lines = {hit.one("a")["href"]: hit.text for hit in strongest.each("li", class_="hit")}
    assert lines["/case-studies/zz-trial"].endswith("Unchanged (experimental)")
    assert "not what they were" in document.text


@pytest.mark.parametrize("address", ["/states/id", "/topics/laundry"])
def test_outcomes_that_can_be_drawn_stand_under_a_caution(
    people: People, client: httpx.Client, address: str
) -> None:
    drawn = {
        "indicator": "graduation-rate",
        "finding": "It fell",
        "design": "descriptive",
        "value": 70,
        "unit": "percent",
        "baseline_value": 80,
        "baseline": "80 percent in 2015",
        "source": "s1",
    }
    slug = f"zz-drawn-{address[-2:]}"
    published(people, case_study(slug, topics=["laundry"], outcomes=[drawn, drawn]))
    measured = page(client, address).one("section", id="outcomes")
    assert "descriptive" in measured.one("p", class_="note").text
    links = [link["href"] for link in measured.each("a")]
    assert links.count(f"/case-studies/{slug}#outcomes") == 1
    assert any(
        "80 percent in 2015" in plot["aria-label"] for plot in measured.each("svg", role="img")
    )


def test_a_topic_has_a_page(client: httpx.Client) -> None:
    assert {"Zebra one", "Zebra two"} <= set(titles(page(client, "/topics/food-pantry")))


def test_every_strategy_is_listed_with_its_definition(client: httpx.Client) -> None:
    document = page(client, "/strategies")
    listed = {link["href"] for link in document.one("main").each("a")}
    terms = client.get("/v1/strategies").json()["data"]
    assert {f"/strategies/{term['value']}" for term in terms} <= listed
    assert terms[0]["definition"] in document.text


def test_a_state_numbers_its_case_studies_and_sorts_them(client: httpx.Client) -> None:
    def rows(address: str) -> list[str]:
        table = page(client, address).one("section", id="cases").one("tbody")
        return [row.one("th").text for row in table.each("tr")]

    by_title = rows("/states/id")
    assert by_title == sorted(by_title, key=str.casefold)
    newest_first = rows("/states/id?sort=-began")
    assert newest_first.index("Zebra one") < newest_first.index("Zebra two")
    assert sorted(newest_first) == sorted(by_title)


def test_a_state_is_found_by_its_code_in_capitals(client: httpx.Client) -> None:
    answer = client.get("/states/ID", headers=BROWSER, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, "/states/id")


def test_an_organization_shows_its_part_and_case_studies_lead_there(client: httpx.Client) -> None:
    partners = page(client, "/case-studies/zz-hostile").one("section", id="money")
    (link,) = (link for link in partners.each("a") if link.text == "Attendance Works")
    document = page(client, link["href"])
    assert f"Advice {HOSTILE}" in document.text  # as text, since the page escapes it


def test_a_record_leads_to_those_most_like_it(client: httpx.Client) -> None:
    document = page(client, "/case-studies/zz-one")
    following = document.one("section", id="next")
    assert "Zebra two" in titles(following)
    assert "hares 2 of 2 strategies" in following.text


def test_what_case_studies_share_stands_in_one_row(client: httpx.Client) -> None:
    document = page(client, "/compare?slug=zz-one,zz-two&slug=zz-hostile,zz-nothing")
    heads = [head.text for head in document.one("thead").each("th")]
    assert heads == ["Zebra one", "Zebra two", f"Zebra {HOSTILE}"]
    cells = {
        row.one("th").text: [cell.text for cell in row.each("td")]
        for row in document.one("tbody").each("tr")
    }
    assert cells["Home visits"] == ["yes", "yes", "\u2013"]
    assert cells["Began"] == ["2001", "1999", "\u2013"]
    assert cells["Attendance"][0] == "Better (quasi-experimental)"
    assert "zz-nothing" in document.text


def test_who_compares_sees_every_direction_and_what_a_record_rests_on(
    people: People, client: httpx.Client
) -> None:
    measured = {"finding": "So it went", "design": "descriptive", "source": "s1"}
    outcomes = [
        measured | {"indicator": "graduation-rate", "direction": direction}
        for direction in ("better", "worse", "better")
    ]
    outcomes += [
        measured | {"indicator": "attendance", "design": design, "direction": direction}
        for design, direction in (("experimental", "unchanged"), ("descriptive", "better"))
    ]
    outcomes.append(measured | {"indicator": "college-enrollment"})
    record = case_study(
        "zz-mixed",
        outcomes=outcomes,
        partners=[{"name": "Food bank", "type": "nonprofit", "source": "s1"}],
        funding=[{"name": "A levy", "kind": "county", "amount_usd": 1500000, "source": "s1"}],
    )
    published(people, record)
    document = page(client, "/compare?slug=zz-mixed,zz-two")
    cells = {
        row.one("th").text: [cell.text for cell in row.each("td")]
        for row in document.one("tbody").each("tr")
    }
    assert cells["Graduation rate"][0] == "Better 2, worse 1 (descriptive)"
    assert cells["Attendance"][0] == "Unchanged (experimental)Better (descriptive)"
    assert cells["Outcomes reported"] == ["6", "\u2013"]
    assert cells["Partners named"] == ["1", "\u2013"]
    assert cells["Money, where an amount is known"][0] == "$1,500,000: A levy (no date)"
    assert cells["Sources"] == ["1", "1"]
    for link in document.each("link", rel="alternate"):
        rows = client.get(link["href"])
        assert "zz-mixed" in rows.text
        assert "zz-two" in rows.text


@pytest.mark.slow
def test_on_a_phone_the_names_of_what_is_compared_stay_in_sight(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, width=360) as visit:
        visit.page.goto(f"{service.url}/compare?slug=boise-id,zz-one,zz-two")
        assert not overflows(visit.page)
        visit.page.locator(".compare tr").last.scroll_into_view_if_needed()
        assert visit.page.evaluate("scrollY") > 0
        for name in visit.page.locator(".compare thead a").all():
            expect(name).to_be_in_viewport()
        visit.page.goto(
            f"{service.url}/compare?slug=boise-id,zz-one,zz-two,boston-city-connects-ma"
        )
        assert not overflows(visit.page)


def test_chosen_results_are_compared_without_script(client: httpx.Client) -> None:
    document = page(client, "/case-studies?q=zebra&match=all")
    boxes = [box["value"] for box in document.each("input", form="compare")]
    assert sorted(boxes) == ["zz-hostile", "zz-one", "zz-two"]
    assert document.one("form", id="compare")["action"] == "/compare"


def test_the_codebook_page_has_every_column(client: httpx.Client) -> None:
    document = page(client, "/codebook")
    contents = [link["href"] for link in document.one("nav", aria_label="Tables").each("a")]
    assert contents == [f"#{table['name']}" for table in client.get("/v1/codebook").json()["data"]]
    for table in client.get("/v1/codebook").json()["data"]:
        rows = document.one("section", id=table["name"]).each("th", scope="row")
        columns = [row.one("code").text for row in rows]
        assert columns == [column["name"] for column in table["columns"]]


@pytest.mark.parametrize(
    "address", ["/strategies/nope", "/topics/nope", "/states/zz", "/organizations/nope"]
)
def test_what_is_not_there_has_a_page_that_says_so(client: httpx.Client, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text


@pytest.mark.slow
def test_no_link_of_any_kind_of_page_is_dead(client: httpx.Client) -> None:
    todo, seen = ["/"], {"/"}
    kinds: dict[str, int] = {}
    while todo:
        answer = client.get(todo.pop(), headers=BROWSER)
        assert answer.status_code == 200, answer.url
        if "text/html" not in answer.headers["Content-Type"]:
            continue
        for link in re.findall(r'href="(/[^"#]*)', answer.text):
            address = link.replace("&amp;", "&")
            kind = re.sub(r"(?<=.)/[^/?]+|\?.*", "/*", address, count=1)
            if address not in seen and kinds.get(kind, 0) < 8:  # so many of each kind
                seen.add(address)
                kinds[kind] = kinds.get(kind, 0) + 1
                todo.append(address)
    assert len(kinds) > 12

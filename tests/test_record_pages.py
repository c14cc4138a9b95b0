"""Case studies, districts and their versions as pages: each figure with its date and source, outcomes under their caution."""

import httpx
import pytest
from html_pages import Element, page
from people import (
    SOURCE,
    People,
    amend,
    case_study,
    create,
    district,
    publish,
    published,
    step,
)

pytestmark = pytest.mark.few_records
OWN = {**SOURCE, "id": "s2", "publisher": "Boise School District", "url": "https://example.org/own"}


def outcome(design: str = "descriptive", **fields: object) -> dict[str, object]:
    """An outcome of a case study."""
    least = {"indicator": "attendance", "finding": "It rose.", "design": design, "source": "s1"}
    return least | fields


def section(document: Element, identifier: str) -> Element:
    """A section of a page."""
    return document.one("section", id=identifier)


@pytest.mark.slow
def test_a_case_study_begins_with_its_outcomes_and_shows_all_it_says(
    people: People, client: httpx.Client
) -> None:
    record = case_study(
        "zz-whole",
        title='The "whole" of it',
        started_year=2015,
        started_year_source="s1",
        challenge="Many *were* hungry. [^s2]",
        approach='They cooked.[^s1] And ate. [^s2]\n\nIt\'s "good". [^s1]',
        outcomes=[
            outcome(value=90, unit="percent", baseline_value=80, baseline="80 percent in 2015"),
            outcome(value=95, unit="students", baseline_value=80, baseline="80 in 2015"),
            outcome(value=5, unit="students", qualifier="about", population="grade 3", source="s2"),
        ],
        scale=[
            {"measure": "kitchens", "value": 3, "unit": "sites", "year": 2020, "source": "s1"},
            {"measure": "cooks", "value": 12, "unit": "staff", "source": "s2"},
        ],
        funding=[{"name": "A levy", "kind": "county", "amount_usd": 1500000, "source": "s1"}],
        partners=[
            {"name": "Food bank", "type": "nonprofit", "role": "brings food", "source": "s2"}
        ],
        sources=[SOURCE, OWN],
    )
    published(people, record)
    document = page(client, "/case-studies/zz-whole")
    assert document.one("h1").text == "The “whole” of it"
    order = [part["id"] for part in document.each("section", class_="hang")]
    assert order[:4] == ["outcomes", "challenge", "approach", "numbers"]
    assert order[-2:] == ["sources", "cite"]
    outcomes = section(document, "outcomes").text
    plot = section(document, "outcomes").one("svg", role="img")
    assert "80 percent" in plot["aria-label"]
    assert "90 percent" in plot["aria-label"]
    assert "80 then → 95 students" in outcomes
    assert "about 5 students" in outcomes
    story = section(document, "approach")
    assert "It\u2019s “good”." in story.text
    assert [mark["href"] for mark in story.each("a", class_="fn")] == [
        "#source-s1",
        "#source-s2",
        "#source-s1",
    ]
    assert "A press, no date" in story.text
    assert section(document, "challenge").one("em").text == "were"
    rows = [row.text for row in section(document, "numbers").each("tr")]
    assert "Kitchens120203 sites" in rows
    assert "Cooks2no date12 staff" in rows
    assert "$1,500,000" in section(document, "money").text
    assert "(no date)" in section(document, "money").text
    assert (
        "Used for outcomes (2), what they did (2), in numbers, partners and money, facts at the top"
        in (document.one("li", id="source-s1").text)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ([], "No outcome is reported."),
        ([outcome()], "The one outcome is descriptive: counted, with no comparison group."),
        (
            [outcome(), outcome(source="s2")],
            (
                "All 2 outcomes are descriptive: counted, with no comparison group. This shows "
                "what happened, not why. 1 of them comes from the district itself."
            ),
        ),
        (
            [outcome(), outcome("quasi-experimental"), outcome(source="s2")],
            "Of 3 outcomes, 1 is quasi-experimental (compared with a similar group) and 2 are descriptive",
        ),
    ],
)
def test_the_caution_says_how_outcomes_were_found_and_by_whom(
    people: People, client: httpx.Client, outcomes: list[dict[str, object]], says: str
) -> None:
    slug = f"zz-caution-{len(outcomes)}"
    record = case_study(slug, outcomes=outcomes, approach="So. [^s1] [^s2]", sources=[SOURCE, OWN])
    published(people, record)
    document = page(client, f"/case-studies/{slug}")
    assert says in section(document, "outcomes").one("p", class_="note").text


@pytest.mark.slow
def test_both_readings_stand_where_nces_and_a_source_differ(
    people: People, client: httpx.Client
) -> None:
    locale = {"locale": "41", "locale_year": 2022, "locale_source": "NCES EDGE 2022-23"}
    published(people, district("zz-farm-district", **locale), "districts")
    record = case_study(
        "zz-farm", districts=["zz-farm-district"], setting="urban", setting_source="s1"
    )
    published(people, record)
    facts = page(client, "/case-studies/zz-farm").one("dl", class_="facts").text
    assert "NCES locale 41, 2022-23; a source calls it urban" in facts
    place = page(client, "/districts/zz-farm-district")
    assert "NCES locale 41, 2022-23." in section(place, "figures").text
    assert "/case-studies/zz-farm" in [link["href"] for link in place.each("a")]


def test_what_is_not_known_is_said(people: People, client: httpx.Client) -> None:
    published(people, district("zz-unknown-district"), "districts")
    published(people, case_study("zz-unknown", districts=["zz-unknown-district"]))
    facts = page(client, "/case-studies/zz-unknown").one("dl", class_="facts").text
    assert facts.count("Not stated") == 4
    assert "No outcome reported" in facts
    place = section(page(client, "/districts/zz-unknown-district"), "figures").text
    assert place.count("Not known") == 3


@pytest.mark.slow
def test_the_versions_show_what_was_public_and_nothing_else(
    people: People, client: httpx.Client
) -> None:
    published(people, case_study("zz-history", summary="They fed the children well."))
    first = page(client, "/case-studies/zz-history/versions")
    assert "First version: 0 outcomes, 1 source." in first.one("main").text
    amend(people.ada, "zz-history", summary="A draft that nobody saw.")
    assert "nobody saw" not in page(client, "/case-studies/zz-history/versions").one("main").text
    amend(
        people.ada,
        "zz-history",
        summary="They fed the children very well.",
        started_year=2001,
        started_year_source="s1",
    )
    publish(people, "zz-history")
    second = page(client, "/case-studies/zz-history/versions")
    newest = next(second.each("section", class_="hang"))
    assert "Current" in newest.text
    assert next(insertion.text for insertion in newest.each("ins")) == "is now very"
    assert "was not stated is now 2001" in newest.text
    assert "nobody saw" not in second.text
    versions = [heading.text for heading in second.each("h2")]
    assert len(versions) == 2
    assert versions[-1] == "Version 1" or versions[-1].startswith("Version")


def test_a_draft_has_no_page(people: People, client: httpx.Client) -> None:
    create(people.ada, case_study("zz-secret"))
    for suffix in ("", "/versions", "/suggestion"):
        missing = page(client, f"/case-studies/zz-secret{suffix}", 404)
        assert "An effort" not in missing.text


def test_a_district_is_found_by_its_leaid(client: httpx.Client) -> None:
    by_id = page(client, "/districts/1600360")
    assert by_id.one("link", rel="canonical")["href"].endswith(
        "/districts/boise-school-district-id"
    )


def test_a_cited_page_shows_what_it_showed_and_says_that_there_is_a_newer_one(
    people: People, client: httpx.Client
) -> None:
    published(people, district("zz-cited-district", name="Old Name"), "districts")
    published(people, case_study("zz-cited", title="First title", districts=["zz-cited-district"]))
    first = page(client, "/case-studies/zz-cited")
    cited = section(first, "cite").one("blockquote").text.rpartition(" ")[2]
    assert not list(page(client, cited).each("p", class_="said"))
    of_district = section(page(client, "/districts/zz-cited-district"), "cite").one("blockquote")
    amend(people.ada, "zz-cited", title="Second title")
    publish(people, "zz-cited")

    older = page(client, cited)
    assert older.one("h1").text == "First title"
    assert "This is version" in older.one("p", class_="said").text
    assert "/case-studies/zz-cited" in [link["href"] for link in older.each("a")]
    json_ = older.one("link", rel="alternate", type="application/json")["href"]
    assert client.get(json_).json()["data"]["title"] == "First title"
    csv_ = older.one("link", rel="alternate", type="text/csv")["href"]
    assert "First title" in client.get(csv_).text
    files = section(older, "cite").each("a")
    (apa,) = (link["href"] for link in files if link.text == "BibTeX")
    assert cited in client.get(apa).text
    then = page(client, of_district.text.rpartition(" ")[2])
    assert "First title" in section(then, "cases").text
    (case,) = section(then, "cases").each("a")
    assert page(client, case["href"]).one("h1").text == "First title"
    assert page(client, "/case-studies/zz-cited").one("h1").text == "Second title"


def test_each_version_can_be_read_under_the_name_that_it_had(
    people: People, client: httpx.Client
) -> None:
    published(people, case_study("zz-read", title="First title"))
    amend(people.ada, "zz-read", title="Second title")
    publish(people, "zz-read")
    step(people.rui, "rename", "zz-read", slug="zz-read-again").raise_for_status()
    versions = page(client, "/case-studies/zz-read-again/versions")
    assert "drafts and reviews, which were never public" in versions.one("main").text
    shown = [
        page(client, link["href"]).one("h1").text
        for link in versions.each("a")
        if link.text == "Read it"
    ]
    assert (shown[-1], shown[0]) == ("First title", "Second title")
    data = [link["href"] for link in versions.each("a") if link.text in ("JSON", "CSV")]
    assert all(client.get(address).status_code == 200 for address in data)
    oldest = next(
        link["href"] for link in reversed(list(versions.each("a"))) if link.text == "Read it"
    )
    assert "has another address now" in page(client, oldest).one("p", class_="said").text
    step(people.rui, "withdraw", "zz-read-again", reason="It was wrong.").raise_for_status()
    assert "Read it" not in page(client, "/case-studies/zz-read-again/versions").one("main").text


@pytest.mark.parametrize("as_of", ["yesterday", "999999999"])
def test_a_page_says_what_is_wrong_with_a_time_that_it_cannot_show(
    client: httpx.Client, as_of: str
) -> None:
    refused = page(client, f"/case-studies/boise-id?as_of={as_of}", 422)
    assert "as_of must be" in refused.one("main").text
    assert "/case-studies/boise-id" in [link["href"] for link in refused.each("a")]


def test_figures_are_said_in_plain_words(people: People, client: httpx.Client) -> None:
    change = {"unit": "percent-change"}
    record = case_study(
        "zz-figures",
        outcomes=[
            outcome(value=-12, **change),
            outcome(value=30, qualifier="about", **change),
            outcome(value=-50, qualifier="about", unit="percent-difference"),
            outcome(value=1, unit="families"),
        ],
        scale=[
            {"measure": "kitchens", "value": 1, "unit": "schools", "source": "s1"},
            {"measure": "cooks", "value": 1, "unit": "people", "year": 2020, "source": "s1"},
            {"measure": "goal", "value": -7.5, **change, "source": "s1"},
        ],
    )
    published(people, record)
    document = page(client, "/case-studies/zz-figures")
    figures = [figure.text for figure in section(document, "outcomes").each("p", class_="figure")]
    assert figures == [
        "12 percent decrease",
        "about 30 percent increase",
        "about 50 percent lower",
        "1 family",
    ]
    cells = [cell.text for cell in section(document, "numbers").each("td")]
    assert cells == ["no date", "1 school", "2020", "1 person", "no date", "7.5 percent decrease"]
    labels = [cell.attributes.get("data-label") for cell in section(document, "numbers").each("td")]
    assert labels == [None, None, "Year", None, None, None]  # stacked: no "Year no date"

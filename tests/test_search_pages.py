"""Searching by pages: what was done is said and can be undone, filters work without script, faults stand at their fields."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from html_pages import BROWSER, Element, page, parsed
from people import People, case_study, published

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]


@pytest.fixture(scope="module", autouse=True)
def zeppelins(people: People) -> None:
    """Thirty case studies that only these tests know of, in two kinds of place."""
    for number in range(30):
        published(
            people,
            case_study(
                f"zz-{number:02}",
                title=f"Zeppelin school {number}",
                summary="Zeppelins carried the pupils."
                if number
                else "Airships, a zeppelin aside.",
                strategies=["food-security" if number % 2 else "home-visits"],
            ),
        )


def titles(document: Element) -> list[str]:
    """The hits of a page."""
    lists = document.each("ol", class_="hits")
    return [heading.text for hits in lists for heading in hits.each("h3")]


def submitted(document: Element, **changes: list[str]) -> str:
    """The address that a browser without script asks for when the search form is sent."""
    form = document.one("form", id="find")
    pairs: list[tuple[str, str]] = []
    for field in form.each("input"):
        name, kind = field.attributes.get("name"), field.attributes.get("type", "text")
        if not name or name in changes:
            continue
        if kind != "checkbox" or "checked" in field.attributes:
            pairs.append((name, field.attributes.get("value", "")))
    for select in form.each("select"):
        chosen = [
            option["value"] for option in select.each("option") if "selected" in option.attributes
        ]
        if select["name"] not in changes:
            pairs += [(select["name"], value) for value in chosen]
    pairs += [(name, value) for name, values in changes.items() for value in values]
    return f"{form['action']}?{urlencode(pairs)}"


def query(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def test_a_search_finds_the_same_as_the_api(client: httpx.Client) -> None:
    for question in (
        "q=zeppelin",
        "q=zeppelin+school+7&sort=title",
        "strategy=home-visits&q=zeppelin",
    ):
        cards = client.get(f"/v1/case-studies?{question}").json()
        document = page(client, f"/case-studies?{question}")
        assert titles(document) == [card["title"] for card in cards["data"]]
        heading = next(document.each("h2")).text
        assert heading.startswith(str(cards["meta"]["total"]))


def test_the_form_works_without_script_and_empty_fields_mean_any(client: httpx.Client) -> None:
    document = page(client, submitted(page(client, "/case-studies"), q=["zeppelin"]))
    assert next(document.each("h2")).text == "30 case studies"
    narrowed = page(client, submitted(document, strategy=["home-visits"]))
    assert next(narrowed.each("h2")).text == "15 case studies"
    both = page(
        client, submitted(narrowed, strategy=["home-visits", "food-security"], sort=["title"])
    )
    assert next(both.each("h2")).text == "30 case studies"
    boxes = [box for box in both.each("input", name="strategy") if "checked" in box.attributes]
    assert {box["value"] for box in boxes} == {"home-visits", "food-security"}
    assert titles(both) == sorted(titles(both), key=str.lower)


def test_each_chosen_filter_is_a_link_that_removes_it(client: httpx.Client) -> None:
    address = "/case-studies?q=zeppelin&strategy=home-visits,food-security&state_not=OR&started_max=2030&match=all"
    chips = page(client, address).one("ul", class_="chips")
    removed = {link.text.removeprefix("Remove "): query(link["href"]) for link in chips.each("a")}
    assert removed["Strategy: Home visits"]["strategy"] == "food-security"
    assert "state_not" not in removed["State, not: Oregon"]
    assert "started_max" not in removed["Year it began: up to 2030"]
    assert "match" not in removed["Every word found"]
    assert removed["Clear all"] == {"q": "zeppelin"}
    for link in chips.each("a"):
        page(client, link["href"])


def test_what_is_not_in_the_form_stays_when_it_is_sent(client: httpx.Client) -> None:
    document = page(
        client,
        "/case-studies?q=zeppelin&state_not=OR&slug=zz-01,zz-02&spelling=exact&partner=not-stated",
    )
    address = submitted(document, q=["zeppelin"])
    kept = {name: value for name, value in query(address).items() if value}
    assert kept == {
        "q": "zeppelin",
        "state_not": "OR",
        "slug": "zz-01,zz-02",
        "spelling": "exact",
        "partner": "not-stated",
    }
    assert next(page(client, address).each("h2")).text == "2 case studies"


def test_who_names_a_place_in_the_form_sees_the_nearest_first_until_she_types_words(
    client: httpx.Client,
) -> None:
    address = "/districts"
    for fields, order in (
        ({"near": ["44.06,-121.32"]}, "Nearest"),
        ({"q": ["school"]}, "Best match"),
    ):
        document = page(client, submitted(page(client, address), **fields))
        address = submitted(document)
        chosen = [option for option in document.each("option") if "selected" in option.attributes]
        assert [option.text for option in chosen] == [order]


def test_what_was_done_with_the_words_is_said_and_undone(client: httpx.Client) -> None:
    said = page(client, "/case-studies?q=zepelin").one("ul", class_="said")
    assert "was read as “zeppelin”" in said.text
    undone = page(client, next(said.each("a"))["href"])
    assert "was read as" not in undone.one("main").text
    assert titles(undone) == []
    forms = page(client, "/case-studies?q=zeppelin").one("ul", class_="said")
    assert "also finds zeppelins" in forms.text
    assert {link["href"]: link.text for link in forms.each("a")} == {
        "/case-studies?q=zeppelin&match=exact": "Only the words as typed"
    }
    understood = page(client, "/case-studies?q=zeppelin+in+Idaho").one("ul", class_="said")
    assert "was understood as Idaho" in understood.text
    assert any(query(link["href"]).get("state") == "ID" for link in understood.each("a"))
    assert "“in” was not looked for" in understood.text
    partly = page(client, "/case-studies?q=pupils+zeppelin").one("ul", class_="said")
    assert "29 case studies have every word, and " in partly.text
    nowhere = page(client, "/case-studies?q=zeppelin+qqxxyy").one("ul", class_="said")
    assert "“qqxxyy” is in no case study" in nowhere.text


def test_a_long_question_folds_its_other_forms_and_has_one_link_to_its_own_words(
    client: httpx.Client,
) -> None:
    address = "/case-studies?q=how+do+schools+improve+attendance+and+health+with+partners"
    said = page(client, address).one("ul", class_="said")
    folded = said.one("details")
    assert folded.one("summary").text.endswith("words are found too")
    assert "“partners” also finds" in folded.text
    assert "“how”, “do”" in said.text
    assert [link.text for link in said.each("a")].count("Only the words as typed") == 1
    assert sum("match=exact" in link["href"] for link in said.each("a")) == 1


def test_every_word_is_not_offered_where_nothing_has_every_word(client: httpx.Client) -> None:
    said = page(client, "/case-studies?q=airships+pupils").one("ul", class_="said")
    assert "No case study has every word" in said.text
    assert "match=all" not in [link["href"] for link in said.each("a")]
    assert next(page(client, "/case-studies?q=airships+pupils&match=all").each("h2")).text == (
        "No case study fits all of this"
    )


def test_found_words_are_marked(client: httpx.Client) -> None:
    document = page(client, "/case-studies?q=zeppelin")
    marks = {mark.text.lower() for mark in document.each("mark")}
    assert "zeppelins" in marks
    assert marks <= {"zeppelin", "zeppelins"}


def test_a_passage_begins_and_ends_with_a_sentence(people: People, client: httpx.Client) -> None:
    before = "They began in spring with schools and without money. " * 3
    told = "In St. Louis nearly a third of the quokkas were hungry. "
    behind = "The share fell year by year, as the district counts. " * 6
    published(people, case_study("zz-sentences", summary=f"{before}{told}{behind}".strip()))
    shown = page(client, "/case-studies?q=quokkas").one("p", class_="snip").text
    assert shown == f"\u2026 {told}{behind[:158].strip()} \u2026"


def test_the_next_page_goes_on_and_the_first_is_one_link_away(client: httpx.Client) -> None:
    first = page(client, "/case-studies?q=zeppelin")
    following = first.one("a", rel="next")["href"]
    second = page(client, following)
    assert len(titles(first)) == 20
    assert len(titles(second)) == 10
    assert not set(titles(first)) & set(titles(second))
    back = second.one("nav", class_="pages").one("a")["href"]
    assert titles(page(client, back)) == titles(first)


def test_a_facet_shows_its_zeros_and_what_each_choice_would_give(client: httpx.Client) -> None:
    document = page(client, "/case-studies?q=zeppelin")
    counts = {
        label.one("input")["value"]: label.one("span", class_="num").text
        for label in document.each("label", class_="check")
        if label.one("input")["name"] in ("evidence", "rurality")
    }
    assert counts["experimental"] == counts["cost-benefit"] == "0"
    assert counts["not-stated"] == "30"
    assert counts["suburb"] == "0"


def test_a_long_facet_has_a_page_of_all_its_values_in_the_same_form(client: httpx.Client) -> None:
    document = page(client, "/case-studies?q=zeppelin&match=all")
    (every,) = (
        link for link in document.each("a", class_="all") if link.text.endswith("strategies")
    )
    values = page(client, every["href"])
    boxes = list(values.each("input", type="checkbox"))
    strategies = client.get("/v1/strategies").json()["data"]
    assert {box["value"] for box in boxes} == {strategy["value"] for strategy in strategies}
    hidden = {box["name"]: box["value"] for box in values.each("input", type="hidden")}
    assert hidden == {"q": "zeppelin", "match": "all"}


def test_a_search_that_finds_nothing_has_ways_out_that_find_something(client: httpx.Client) -> None:
    address = "/case-studies?q=zeppelin&state=OR&evidence=experimental"
    document = page(client, address)
    assert next(document.each("h2")).text == "No case study fits all of this"
    ways = list(document.each("li", class_="hit"))
    assert len(list(document.one("ul", class_="chips").each("li"))) == 3
    for way in ways:
        found = page(client, way.one("a")["href"])
        count = next(found.each("h2")).text
        assert count in way.text
        assert not count.startswith("0")
    lost = page(client, "/case-studies?q=qqxxyy")
    assert "/suggestions/new" in [link["href"] for link in lost.each("a")]


def test_a_fault_stands_at_its_field_and_the_form_is_as_typed(client: httpx.Client) -> None:
    address = (
        "/case-studies?q=zeppelin&enrollment_min=many&near=Nowhereville&rurality=moon&within_km=5"
    )
    document = page(client, address, 422)
    assert document.one("input", name="q")["value"] == "zeppelin"
    for name, typed in (("enrollment_min", "many"), ("near", "Nowhereville")):
        field = document.one("input", name=name)
        assert (field["value"], field["aria-invalid"]) == (typed, "true")
        assert typed in document.one("p", id=field["aria-describedby"]).text
    distance = document.one("select", name="within_km").one("option", selected="")
    assert (distance["value"], distance.text) == ("5", "3.1 miles")
    assert "moon" in document.one("details", id="field-rurality").one("p", class_="fault").text
    assert "30 case studies" in document.one("div", class_="unread").text
    assert not list(document.each("link", rel="canonical"))


def test_a_fault_stands_before_the_filters_and_only_its_panels_are_open(
    client: httpx.Client,
) -> None:
    main = page(client, "/case-studies?q=zeppelin&state=Oregano&model=none", 422).one("main")
    assert main.text.index("was not understood") < main.text.index("Apply filters")
    panels = main.each("details", class_="facet")
    names = [panel.attributes.get("id") for panel in panels if "open" in panel.attributes]
    assert "field-state" in names
    assert "field-strategy" not in names


def test_the_keyboard_skips_the_filters(client: httpx.Client) -> None:
    form = page(client, "/case-studies?q=zeppelin").one("form", id="find")
    (skip,) = (link for link in form.each("a") if link.text.startswith("Skip the filters"))
    assert form.one("div", id=skip["href"].removeprefix("#"))
    elements = list(form.every())
    assert elements.index(skip) < elements.index(form.one("details", class_="filters"))


@pytest.mark.parametrize("address", ["/case-studies?q=school", "/map", "/case-studies?show=state"])
def test_after_back_no_browser_fills_a_form_with_what_was_ticked_since(
    client: httpx.Client, address: str
) -> None:
    forms = [form for form in page(client, address).one("main").each("form") if any(form.every())]
    assert [form["autocomplete"] for form in forms] == ["off"]


def test_a_distance_is_chosen_and_said_in_miles(client: httpx.Client) -> None:
    address = submitted(page(client, "/case-studies"), near=["Boise, ID"], within_km=["80"])
    document = page(client, address)
    assert query(address)["within_km"] == "80"
    (chip,) = document.one("ul", class_="chips").each("a")
    assert chip.text == "Remove Near Boise, ID, within 50 miles"
    assert document.one("select", name="within_km").one("option", selected="").text == "50 miles"
    nowhere = page(client, "/case-studies?near=Yoncalla,+OR&within_km=1")
    ways = [way.text for way in nowhere.each("li", class_="hit")]
    assert not any("kilometers" in way for way in ways)
    assert any(re.match("Within [0-9.]+ miles: ", way) for way in ways)


def test_a_place_that_is_not_known_is_answered_by_an_example(client: httpx.Client) -> None:
    document = page(client, "/case-studies?near=Nowhereville", 422)
    fault = document.one("p", id="fault-near").text
    assert "Nowhereville" in fault
    assert fault.endswith("Write a ZIP code or a town and state, such as Hazard, KY.")
    alone = page(client, "/case-studies?within_km=16", 422)
    assert "Write a ZIP code" in alone.one("p", id="fault-within_km").text


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("q=" + "a" * 301, 422),
        ("q=zeppelin&cursor=nonsense", 400),
        ("q=zeppelin&sort=size", 422),
        ("q=zeppelin&q=airship", 400),
        ("q=zeppelin&limit=1000", 422),
        ("q=zeppelin&sort=distance", 422),
        ("q=%00", 422),
        ("started_min=2000&started_max=1990", 422),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_can_be_searched(
    client: httpx.Client, question: str, status: int
) -> None:
    document = page(client, f"/case-studies?{question}", status)
    unread = document.one("div", class_="unread")
    assert "Part of this search was not understood" in unread.text
    rest = [link["href"] for link in unread.each("a") if link.text == "Search without it"]
    page(client, rest[0])


def test_districts_are_searched_by_the_same_form(client: httpx.Client) -> None:
    document = page(client, "/districts?q=zeppelin")
    assert next(document.each("h2")).text == "1 district"
    hit = document.one("li", class_="hit")
    assert hit.one("h3").one("a")["href"] == "/districts/boise-school-district-id"
    assert "/case-studies/zz-01" in [link["href"] for link in hit.each("a")]


def test_a_search_that_found_nothing_is_counted_as_a_gap(
    people: People, client: httpx.Client
) -> None:
    for _ in range(4):
        client.get("/case-studies?q=submarines+qqyyzz", headers=BROWSER)
    parsed(client.get("/case-studies?q=submarines+qqyyzz", headers=BROWSER).text)
    assert people.kim.get("/search-gaps").status_code == 200

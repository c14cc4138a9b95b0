"""The map as people use it: by eye, by keyboard, without a script, on a phone; and its equal, the table."""

import re
from typing import Any

import httpx
import pytest
from browser import a_visit, overflows
from people import People, case_study, published
from playwright.sync_api import Browser, Page, expect
from serving import Service

pytestmark = [pytest.mark.one_database, pytest.mark.few_records]
HOSTILE = '"><script>alert(1)</script><svg onload=alert(1)>'


def page(client: httpx.Client, **question: Any) -> str:
    """The page of a search."""
    return client.get("/map", params=question, headers={"Accept": "text/html"}).text


def counts(html: str) -> dict[str, int]:
    """The case studies of each state, as the table has them."""
    rows = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>.*?<b class="num">(\d+)', html)
    return {state: int(count) for state, count in rows}


@pytest.mark.parametrize(
    "question", [{}, {"rurality": "rural"}, {"q": "attendance", "evidence": "descriptive"}]
)
def test_the_table_counts_what_the_search_finds(
    client: httpx.Client, question: dict[str, str]
) -> None:
    answer = client.get("/v1/case-studies", params=question | {"facets": "state", "limit": 0})
    facets = {value["label"]: value["count"] for value in answer.json()["facets"]["state"]}
    assert counts(page(client, **question)) == {
        state: count for state, count in facets.items() if count
    }


def test_a_state_leads_to_its_case_studies_of_the_same_search(client: httpx.Client) -> None:
    html = page(client, rurality="rural")
    address = re.findall(r'<th scope="row"><a href="([^"]+)"', html)[0].replace("&amp;", "&")
    assert "rurality=rural" in address
    assert client.get(address, headers={"Accept": "text/html"}).is_success


def test_only_chosen_kinds_of_place_are_drawn(client: httpx.Client) -> None:
    html = page(client, rurality="rural")
    drawn = html.partition('class="statemap')[2].partition("</section>")[0]
    assert set(re.findall(r'class="dot (\w+)"', drawn)) == {"rural"}


def test_the_same_is_offered_as_data_and_as_a_list(client: httpx.Client) -> None:
    html = page(client, q="attendance", state="OR")
    for address in ("/v1/case-studies", "/v1/exports/case-studies.csv", "/case-studies"):
        assert f'href="{address}?q=attendance&amp;state=OR"' in html


def test_a_search_that_finds_nothing_offers_ways_out(client: httpx.Client) -> None:
    html = page(client, q="attendance zebra", match="all", state="OR")
    assert "No case study fits all of this" in html
    assert "Where 0" not in html


def test_what_is_not_understood_is_said_and_the_rest_counts(client: httpx.Client) -> None:
    wrong = client.get("/map", params={"state": "Oregano", "rurality": "rural"})
    assert wrong.status_code == 422
    assert "Oregano" in wrong.text
    assert counts(wrong.text) == counts(page(client, rurality="rural"))
    shrugged = client.get("/map", params={"colour": "red", "utm_source": "mail", "strategy": ""})
    assert shrugged.is_success
    assert "does not know the parameter" in shrugged.text
    assert "utm_source" not in shrugged.text
    assert counts(shrugged.text) == counts(page(client))


@pytest.mark.slow
def test_nothing_typed_or_recorded_can_break_out_of_the_map(
    client: httpx.Client, people: People
) -> None:
    published(people, case_study("hostile-map", title=HOSTILE))
    for html in (page(client), page(client, q=HOSTILE), page(client, strategy=HOSTILE)):
        assert "<script>alert" not in html
        assert "<svg onload" not in html


@pytest.mark.slow
def test_the_keyboard_skips_the_map_or_walks_through_its_states(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        visit.page.goto(f"{service.url}/map")
        skip = visit.page.get_by_role("link", name="Skip the map")
        skip.focus()
        visit.page.keyboard.press("Tab")
        assert "case stud" in _focused(visit.page)
        skip.focus()
        expect(skip).to_be_in_viewport()
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")
        assert _focused(visit.page) == "Case studies by state"  # the table itself, which may scroll
        visit.page.keyboard.press("Tab")
        state = visit.page.evaluate("document.activeElement.textContent")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("h1")).to_have_text(state)


def _focused(page: Page) -> str:
    label: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
    return label


@pytest.mark.slow
def test_small_states_are_buttons_that_can_be_hit(browser: Browser, service: Service) -> None:
    with a_visit(browser) as visit:
        visit.page.goto(f"{service.url}/map")
        button = visit.page.get_by_role("link", name=re.compile("^VT "))
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24
        button.click()
        expect(visit.page.locator("h1")).to_have_text("Vermont")


@pytest.mark.slow
def test_on_a_phone_the_keyboard_reaches_each_small_state_below_the_map(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, width=360) as visit:
        visit.page.goto(f"{service.url}/map")
        below = visit.page.get_by_role("list", name="Small states").get_by_role("link")
        assert below.count() == visit.page.locator(".callout").count() > 0
        below.first.focus()
        expect(below.first).to_be_focused()
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("h1")).to_have_text("Vermont")


def test_letters_of_states_stand_over_the_marks(client: httpx.Client) -> None:
    html = page(client)
    assert html.rindex('class="dot') < html.index('class="letters"')


@pytest.mark.slow
def test_a_focused_link_of_the_key_is_seen(browser: Browser, service: Service) -> None:
    with a_visit(browser) as visit:
        visit.page.goto(f"{service.url}/map")
        visit.page.locator(".legend a").first.focus()
        visit.page.keyboard.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert visit.page.evaluate("document.activeElement.closest('.legend') !== null")
        assert visit.page.evaluate(outline) == "solid"


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_filters_and_legend_work_without_javascript_at_any_width(
    browser: Browser, service: Service, width: int
) -> None:
    with a_visit(browser, width=width, java_script_enabled=False) as visit:
        visit.page.goto(f"{service.url}/map")
        visit.page.locator(".legend a").last.click()
        expect(visit.page.locator(".chips")).to_contain_text("Kind of place")
        visit.page.locator("select[name=evidence]").select_option("descriptive")
        visit.page.get_by_role("button", name="Apply").click()
        expect(visit.page.locator(".chips")).to_contain_text("Evidence: Descriptive")
        assert not overflows(visit.page)

"""Pages on a phone, with long words, in forced colors and on paper: nothing is cut off, covered or lost."""

import re
from typing import Any

import httpx
import pytest
from browser import a_visit, overflows
from html_pages import page
from people import People, case_study, published
from playwright.sync_api import Browser, Page
from serving import Service

pytestmark = [pytest.mark.one_database, pytest.mark.few_records]
WORD = "abcdefghij" * 12
LONG = "zz-long-word"
TITLES = (
    "Family-Community Resource Centers of the Vancouver Public Schools",
    "Health-e-Schools in McDowell, Mitchell and Yancey counties",
    "Broome County university-assisted community schools",
    "Massachusetts Wraparound Zones in Springfield, Lynn and Worcester",
)
WIDTH_OF_TEXT = """part => {
  const range = document.createRange();
  range.selectNodeContents(part);
  return range.getBoundingClientRect().width;
}"""


@pytest.fixture(scope="module")
def records(people: People) -> list[str]:
    """Case studies with long titles, and one whose texts have a word of 120 letters."""
    figure = {"measure": WORD, "value": 3, "unit": "schools", "year": 2020, "source": "s1"}
    long: dict[str, Any] = {"title": f"A {WORD}", "summary": f"Of {WORD}.", "scale": [figure]}
    published(people, case_study(LONG, **long))
    slugs = [f"zz-title-{place}" for place in range(len(TITLES))]
    for slug, title in zip(slugs, TITLES, strict=True):
        published(people, case_study(slug, title=title))
    return slugs


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_long_word_never_moves_a_page_sideways(
    browser: Browser, service: Service, records: list[str], width: int
) -> None:
    addresses = (
        f"/case-studies?slug={LONG}",
        f"/case-studies?q={WORD}",
        f"/case-studies/{LONG}",
        f"/case-studies/{LONG}/suggestion",
        f"/compare?slug={LONG},{','.join(records[:2])}",
        "/states/id",
    )
    with a_visit(browser, width=width) as visit:
        for address in addresses:
            visit.page.goto(service.url + address)
            assert not overflows(visit.page), address


@pytest.mark.slow
@pytest.mark.parametrize("number", [3, 4])
def test_the_heads_of_a_comparison_are_whole_and_stay_in_view_on_a_phone(
    browser: Browser, service: Service, records: list[str], number: int
) -> None:
    with a_visit(browser, width=360) as visit:
        visit.page.goto(f"{service.url}/compare?slug={','.join(records[:number])}")
        heads = visit.page.locator(".compare thead th").all()
        boxes = [box for head in heads if (box := head.bounding_box())]
        assert len(boxes) == number
        assert max(box["height"] for box in boxes) < 90
        for head, box in zip(heads, boxes, strict=True):
            assert head.locator("a").evaluate(WIDTH_OF_TEXT) <= box["width"] + 1
        if number > 3:  # the table scrolls in a box of its own
            box_of_table = visit.page.locator(".scroll")
            box_of_table.evaluate("box => { box.scrollIntoView(); box.scrollTo(0, 1e6) }")
        else:
            visit.page.locator(".compare tbody tr").last.scroll_into_view_if_needed()
        (top, bottom) = visit.page.locator(".compare thead").evaluate(
            "head => { const box = head.getBoundingClientRect(); return [box.top, box.bottom] }"
        )
        assert 0 <= top < bottom < 900


@pytest.mark.slow
def test_a_table_of_a_state_is_sorted_on_a_phone_too(browser: Browser, service: Service) -> None:
    with a_visit(browser, width=360) as visit:
        visit.page.goto(f"{service.url}/states/id")
        visit.page.get_by_role("link", name="Students").click()
        assert "sort=" in visit.page.url
        sizes = [link.bounding_box() for link in visit.page.locator(".sorted thead a").all()]
        assert all(size and size["height"] >= 24 for size in sizes)
        bar = visit.page.locator(".counts .bar").first.bounding_box()
        assert bar
        assert bar["width"] >= 60


@pytest.mark.slow
def test_the_chosen_suggestion_is_seen_in_forced_colors(browser: Browser, service: Service) -> None:
    with a_visit(browser, forced_colors="active") as visit:
        visit.page.goto(f"{service.url}/case-studies")
        visit.page.locator("#q").press_sequentially("boise")
        options = visit.page.get_by_role("option")
        options.first.wait_for()
        visit.page.keyboard.press("ArrowDown")
        assert _color(visit.page, "true") != _color(visit.page, "false")


@pytest.mark.slow
def test_a_suggested_record_is_not_counted_but_a_term_is(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        visit.page.goto(f"{service.url}/case-studies")
        for typed, kinds in (("boise", {"case study", "district"}), ("idaho", {"state, "})):
            visit.page.locator("#q").fill(typed)
            options = visit.page.get_by_role("option").filter(has_text=typed.title())
            options.first.wait_for()
            shown = set(options.locator(".kind").all_inner_texts())
            assert kinds <= {kind.rstrip("0123456789") for kind in shown}
            assert not any(re.match("(case study|district), ", kind) for kind in shown)


def _color(page: Page, is_selected: str) -> str:
    option = page.locator(f".suggest [aria-selected={is_selected}]").first
    color: str = option.evaluate("option => getComputedStyle(option).backgroundColor")
    return color


@pytest.mark.slow
def test_paper_has_the_colors_of_kinds_of_place_and_no_form(
    browser: Browser, service: Service
) -> None:
    fill = "getComputedStyle(document.querySelector('.dot.city')).fill"
    with a_visit(browser) as light, a_visit(browser, dark=True) as dark:
        for visit in (light, dark):
            visit.page.goto(f"{service.url}/map")
            visit.page.emulate_media(media="print")
            assert not visit.page.locator(".filterbar").is_visible()
            assert not visit.page.get_by_text("The same as a list").is_visible()
        assert dark.page.evaluate(fill) == light.page.evaluate(fill)


@pytest.mark.parametrize(
    "record", ["/case-studies/boise-id", "/districts/boise-school-district-id"]
)
def test_a_printed_record_says_which_version_it_is_and_how_to_cite_it(
    client: httpx.Client, record: str
) -> None:
    main = page(client, record).one("main")
    printed = main.one("p", class_="printed").text
    assert main.one("blockquote").text in printed
    assert "Version" in printed
    assert "published" in printed.lower()

"""What people do with the pages in a real browser: search, filter, go back, compare, print, share, correct; with the keyboard alone, without JavaScript, on a phone.

Every visit fails if the page asks another host for anything or logs an error: see `browser.a_visit`.
"""

import re
from collections import Counter
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from browser import a_visit, overflows
from page_kinds import PAGE_KINDS
from playwright.sync_api import Browser, Locator, Page, expect
from seeding import FEW_CASE_STUDIES, SEED
from serving import Service

pytestmark = [pytest.mark.few_records, pytest.mark.slow]
CASE = PAGE_KINDS["case study"]
SEARCH_BOX = "Search the case studies"
KINDS = (
    "case study|district|strategy|topic|organization|state|model|what was measured|kind of place"
)
CORRECTION = "The number of schools has grown since then."
PAPER = "Letter"
MOST_PAGES = 6
PHONE = 360
SMALLEST_PHONE = 320
MOVING_PARTS = """() => [...document.querySelectorAll("*")].filter((part) => {
  const style = getComputedStyle(part);
  return style.scrollBehavior === "smooth" || style.animationName !== "none"
    || style.transitionDuration.split(",").some((seconds) => parseFloat(seconds) > 0);
}).map((part) => part.outerHTML.slice(0, 80))"""
PARTS_WITHOUT_ROLE = """() => [...document.querySelectorAll("table, tr, th, td")].filter((part) => {
  const { display } = getComputedStyle(part);
  return display !== "none" && !display.startsWith("table") && !part.hasAttribute("role");
}).map((part) => part.outerHTML.slice(0, 80))"""
HAS_VISIBLE_OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && style.outlineColor !== getComputedStyle(document.body).backgroundColor;
}"""
WRITTEN_AFTER = "link => getComputedStyle(link, '::after').content"


def hits(page: Page) -> Locator:
    """The titles of what was found."""
    return page.get_by_role("listitem").get_by_role("heading", level=3)


def search(page: Page, words: str) -> None:
    """Type words and press Enter."""
    box = page.get_by_label(SEARCH_BOX)
    box.fill(words)
    box.press("Enter")
    page.wait_for_url("**/case-studies?*")


def suggestions(page: Page) -> Locator:
    """What stands below the search box while somebody types."""
    return page.get_by_role("listbox").get_by_role("option")


def kind_of_place(page: Page, name: str) -> Locator:
    """The check box of a kind of place."""
    return page.get_by_role("group", name="Kind of place").get_by_role("checkbox", name=name)


def apply(page: Page) -> None:
    """Press the button below the filters."""
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**rurality=*")


def parameters(page: Page) -> list[tuple[str, str]]:
    """The parameters in the address bar, empty ones too."""
    return parse_qsl(urlsplit(page.url).query, keep_blank_values=True)


def compare_the_first_two(page: Page) -> list[str]:
    """Tick the first two of the results and compare them. Their titles."""
    for box in page.get_by_role("checkbox", name="Compare").all()[:2]:
        box.check()
    titles = hits(page).all_inner_texts()[:2]
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare?*")
    return titles


def suggest_a_correction(page: Page) -> None:
    """From a record to the form, and send it."""
    page.get_by_role("link", name="Suggest a correction").first.click()
    page.get_by_role("textbox", name="What is wrong").fill(CORRECTION)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/suggestions/*")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if target.evaluate_all("parts => parts.includes(document.activeElement)"):
            return
    pytest.fail(f"Tab does not reach {target}")


def roles_that_a_screen_reader_hears(page: Page) -> Counter[str]:
    """How many parts of each role Chromium tells to screen readers; styles can take roles away."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return Counter(node["role"]["value"] for node in nodes if not node["ignored"])


def number_of_pages(pdf: bytes) -> int:
    """How many sheets a printer would need."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_reader_follows_a_suggestion_with_the_arrow_keys(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(service.url)
        box = page.get_by_label(SEARCH_BOX)
        box.press_sequentially("cincinnati pub")
        options = suggestions(page)
        expect(options.first).to_contain_text("Cincinnati Public Schools")
        box.press("ArrowDown")
        expect(page.get_by_role("option", selected=True)).to_have_text(options.first.inner_text())
        box.press("ArrowUp")
        expect(page.get_by_role("option", selected=True)).to_have_count(0)
        box.press("ArrowDown")
        expect(box).to_be_focused()
        box.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Cincinnati Public Schools")


def test_a_reader_clicks_a_suggestion_and_each_says_in_words_what_it_is(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies")
        box = page.get_by_label(SEARCH_BOX)
        options = suggestions(page)
        for words, first in (("attendan", "Attendance"), ("rural", "Rural"), ("boise", "Boise")):
            box.fill(words)
            expect(options.first).to_contain_text(first)
            for option in options.all_inner_texts():
                assert re.search(rf"\s({KINDS})(,? \d+)?$", option), option
        options.filter(has_text="case study").first.click()
        expect(page).to_have_url(f"{service.url}/case-studies/boise-id")


def test_escape_closes_the_suggestions_and_keeps_what_was_typed(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(service.url)
        box = page.get_by_label(SEARCH_BOX)
        box.press_sequentially("attend")
        expect(suggestions(page).first).to_be_visible()
        expect(box).to_have_attribute("aria-expanded", "true")
        box.press("Escape")
        expect(suggestions(page)).to_have_count(0)
        expect(box).to_have_attribute("aria-expanded", "false")
        expect(box).to_be_focused()
        expect(box).to_have_value("attend")
        box.press("Enter")
        expect(page).to_have_url(f"{service.url}/case-studies?q=attend")


def test_a_reader_searches_and_filters_and_shares_an_address_of_only_that(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit, a_visit(browser) as friend:
        page = visit.page
        page.goto(service.url)
        search(page, "attendance")
        assert parameters(page) == [("q", "attendance")]
        everything = hits(page).all_inner_texts()
        kind_of_place(page, "Rural").check()
        apply(page)
        assert parameters(page) == [("q", "attendance"), ("rurality", "rural")]
        expect(page.get_by_role("link", name="Remove Kind of place: Rural")).to_be_visible()
        expect(kind_of_place(page, "Rural")).to_be_checked()
        rural = hits(page).all_inner_texts()
        assert rural
        assert set(rural) < set(everything)
        friend.page.goto(page.url)
        assert hits(friend.page).all_inner_texts() == rural
        page.get_by_role("link", name="Remove Kind of place: Rural").click()
        expect(hits(page)).to_have_text(everything)


def test_back_and_forward_show_the_results_of_before(browser: Browser, service: Service) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies")
        search(page, "attendance")
        everything = hits(page).all_inner_texts()
        kind_of_place(page, "Rural").check()
        apply(page)
        rural = hits(page).all_inner_texts()
        hits(page).get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(rural[0])
        page.go_back()
        expect(hits(page)).to_have_text(rural)
        page.go_back()
        expect(hits(page)).to_have_text(everything)
        expect(page.get_by_label(SEARCH_BOX)).to_have_value("attendance")
        expect(kind_of_place(page, "Rural")).not_to_be_checked()
        page.go_forward()
        expect(hits(page)).to_have_text(rural)
        expect(kind_of_place(page, "Rural")).to_be_checked()


def test_a_reader_whose_search_finds_nothing_follows_a_way_out(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies?match=all")
        search(page, "attendance zebra")
        way_out = page.get_by_role("listitem").filter(has_text=re.compile(r"gives \d+ case stud"))
        count = way_out.first.inner_text().partition("gives ")[2].strip()
        way_out.first.get_by_role("link").click()
        expect(page.get_by_role("heading", level=2, name=count, exact=True)).to_be_visible()
        expect(hits(page).first).to_be_visible()


def test_a_reader_compares_two_case_studies_side_by_side(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies?q=attendance")
        titles = compare_the_first_two(page)
        expect(page.get_by_role("columnheader")).to_have_text(titles)
        slugs = parse_qs(urlsplit(page.url).query)["slug"]
        page.get_by_role("columnheader").get_by_role("link").last.click()
        expect(page).to_have_url(f"{service.url}/case-studies/{slugs[-1]}")


def test_the_longest_case_study_prints_on_six_pages_with_its_sources_and_address(
    browser: Browser, service: Service
) -> None:
    files = (SEED / "case-studies").glob("*.toml")
    longest = max(files, key=lambda file: file.stat().st_size).stem
    assert longest in FEW_CASE_STUDIES, "the longest one is printed here: add it to seeding.py"
    address = f"{service.url}/case-studies/{longest}"
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(address)
        links = page.locator("#sources").get_by_role("listitem").locator("a[href^=http]")
        urls = [link.get_attribute("href") or "" for link in links.all()]
        assert urls
        page.emulate_media(media="print")
        expect(page.get_by_text(address).filter(visible=True).first).to_be_visible()
        for link, url in zip(links.all(), urls, strict=True):
            expect(link).to_be_visible()
            assert url in link.evaluate(WRITTEN_AFTER)  # paper has no links: the address is written
        for role in ("navigation", "search", "button"):
            expect(page.get_by_role(role)).to_have_count(0)
        expect(page.get_by_role("link", name="Skip to the content")).to_have_count(0)
        pdf = page.pdf(format=PAPER)
        assert 1 <= number_of_pages(pdf) <= MOST_PAGES
        for url in urls:
            assert url.encode() in pdf.replace(b"\\", b"")


def test_a_list_of_results_prints_without_its_form(browser: Browser, service: Service) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies?q=attendance")
        page.emulate_media(media="print")
        expect(hits(page).first).to_be_visible()
        for role in ("navigation", "searchbox", "combobox", "button", "checkbox"):
            expect(page.get_by_role(role)).to_have_count(0)
        expect(page.get_by_text(page.url).filter(visible=True)).to_have_count(1)


def test_a_reader_suggests_a_correction_and_finds_its_status_again(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit, a_visit(browser) as next_day:
        page = visit.page
        page.goto(service.url + CASE)
        suggest_a_correction(page)
        expect(page.get_by_text("waiting for an editor")).to_be_visible()
        next_day.page.goto(page.url)
        expect(next_day.page.get_by_text("waiting for an editor")).to_be_visible()


def test_a_reader_copies_the_citation_and_it_holds_the_address(
    browser: Browser, service: Service
) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with a_visit(browser, permissions=permissions) as visit:
        page = visit.page
        page.goto(service.url + CASE)
        page.get_by_role("button", name="Copy the citation").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert service.url + CASE in copied
        assert page.title().partition(" | ")[0] in copied


def test_a_shared_case_study_says_its_address_title_and_picture(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}{CASE}?utm_source=mail")
        canonical = page.locator("link[rel=canonical]").get_attribute("href")
        metas = {
            name: page.locator(f"meta[property='og:{name}']").get_attribute("content") or ""
            for name in ("url", "title", "description", "image")
        }
        assert canonical == metas["url"] == service.url + CASE
        assert metas["title"] in page.title()
        assert metas["description"]
        picture = page.goto(metas["image"])
        assert picture is not None
        assert picture.headers["content-type"] == "image/png"


def test_a_reader_with_nothing_but_a_keyboard_filters_and_opens_a_result(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        rural = kind_of_place(page, "Rural")
        tab_to(page, rural)
        page.keyboard.press("Space")
        expect(rural).to_be_checked()
        tab_to(page, page.get_by_role("button", name="Apply"))
        page.keyboard.press("Enter")
        page.wait_for_url("**rurality=rural*")
        expect(rural).to_be_checked()
        first = hits(page).get_by_role("link").first
        title = first.inner_text()
        tab_to(page, first)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_a_reader_without_javascript_searches_and_filters(
    browser: Browser, service: Service, width: int
) -> None:
    with a_visit(browser, width=width, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(service.url)
        search(page, "attendance")
        everything = hits(page).all_inner_texts()
        if width == PHONE:
            page.get_by_text("Filters", exact=True).click()
        kind_of_place(page, "Rural").check()
        apply(page)
        rural = hits(page).all_inner_texts()
        assert rural
        assert set(rural) < set(everything)


def test_a_reader_without_javascript_compares_two_case_studies(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies?q=attendance")
        titles = compare_the_first_two(page)
        expect(page.get_by_role("columnheader")).to_have_text(titles)


def test_a_reader_without_javascript_suggests_a_correction(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(service.url + CASE)
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)  # it would do nothing
        suggest_a_correction(page)
        expect(page.get_by_text("waiting for an editor")).to_be_visible()


# How a page looks cannot differ by database.


@pytest.mark.one_database
def test_no_page_scrolls_sideways_on_the_smallest_phone(browser: Browser, service: Service) -> None:
    with a_visit(browser, width=SMALLEST_PHONE) as visit:
        wide = []
        for kind, address in PAGE_KINDS.items():
            visit.page.goto(service.url + address)
            if overflows(visit.page):
                wide.append(kind)
        assert wide == []


@pytest.mark.one_database
def test_a_table_laid_out_for_a_phone_is_still_a_table_for_a_screen_reader(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as desk, a_visit(browser, width=PHONE) as phone:
        for kind in ("compare", "case study"):
            desk.page.goto(service.url + PAGE_KINDS[kind])
            phone.page.goto(service.url + PAGE_KINDS[kind])
            on_a_desk = roles_that_a_screen_reader_hears(desk.page)
            on_a_phone = roles_that_a_screen_reader_hears(phone.page)
            assert on_a_desk["table"], kind
            for role in ("table", "row", "rowheader", "columnheader"):
                assert on_a_phone[role] == on_a_desk[role], (kind, role)
            # The empty cell above the row headers has no place on a phone.
            assert on_a_phone["cell"] in (on_a_desk["cell"], on_a_desk["cell"] - 1)


@pytest.mark.one_database
def test_a_screen_reader_that_goes_by_layout_is_told_the_roles_of_a_table(
    browser: Browser, service: Service
) -> None:
    """Chromium keeps the roles of a table laid out as blocks; older browsers drop them."""
    with a_visit(browser, width=PHONE) as visit:
        for kind in ("home", "case study", "district", "state", "strategy", "compare"):
            visit.page.goto(service.url + PAGE_KINDS[kind])
            assert visit.page.evaluate(PARTS_WITHOUT_ROLE) == [], kind


@pytest.mark.one_database
def test_nothing_moves_for_a_reader_who_asks_for_less_motion(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, reduced_motion="reduce") as visit:
        for kind in ("home", "results", "case study", "map", "compare", "embed builder"):
            visit.page.goto(service.url + PAGE_KINDS[kind])
            assert visit.page.evaluate(MOVING_PARTS) == [], kind


@pytest.mark.one_database
def test_a_reader_with_colors_of_her_own_sees_where_the_focus_is(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser, forced_colors="active") as visit:
        page = visit.page
        page.goto(f"{service.url}/case-studies?q=attendance")
        for _ in range(15):
            page.keyboard.press("Tab")
            place = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
            assert page.evaluate(HAS_VISIBLE_OUTLINE), place
        page.goto(f"{service.url}/map")
        state = page.get_by_role("link", name=re.compile(r"^Oregon, \d+ case stud"))
        before = state.screenshot()
        tab_to(page, state)
        assert state.screenshot() != before

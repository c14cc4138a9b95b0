"""Lists of case studies on pages of others: a page of another origin, under a strict policy, in a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx
import pytest
from browser import Visit, a_visit, overflows
from migrating import ROOT
from people import People, case_study, published
from playwright.sync_api import Browser, Locator, expect
from serving import Service
from websites import Page, website

from app.site.embed import NEWEST, SCRIPTS, integrity

pytestmark = [pytest.mark.one_database, pytest.mark.few_records, pytest.mark.slow]
EMBED_DOC = (ROOT / "docs/embed.md").read_text(encoding="utf-8")
HOSTILE = '</a><script>document.title="broken"</script><img src=x onerror="document.title=1">'
HOST_STYLE = "body { color: rgb(90, 30, 30) } .ours { --md-link: rgb(61, 43, 107); --md-accent: rgb(1, 2, 3) }"


@contextmanager
def a_page_of_another(
    browser: Browser, service: Service, body: str, **more: Any
) -> Iterator[Visit]:
    """A page of another origin that holds the element. Its policy allows our address and nothing inline."""
    policy = (
        f"default-src 'none'; style-src 'self'; script-src {service.url}; "
        f"connect-src {service.url}; frame-src {service.url}; trusted-types 'none'; "
        "require-trusted-types-for 'script'"
    )
    html = (
        "<!doctype html><html lang='en'><head><title>Partner</title><link rel='stylesheet' "
        f"href='/style.css'><script type='module' src='{service.url}/embed.js'></script></head>"
        f"<body><h1>Read next</h1>{body}</body></html>"
    )
    pages = {
        "/": Page(
            body=html, headers={"Content-Type": "text/html", "Content-Security-Policy": policy}
        ),
        "/style.css": Page(body=HOST_STYLE, headers={"Content-Type": "text/css"}),
        "/favicon.ico": Page(204),
    }
    with website(pages) as site, a_visit(browser, **more) as visit:
        visit.page.goto(site.url("/", host="localhost"))
        yield visit


def items(visit: Visit) -> Locator:
    """The case studies of the list."""
    return visit.page.locator("model-districts li")


def titles(service: Service, **question: Any) -> list[str]:
    """What the API gives."""
    answer = httpx.get(f"{service.url}/v1/case-studies", params=question | {"fields": "title"})
    return [case["title"] for case in answer.raise_for_status().json()["data"]]


def test_a_list_shows_on_a_page_of_another_under_a_strict_policy(
    browser: Browser, service: Service
) -> None:
    element = '<model-districts q="attendance" rurality="rural" limit="3"></model-districts>'
    with a_page_of_another(browser, service, element) as visit:
        expect(items(visit)).to_have_count(3)
        links = items(visit).locator("a")
        assert links.all_text_contents() == titles(
            service, q="attendance", rurality="rural", limit=3
        )
        address = links.first.get_attribute("href") or ""
        assert httpx.get(address, headers={"Accept": "text/html"}).status_code == 200
        source = visit.page.locator("model-districts p a").last.get_attribute("href")
        assert source == f"{service.url}/case-studies?q=attendance&rurality=rural"


def test_it_looks_like_its_page_until_the_page_says_otherwise(
    browser: Browser, service: Service
) -> None:
    element = '<model-districts limit="1"></model-districts><model-districts class="ours" limit="1"></model-districts>'
    with a_page_of_another(browser, service, element) as visit:
        expect(items(visit)).to_have_count(2)
        links = visit.page.locator("model-districts li a")
        plain, ours = (
            link.evaluate("link => getComputedStyle(link).color") for link in links.all()
        )
        assert plain == "rgb(90, 30, 30)"
        assert ours == "rgb(61, 43, 107)"


def test_attributes_that_change_together_ask_once(browser: Browser, service: Service) -> None:
    with a_page_of_another(
        browser, service, '<model-districts limit="1"></model-districts>'
    ) as visit:
        expect(items(visit)).to_have_count(1)
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        visit.page.evaluate(
            """() => { const list = document.querySelector("model-districts");
            list.setAttribute("q", "attendance"); list.setAttribute("limit", "2"); }"""
        )
        expect(items(visit)).to_have_count(2)
        assert [url.count("q=attendance") for url in asked] == [1]


def test_nothing_found_is_said_with_a_way_on(browser: Browser, service: Service) -> None:
    with a_page_of_another(
        browser, service, '<model-districts q="zebra"></model-districts>'
    ) as visit:
        status = visit.page.locator("model-districts [role=status]")
        expect(status).to_have_text("No case study fits this choice.")
        expect(visit.page.locator("model-districts a")).to_have_text("Model Districts")


def test_a_list_that_cannot_be_loaded_is_tried_again_by_keyboard(
    browser: Browser, service: Service
) -> None:
    with a_page_of_another(
        browser, service, '<model-districts limit="1"></model-districts>'
    ) as visit:
        expect(items(visit)).to_have_count(1)
        visit.page.route("**/v1/**", lambda route: route.abort())
        visit.page.evaluate("document.querySelector('model-districts').setAttribute('limit', '2')")
        expect(visit.page.locator("model-districts [role=status]")).to_have_text(
            "The case studies could not be loaded."
        )
        assert visit.errors.pop().startswith("Failed to load resource")
        visit.page.unroute("**/v1/**")
        visit.page.keyboard.press("Tab")  # the link to the directory
        visit.page.keyboard.press("Tab")
        expect(visit.page.locator("model-districts button")).to_be_focused()
        visit.page.keyboard.press("Enter")
        expect(items(visit)).to_have_count(2)
        visit.page.keyboard.press("Tab")
        expect(items(visit).locator("a").first).to_be_focused()


def test_a_value_that_the_directory_does_not_know_is_named(
    browser: Browser, service: Service
) -> None:
    with a_page_of_another(
        browser, service, '<model-districts state="Oregano"></model-districts>'
    ) as visit:
        status = visit.page.locator("model-districts [role=status]")
        expect(status).to_contain_text("state has no value 'Oregano'")
        expect(visit.page.locator("model-districts button")).to_have_count(0)
        assert visit.errors.pop().startswith("Failed to load resource")


def test_nothing_of_a_record_runs_on_the_page_of_another(
    browser: Browser, service: Service, people: People
) -> None:
    published(people, case_study("hostile-embed", title=HOSTILE))
    element = '<model-districts slug="hostile-embed"></model-districts>'
    with a_page_of_another(browser, service, element) as visit:
        expect(items(visit).locator("a")).to_have_text(HOSTILE)
        assert visit.page.title() == "Partner"
        assert visit.page.locator("model-districts img").count() == 0


def test_without_javascript_the_link_inside_shows(browser: Browser, service: Service) -> None:
    line = httpx.get(f"{service.url}/embed", params={"q": "attendance"}).text
    written = re.findall(r"&lt;model-districts.*?&lt;/model-districts&gt;", line)[0]
    with a_page_of_another(browser, service, unescape(written), java_script_enabled=False) as visit:
        link = visit.page.get_by_role("link", name="Case studies at Model Districts")
        expect(link).to_have_attribute("href", f"{service.url}/case-studies?q=attendance")


def test_an_iframe_is_as_high_as_its_list(browser: Browser, service: Service) -> None:
    frame = f'<iframe src="{service.url}/embed/frame?q=attendance&limit=3" title="List" width="300" height="50"></iframe>'
    with a_page_of_another(browser, service, frame) as visit:
        inner = visit.page.frame_locator("iframe")
        expect(inner.locator("li")).to_have_count(3)
        expect(visit.page.locator("iframe")).not_to_have_attribute("height", "50")
        visit.page.wait_for_function("() => Number(document.querySelector('iframe').height) > 150")
        height = int(visit.page.locator("iframe").get_attribute("height") or 0)
        assert height >= inner.locator("main").evaluate("main => main.scrollHeight")
        assert inner.locator("a").first.get_attribute("target") == "_top"


def test_the_frame_alone_may_stand_in_pages_of_others(client: httpx.Client) -> None:
    frame = client.get("/embed/frame")
    assert "frame-ancestors" not in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    for address in ("/", "/embed", "/map", "/case-studies"):
        policy = client.get(address).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, address


def test_the_frame_takes_the_parameters_of_the_api_and_says_what_it_does_not_know(
    client: httpx.Client,
) -> None:
    assert "No case study fits" in client.get("/embed/frame", params={"q": "zebra"}).text
    wrong = client.get("/embed/frame", params={"state": "Oregano"})
    assert wrong.status_code == 422
    assert "Oregano" in wrong.text
    assert client.get("/embed/frame", params={"utm_source": "mail", "unknown": "1"}).is_success


def test_the_builder_shows_the_line_and_a_preview_that_follow_the_choice(
    browser: Browser, service: Service
) -> None:
    with a_visit(browser) as visit:
        visit.page.goto(f"{service.url}/embed")
        visit.page.get_by_label("Words").fill("attendance")
        visit.page.get_by_label("How many").select_option("3")
        line = visit.page.locator("#line pre")
        expect(line).to_contain_text('<model-districts q="attendance" limit="3">')
        expect(items(visit)).to_have_count(3)
        expect(visit.page).to_have_url(f"{service.url}/embed?q=attendance&limit=3")
        expect(visit.page.get_by_role("button", name="Copy", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_builder_works_without_javascript(
    browser: Browser, service: Service, width: int
) -> None:
    with a_visit(browser, width=width, java_script_enabled=False) as visit:
        visit.page.goto(f"{service.url}/embed")
        visit.page.locator("select[name=state]").select_option("OR")
        visit.page.get_by_role("button", name="Update").click()
        expect(visit.page.locator("#line pre")).to_contain_text('state="OR"')
        expect(visit.page.frame_locator("iframe").locator("li").first).to_be_visible()
        expect(visit.page.locator("button[data-copy]:visible")).to_have_count(0)
        assert not overflows(visit.page)


def test_every_attribute_of_the_element_narrows_its_list(
    browser: Browser, service: Service, client: httpx.Client
) -> None:
    filters = {"outcome": "attendance", "evidence": "descriptive", "direction": "better"}
    total = client.get("/v1/case-studies", params=filters).json()["meta"]["total"]
    attributes = " ".join(f'{name}="{value}"' for name, value in filters.items())
    with a_page_of_another(
        browser, service, f"<model-districts {attributes}></model-districts>"
    ) as visit:
        status = visit.page.locator("model-districts [role=status]")
        expect(status).to_contain_text(f"of {total} case stud")


def test_what_is_typed_into_the_builder_stays_text(client: httpx.Client) -> None:
    page = client.get("/embed", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;model-districts q=&#34;&amp;#34;&amp;gt;&amp;lt;script" in page


def test_a_released_script_never_changes_and_is_kept_for_long(client: httpx.Client) -> None:
    for version, file in SCRIPTS.items():
        answer = client.get(f"/embed-{version}.js")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        row = f"| `{version}` | `{integrity(file)}` |"
        assert row in EMBED_DOC, f"{version} is not what docs/embed.md says it is: {row}"
    newest = client.get("/embed.js")
    assert newest.text == client.get(f"/embed-{NEWEST}.js").text
    assert "immutable" not in newest.headers["Cache-Control"]
    assert client.get("/embed-0.0.0.js").status_code == 404


def test_the_contract_names_every_attribute_and_property_of_the_script() -> None:
    script = SCRIPTS[NEWEST].bodies["identity"].decode()
    (filters,) = re.findall(r"const FILTERS = \[(.*?)\]", script)
    names = re.findall(r'"(\w+)"', filters)
    assert names
    for name in (*names, "limit", *sorted(set(re.findall(r"--md-\w+", script)))):
        assert f"`{name}`" in EMBED_DOC, name

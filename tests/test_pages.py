"""What every page keeps to: its policy, no other host, the cache, errors for people, and hostile records."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from html_pages import BROWSER, Element, page, parsed, scripted
from people import People, amend, case_study, district, publish, published, step
from serving import Service

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]
PAGES = (
    "/",
    "/case-studies",
    "/case-studies?q=atendance+rural&evidence=descriptive&sort=title",
    "/case-studies?q=zeppelin&rurality=rural",
    "/case-studies?show=strategy",
    "/case-studies/boise-id",
    "/case-studies/boise-id/versions",
    "/case-studies/boise-id/suggestion",
    "/districts",
    "/districts?q=boise",
    "/districts/boise-school-district-id",
    "/districts/boise-school-district-id/versions",
    "/districts/boise-school-district-id/suggestion",
    "/suggestions/new",
)
NOT_PAGES = ("/docs", "/static-offline-docs")
# What an editor could type, by mistake or not.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "</textarea></title><svg onload=alert(1)>",
)


def links(document: Element) -> Iterator[str]:
    """Every address that a page leads to."""
    for element in document.each("a"):
        yield element["href"]


def fetched(document: Element) -> Iterator[str]:
    """Every address that a browser fetches to show a page."""
    for element in document.each("link"):
        if element["rel"] not in ("canonical", "alternate", "describedby"):
            yield element["href"]
    for tag in ("script", "img", "iframe", "source", "video", "audio", "embed", "object"):
        for element in document.each(tag):
            if element.attributes.get("type") == "application/ld+json":  # data, which nothing runs
                continue
            yield element.attributes.get("src") or element.attributes.get("data") or ""


def scripts(document: Element) -> list[Element]:
    """The scripts that a browser runs."""
    return [
        script
        for script in document.each("script")
        if script.attributes.get("type") != "application/ld+json"
    ]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_no_other_host_and_runs_nothing_inline(
    client: httpx.Client, address: str
) -> None:
    answer = client.get(address, headers=BROWSER)
    document = parsed(answer.text)
    assert all(url.startswith("/static/") for url in fetched(document))
    assert scripted(document) == []
    assert all(script.text == "" for script in scripts(document))
    assert not list(document.each("style"))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert set(re.findall(r" ('[^']+'|[^';\s]+)(?=;|$)", policy)) == {"'self'", "'none'"}
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_one_heading_a_title_a_language_and_labels(
    client: httpx.Client, address: str
) -> None:
    document = page(client, address)
    assert document.one("html")["lang"] == "en"
    assert document.one("title").text
    assert document.one("h1").text
    assert document.one("main")["id"] == "main"
    labeled = {label.attributes.get("for") for label in document.each("label")}
    inside = {id(field) for label in document.each("label") for field in label.each("input")}
    for tag in ("input", "select", "textarea"):
        for field in document.each(tag):
            if field.attributes.get("type") != "hidden":
                assert field.attributes.get("id") in labeled or id(field) in inside, field


@pytest.mark.slow
def test_no_link_of_any_page_is_dead(client: httpx.Client) -> None:
    seen = set(PAGES)
    for address in PAGES:
        document = page(client, address)
        for link in {urljoin(address, link) for link in links(document)}:
            target, _, fragment = link.partition("#")
            if urlsplit(target).netloc or target in seen:
                continue
            seen.add(target)
            answer = client.get(target, headers=BROWSER)
            assert answer.status_code == 200, (address, link)
            if fragment and "html" in answer.headers["Content-Type"]:
                assert f'id="{fragment}"' in answer.text, (address, link)
    assert len(seen) > len(PAGES)


@pytest.mark.parametrize("address", PAGES)
def test_a_link_within_a_page_leads_to_something(client: httpx.Client, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    for link in links(parsed(answer.text)):
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in answer.text, link


def test_a_page_is_kept_and_asked_for_again_by_its_etag(client: httpx.Client) -> None:
    for address in PAGES:
        if address.startswith("/suggestions") or address.endswith("/suggestion"):
            continue
        plain = BROWSER | {"Accept-Encoding": "identity"}
        first = client.get(address, headers=plain)
        again = client.get(address, headers=plain)
        assert again.headers["Cache-Status"].endswith("hit"), address
        assert again.headers["Vary"] == "Accept, Accept-Encoding"
        headers = plain | {"If-None-Match": first.headers["ETag"]}
        same = client.get(address, headers=headers)
        assert (same.status_code, same.content) == (304, b"")
        compressed = client.get(address, headers=BROWSER | {"Accept-Encoding": "br"})
        assert compressed.headers["Content-Encoding"] == "br"
        assert compressed.headers["ETag"] != first.headers["ETag"]


def test_a_page_of_one_reader_is_kept_by_nobody(client: httpx.Client) -> None:
    for address in ("/suggestions/new", "/case-studies/boise-id/suggestion"):
        answer = client.get(address, headers=BROWSER)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cache-Status"].endswith("bypass")


def test_files_have_an_address_of_their_own_for_a_year(client: httpx.Client) -> None:
    document = page(client, "/")
    for address in fetched(document):
        answer = client.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        headers = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(address, headers=headers).status_code == 304
    (style,) = (link["href"] for link in document.each("link", rel="stylesheet"))
    older = client.get(re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", style))
    assert (older.status_code, older.headers["Cache-Control"]) == (200, "public, max-age=60")
    for font in re.findall(r"url\(([^)]+)\)", older.text):
        assert client.get(font).headers["Content-Type"] == "font/woff2"
    assert client.get("/static/nothing.css").status_code == 404


def test_who_takes_nothing_but_pages_is_led_from_data_to_its_page(client: httpx.Client) -> None:
    for data, shown in (
        ("/v1", "/"),
        ("/v1/case-studies?q=food&state=ID", "/case-studies?q=food&state=ID"),
        ("/v1/case-studies/boise-id", "/case-studies/boise-id"),
        ("/v1/districts/1600360", "/districts/1600360"),
        ("/v1/organizations/attendance-works", "/organizations/attendance-works"),
        ("/v1/strategies", "/strategies"),
        ("/v1/codebook", "/codebook"),
    ):
        answer = client.get(data, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["Location"]) == (303, shown)
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert client.get(data, headers=BROWSER).headers["Content-Type"] == "application/json"
        client.get(shown, headers=BROWSER).raise_for_status()
    for without_page in ("/v1/organizations", "/v1/topics", "/v1/suggest?q=food"):
        answer = client.get(without_page, headers={"Accept": "text/html"})
        assert (answer.status_code, "Location" in answer.headers) == (406, False)


def test_who_asks_a_page_for_data_is_told_where_they_are(client: httpx.Client) -> None:
    answer = client.get("/case-studies?q=food", headers={"Accept": "application/json"})
    assert answer.status_code == 406
    assert answer.links["alternate"]["url"] == "/v1/case-studies?q=food"
    assert client.get("/case-studies?q=food", headers=BROWSER).status_code == 200
    assert client.get("/case-studies?q=food", headers={"Accept": "image/png"}).status_code == 406


def test_data_name_their_page_and_pages_their_data(client: httpx.Client) -> None:
    for data in (
        "/v1/case-studies?q=food&state=ID&limit=5&facets=none",
        "/v1/case-studies/boise-id",
        "/v1/districts/boise-school-district-id",
    ):
        shown = client.get(data).json()["links"]["page"]
        document = page(client, shown)
        addresses = {link["type"]: link["href"] for link in document.each("link", rel="alternate")}
        assert client.get(addresses["application/json"]).json()["links"]["page"] == shown
        assert "slug" in client.get(addresses["text/csv"]).text.splitlines()[0]


@pytest.mark.parametrize("name", ["strategies", "topics", "states", "organizations", "pillars"])
def test_terms_name_their_page_where_they_have_one(client: httpx.Client, name: str) -> None:
    term = client.get(f"/v1/{name}").json()["data"][0]
    if name == "pillars":
        assert term["page"] is None
    else:
        assert page(client, term["page"]).one("h1").text
    if name == "organizations":
        answer = client.get(f"/v1/organizations/{term['value']}").json()
        assert answer["links"]["page"] == term["page"]


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        (
            "They began. " + "They went on for long. " * 10,
            "They began." + " They went on for long." * 6,
        ),
        (
            "In St. Louis and the U.S. Virgin Islands " + "they went on " * 20,
            "they went on\u2026",
        ),
    ],
)
def test_a_summary_is_cut_where_a_sentence_ends_else_between_words(
    people: People, client: httpx.Client, summary: str, shown: str
) -> None:
    slug = f"zz-cut-{len(summary)}"
    published(people, case_study(slug, summary=summary.strip()))
    document = page(client, f"/case-studies/{slug}")
    assert document.one("meta", name="description")["content"].endswith(shown)


def test_parameters_of_trackers_are_passed_over_and_others_named(client: httpx.Client) -> None:
    for address in ("/", "/case-studies", "/case-studies/boise-id", "/districts"):
        plain = page(client, f"{address}?utm_source=letter&utm_medium=mail&fbclid=1")
        assert not list(plain.each("p", class_="said"))
        named = page(client, f"{address}?colour=red&utm_source=letter")
        assert "colour" in named.one("p", class_="said").text
        assert named.one("link", rel="canonical")["href"].endswith(address)


def test_a_page_that_is_not_there_names_the_nearest_and_offers_a_search(
    client: httpx.Client,
) -> None:
    document = page(client, "/case-studies/bose-id", 404)
    assert "/case-studies/boise-id" in links(document)
    assert document.one("input", id="q")["value"] == "bose"
    assert "/case-studies/boise-id" in links(page(client, "/case-study/boise-id", 404))
    assert "/districts" in links(page(client, "/distrcts", 404))
    page(client, "/qqqqqqqq", 404)
    for address in ("/case-studies/bose-id", "/nowhere"):
        answer = client.get(address)  # a program, which names no pages
        assert answer.headers["Content-Type"] == "application/problem+json"
    answer = client.get("/v1/case-studies/bose-id", headers=BROWSER)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_page_that_fails_gives_its_number_and_other_ways(
    own_service: Service, own_client: httpx.Client
) -> None:
    own_client.get("/").raise_for_status()
    with own_service.database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE entry RENAME TO lost")
    answer = own_client.get("/case-studies/boise-id", headers=BROWSER)
    document = parsed(answer.text)
    as_data = own_client.get("/v1/case-studies/boise-id")
    assert answer.status_code == as_data.status_code >= 500
    assert answer.headers.get("Retry-After") == as_data.headers.get("Retry-After")
    assert document.one("code").text == answer.headers["X-Request-Id"]
    assert "/docs" in links(document)
    assert "lost" not in answer.text
    with own_service.database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE lost RENAME TO entry")


@pytest.mark.slow
def test_a_withdrawn_record_says_since_when_and_why_and_nothing_of_what_it_said(
    people: People, client: httpx.Client
) -> None:
    published(people, case_study("zz-gone", title="Zeppelins for all"))
    reason = "Its source was retracted"
    step(people.rui, "withdraw", "zz-gone", reason=reason).raise_for_status()
    document = page(client, "/case-studies/zz-gone", 410)
    assert reason in document.one("main").text
    assert re.search(r"withdrawn on [A-Z][a-z]+ \d\d?, \d{4}\.", document.one("main").text)
    versions = "/case-studies/zz-gone/versions"
    assert versions in links(document)
    history = page(client, versions)
    assert reason in history.one("main").text
    assert "Version" in history.one("main").text
    assert "Zeppelins" not in history.text
    page(client, "/case-studies/zz-gone/suggestion", 410)


@pytest.mark.slow
def test_a_renamed_record_leads_to_its_new_address(people: People, client: httpx.Client) -> None:
    published(people, case_study("zz-old-name"))
    step(people.kim, "rename", "zz-old-name", slug="zz-new-name").raise_for_status()
    for suffix in ("", "/versions", "/suggestion"):
        answer = client.get(f"/case-studies/zz-old-name{suffix}", headers=BROWSER)
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"/case-studies/zz-new-name{suffix}"


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_record_says_is_text_and_never_markup(
    people: People, client: httpx.Client, hostile: str
) -> None:
    slug = f"zz-hostile-{HOSTILE.index(hostile)}"
    place = f"{slug}-district"
    published(people, district(place, name=hostile, city=hostile, aliases=[hostile]), "districts")
    source = {
        "id": "cite",  # as a section of the page is called
        "title": hostile,
        "publisher": hostile,
        "url": "https://example.org/report",
        "kind": "report",
    }
    record = case_study(
        slug,
        title=hostile,
        initiative=hostile,
        summary=hostile.replace("7 * 7", "words"),
        approach=f"{hostile.replace('7 * 7', 'words')} ![x](https://elsewhere.example/x.png) [^cite]",
        districts=[place],
        outcomes=[
            {
                "indicator": "attendance",
                "finding": hostile,
                "population": hostile,
                "design": "descriptive",
                "source": "cite",
            }
        ],
        partners=[{"name": hostile, "type": "nonprofit", "role": hostile, "source": "cite"}],
        aliases=[hostile],
        sources=[source],
    )
    record["outcomes"][0]["finding"] += " 1 and 7"  # numbers of the prose stand in the facts
    published(people, record)
    amend(people.ada, slug, title=f"{hostile} again")
    publish(people, slug)
    for address in (
        f"/case-studies/{slug}",
        f"/case-studies/{slug}/versions",
        f"/case-studies/{slug}/suggestion",
        f"/districts/{place}",
        f"/case-studies?slug={slug}",
        f"/districts?slug={place}",
        "/",
    ):
        answer = client.get(address, headers=BROWSER).raise_for_status()
        document = parsed(answer.text)  # also: no id twice
        assert all(url.startswith("/static/") for url in fetched(document)), address
        assert not list(document.each("img")), address
        assert len(scripts(document)) == 1, address
        assert scripted(document) == [], address
        assert all(not link.startswith("javascript:") for link in links(document)), address
        if "words" not in answer.text and "{{" in hostile:
            assert "49" not in document.one("h1").text


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_reader_types_is_text_and_never_markup(client: httpx.Client, hostile: str) -> None:
    for address in ("/case-studies", "/districts"):
        for parameters in (
            {"q": hostile},
            {"near": hostile, "enrollment_min": hostile, "state": hostile},
            {hostile: "1"},
        ):
            answer = client.get(address, params=parameters, headers=BROWSER)
            document = parsed(answer.text)
            assert len(scripts(document)) == 1
            assert not list(document.each("img"))
    parsed(client.get(f"/{hostile}", headers=BROWSER).text)
    answer = client.post(
        "/suggestions/new", data={"text": hostile[:10], "contact": hostile}, headers=BROWSER
    )
    document = parsed(answer.text)
    assert document.one("textarea").text == hostile[:10]
    assert document.one("input", id="contact")["value"] == hostile

"""Links that people share: what a page says of itself to others, pictures, sitemaps and oEmbed."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx
import orjson
import pytest
from people import People, amend, case_study, publish, published
from serving import Service

from app.site.structured_data import json_ld

pytestmark = [pytest.mark.one_database, pytest.mark.few_records]
CASE = "/case-studies/vancouver-fcrc-wa"
HOSTILE = "</script><script>alert(1)</script>\"'>\u2028<img src=x onerror=alert(1)>&amp;"
PNG = b"\x89PNG\r\n\x1a\n"
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class Head(HTMLParser):
    """What a page says of itself, as a robot reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.metas: dict[str, str] = {}
        self.links: list[dict[str, str]] = []
        self.scripts: list[dict[str, str]] = []
        self.data: list[Any] = []
        self._is_data = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = attributes.get("property") or attributes.get("name", "")
            self.metas[name] = attributes.get("content", "")
        elif tag == "link":
            self.links.append(attributes)
        elif tag == "script":
            self.scripts.append(attributes)
            self._is_data = attributes.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        """Take in the text of an element."""
        if self._is_data:
            self.data += orjson.loads(data)["@graph"]
        self._is_data = False

    def link(self, rel: str, media_type: str | None = None) -> str:
        """The address of a link."""
        (href,) = [
            link["href"]
            for link in self.links
            if link["rel"] == rel and link.get("type") == media_type
        ]
        return href


def head(client: httpx.Client, address: str) -> Head:
    """What a page says of itself."""
    return Head(client.get(address, headers={"Accept": "text/html"}).raise_for_status().text)


@pytest.mark.parametrize("address", [CASE, "/", "/map", "/embed", "/case-studies?q=attendance"])
def test_a_shared_link_has_title_description_and_picture(
    client: httpx.Client, service: Service, address: str
) -> None:
    page = head(client, address)
    for name in ("og:title", "og:description", "og:image:alt"):
        assert page.metas[name], name
    assert page.metas["og:url"] == page.link("canonical") == f"{service.url}{address}"
    assert page.metas["twitter:card"] == "summary_large_image"
    picture = client.get(page.metas["og:image"])
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(PNG)


def test_a_page_reached_by_a_tracked_link_names_its_plain_address(
    client: httpx.Client, service: Service
) -> None:
    tracked = f"{CASE}?utm_source=mail&fbclid=1"
    assert head(client, tracked).link("canonical") == f"{service.url}{CASE}"


def test_what_is_not_there_is_not_shared(client: httpx.Client) -> None:
    missing = client.get("/case-studies/no-such-case", headers={"Accept": "text/html"})
    assert missing.status_code == 404
    page = Head(missing.text)
    assert page.metas["robots"] == "noindex"
    assert "og:title" not in page.metas
    assert client.get("/pictures/case-studies/no-such-case.png").status_code == 404


@pytest.mark.slow
def test_a_new_version_has_a_picture_at_a_new_address(client: httpx.Client, people: People) -> None:
    published(people, case_study("shared-case", title="First title"))
    first = head(client, "/case-studies/shared-case").metas["og:image"]
    etag = client.get(first).headers["ETag"]
    amend(people.ada, "shared-case", title="Second title")
    publish(people, "shared-case")
    second = head(client, "/case-studies/shared-case").metas["og:image"]
    assert second != first
    assert client.get(second).headers["ETag"] != etag


def test_a_picture_is_kept_and_not_sent_twice(client: httpx.Client) -> None:
    address = CASE.replace("/case-studies", "/pictures/case-studies") + ".png"
    picture = client.get(address, headers={"Accept": "image/png"}).raise_for_status()
    assert picture.headers["Cache-Control"] == "public, max-age=604800"
    again = client.get(address, headers={"If-None-Match": picture.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_search_engines_read_the_case_study_with_its_sources(
    client: httpx.Client, service: Service
) -> None:
    article, trail = head(client, CASE).data
    record = client.get(f"/v1{CASE}").json()["data"]
    assert article["headline"] == record["title"]
    assert [source["url"] for source in article["citation"]] == [
        source["url"] for source in record["sources"]
    ]
    (about,) = article["about"]
    assert about["identifier"]["value"] == record["districts"][0]["nces_leaid"]
    assert httpx.get(about["url"], headers={"Accept": "text/html"}).is_success
    assert trail["itemListElement"][-1]["item"] == f"{service.url}{CASE}"


@pytest.mark.slow
def test_search_engines_read_what_the_directory_is(client: httpx.Client) -> None:
    site, data = head(client, "/").data
    search = site["potentialAction"]["target"].replace("{query}", "attendance")
    assert client.get(search, headers={"Accept": "text/html"}).is_success
    for download in data["distribution"]:
        assert (
            client.head(download["contentUrl"])
            .headers["Content-Type"]
            .startswith(download["encodingFormat"])
        )


def test_data_for_search_engines_cannot_end_its_element() -> None:
    written = json_ld({"headline": HOSTILE})
    assert written.count("</script>") == 1
    assert Head(str(written)).data == [{"headline": HOSTILE}]


@pytest.mark.slow
def test_nothing_of_a_record_can_break_out_of_a_page(client: httpx.Client, people: People) -> None:
    published(people, case_study("hostile-shared", title=HOSTILE, summary=HOSTILE))
    page = head(client, "/case-studies/hostile-shared")
    assert all("src" in script or "type" in script for script in page.scripts)
    assert page.data[0]["headline"] == HOSTILE.replace("\u2028", " ")
    assert "<img src=x" in page.metas["og:title"]
    picture = client.get(page.metas["og:image"])
    assert picture.content.startswith(PNG)
    embedded = client.get("/oembed", params={"url": page.link("canonical")}).json()
    assert "<script" not in embedded["html"]


def test_robots_find_every_public_record(client: httpx.Client, service: Service) -> None:
    robots = client.get("/robots.txt").text
    (index,) = re.findall(r"Sitemap: (\S+)", robots)
    assert index == f"{service.url}/sitemap.xml"
    addresses = {
        address for part in _addresses(client, index) for address in _addresses(client, part)
    }
    assert f"{service.url}/" in addresses
    assert f"{service.url}{CASE}" in addresses
    assert f"{service.url}/organizations/ymca" in addresses
    for kind in ("case-studies", "districts"):
        total = client.get(f"/v1/{kind}?limit=0").json()["meta"]["total"]
        assert sum(f"/{kind}/" in address for address in addresses) == total
    for address in sorted(addresses)[:: max(1, len(addresses) // 12)]:
        assert client.get(address, headers={"Accept": "text/html"}).is_success, address


def _addresses(client: httpx.Client, sitemap: str) -> Iterator[str]:
    root = ElementTree.fromstring(client.get(sitemap).raise_for_status().content)
    for location in root.iter(f"{SITEMAPS}loc"):
        yield location.text or ""


@pytest.mark.parametrize("name", ["case-studies-0", "case-studies-x", "nothing-1", "pages-1"])
def test_there_is_no_other_sitemap(client: httpx.Client, name: str) -> None:
    assert client.get(f"/sitemaps/{name}.xml").status_code == 404


def test_other_sites_find_how_to_embed_a_case_study(client: httpx.Client) -> None:
    discovered = head(client, CASE).link("alternate", "application/json+oembed")
    answer = client.get(discovered).json()
    assert (answer["version"], answer["type"]) == ("1.0", "rich")
    assert answer["title"] == client.get(f"/v1{CASE}").json()["data"]["title"]
    (address,) = re.findall(r'<iframe src="([^"]+)"', answer["html"])
    frame = client.get(address.replace("&amp;", "&"))
    assert frame.text.count("<li>") == 1
    assert CASE in frame.text
    assert client.get(answer["thumbnail_url"]).content.startswith(PNG)


def test_a_list_is_embedded_with_its_filters(client: httpx.Client, service: Service) -> None:
    url = f"{service.url}/case-studies?q=attendance&state=OR&unknown=1"
    answer = client.get("/oembed", params={"url": url, "maxwidth": "320", "maxheight": "200"})
    assert (answer.json()["width"], answer.json()["height"]) == (320, 200)
    (address,) = re.findall(r'src="([^"]+)"', answer.json()["html"])
    query = parse_qs(urlsplit(address.replace("&amp;", "&")).query)
    assert query == {"q": ["attendance"], "state": ["OR"], "limit": ["5"]}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({}, 422),
        ({"url": "https://example.org/case-studies/boise-id"}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "http://["}, 404),
        ({"url": "OWN/districts"}, 404),
        ({"url": "OWN/case-studies/no-such-case"}, 404),
        ({"url": f"OWN{CASE}", "format": "xml"}, 501),
        ({"url": f"OWN{CASE}", "maxwidth": "0"}, 422),
        ({"url": f"OWN{CASE}", "maxheight": "high"}, 422),
    ],
)
def test_what_cannot_be_embedded_is_refused_with_what_can(
    client: httpx.Client, service: Service, parameters: dict[str, str], status: int
) -> None:
    given = {name: value.replace("OWN", service.url) for name, value in parameters.items()}
    answer = client.get("/oembed", params=given)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"

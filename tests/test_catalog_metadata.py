"""What catalogs, search engines and programs read of the data set: DCAT-US, schema.org and llms.txt."""

import json
import re
from typing import Any

import httpx
import pytest
from html_pages import BROWSER
from html_pages import page as page_of
from serving import Service, serving

from app.research import formats
from app.research.archives import ARCHIVES
from app.research.tables import TABLES

pytestmark = [pytest.mark.one_database, pytest.mark.few_records]
Json = dict[str, Any]
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
FILES = {f"/v1/exports/{each.name}" for each in ARCHIVES} | {
    f"/v1/exports/{table.name}.{format_}"
    for table in TABLES.values()
    for format_ in formats.formats_of(table)
}
# What each class must and may have, by the JSON Schema of DCAT-US 3.0.
REQUIRED = {
    "Catalog": {"dataset"},
    "Dataset": {"description", "publisher", "title", "contactPoint"},
    "DataService": {"contactPoint", "endpointURL", "publisher", "title"},
    "Kind": {"fn", "hasEmail"},
    "Organization": {"name"},
    "Agent": {"name"},
    "Document": {"title"},
    "Distribution": set(),
    "Standard": set(),
    "Location": set(),
}
LEAD_ELSEWHERE = {"/v1/suggest", "/v1/snapshots"}  # links to answers that tell it
FREQUENCIES = {"continual", "daily", "weekly", "monthly", "asNeeded", "irregular", "unknown"}
DATE_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


def catalog(client: httpx.Client) -> Json:
    """The DCAT-US catalog."""
    document: Json = client.get("/data.json").raise_for_status().json()
    return document


def things(part: Any) -> list[Json]:
    """Every object of a document that says what it is."""
    if isinstance(part, list):
        return [thing for item in part for thing in things(item)]
    if not isinstance(part, dict):
        return []
    inner = [thing for value in part.values() for thing in things(value)]
    return [part, *inner] if "@type" in part else inner


def path_of(client: httpx.Client, address: str) -> str:
    """An address of the service, from its root."""
    assert address.startswith(str(client.base_url).rstrip("/") + "/")
    return address.removeprefix(str(client.base_url).rstrip("/"))


@pytest.mark.slow
def test_the_catalog_has_what_dcat_us_requires(client: httpx.Client) -> None:
    document = catalog(client)
    assert document["conformsTo"]["title"] == "DCAT-US 3.0"
    for thing in things(document):
        assert REQUIRED[thing["@type"]] <= thing.keys(), thing
    (data,) = document["dataset"]
    assert data["accrualPeriodicity"] in FREQUENCIES
    assert data["keyword"]
    assert data["publisher"]["name"] == "Model Districts"
    assert data["version"] == str(client.get("/v1").json()["revision"])
    assert re.fullmatch(DATE_TIME, data["modified"])
    assert client.get(data["describedBy"]["downloadURL"]).is_success
    for page in (data["landingPage"], document["homepage"]):
        assert client.get(page["accessURL"], headers=BROWSER).is_success
    (service,) = document["service"]
    assert client.get(service["endpointURL"][0]).is_success
    assert client.get(service["endpointDescription"][0]).is_success


@pytest.mark.slow
def test_every_file_is_a_distribution_that_is_there_with_its_media_type_and_license(
    client: httpx.Client,
) -> None:
    distributions = catalog(client)["dataset"][0]["distribution"]
    assert {path_of(client, each["downloadURL"]) for each in distributions} == FILES
    for each in distributions:
        answer = client.head(each["downloadURL"])
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == each["mediaType"]
        assert answer.links["license"]["url"] == each["license"] == LICENSE


@pytest.mark.slow
def test_no_contact_is_invented_and_the_operators_is_shown(
    client: httpx.Client, service: Service
) -> None:
    assert catalog(client)["contactPoint"] == catalog(client)["dataset"][0]["contactPoint"] == []
    email = "data@districts.example.org"
    with (
        serving(service.database_url, contact_email=email) as other,
        httpx.Client(base_url=other.url, timeout=60) as reached,
    ):
        (contact,) = catalog(reached)["dataset"][0]["contactPoint"]
        assert contact["hasEmail"] == f"mailto:{email}"
        about = reached.get("/about", headers=BROWSER)
        assert f'href="mailto:{email}"' in about.text


@pytest.mark.parametrize("page", ["/", "/about", "/codebook"])
def test_search_engines_read_the_data_set_with_every_file(client: httpx.Client, page: str) -> None:
    script = page_of(client, page).one("script", type="application/ld+json")
    (data,) = [thing for thing in json.loads(script.text)["@graph"] if thing["@type"] == "Dataset"]
    assert data["license"] == LICENSE
    assert 50 <= len(data["description"]) <= 5000  # what Google takes
    assert data["creator"]["name"] == "Model Districts"
    media_types = {
        each["downloadURL"]: each["mediaType"]
        for each in catalog(client)["dataset"][0]["distribution"]
    }
    assert {each["contentUrl"]: each["encodingFormat"] for each in data["distribution"]} == (
        media_types
    )


@pytest.mark.slow
def test_a_program_that_reads_markdown_finds_its_way(client: httpx.Client) -> None:
    answer = client.get("/llms.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "# Model Districts"
    assert lines[2].startswith("> ")
    links = re.findall(r"^- \[(\S+)\]\((\S+)\): \S", answer.text, re.MULTILINE)
    assert len(links) > 15
    for path, address in links:
        assert path_of(client, address) == path
        page = path in ("/about", "/codebook", "/docs")
        head = client.head(path, headers=BROWSER if page else {})
        assert head.status_code == 200, path
    assert f"Revision {client.get('/v1').json()['revision']}" in answer.text


@pytest.mark.parametrize("address", ["/data.json", "/llms.txt"])
def test_a_copy_of_the_metadata_that_is_still_current_is_not_sent_again(
    client: httpx.Client, address: str
) -> None:
    answer = client.get(address)
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{address}?x=1").status_code == 400


@pytest.mark.slow
def test_the_metadata_counts_as_reads(service: Service) -> None:
    with (
        serving(service.database_url, rate_limit_reads=1, cache_megabytes=0) as limited,
        httpx.Client(base_url=limited.url, timeout=60) as client,
    ):
        statuses = {client.get("/data.json").status_code for _ in range(3)}
    assert statuses == {200, 429}


def test_robots_are_led_to_every_page(client: httpx.Client) -> None:
    robots = client.get("/robots.txt").raise_for_status().text
    (sitemap,) = re.findall(r"^Sitemap: (\S+)$", robots, re.MULTILINE)
    listed = client.get(sitemap).raise_for_status().text
    for part in re.findall(r"<loc>([^<]+)</loc>", listed):
        pages = re.findall(r"<loc>([^<]+)</loc>", client.get(part).raise_for_status().text)
        assert pages
        assert client.head(pages[0], headers=BROWSER).status_code == 200


def test_every_public_answer_with_data_tells_its_license(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").raise_for_status().json()["paths"]
    without = []
    for path, operations in paths.items():
        answers = operations.get("get", {}).get("responses", {}).get("200", {})
        example = answers.get("content", {}).get("application/json", {}).get("example")
        if isinstance(example, dict) and "data" in example:
            license_ = example.get("meta", {}).get("license", {})
            if license_.get("url") != LICENSE and path not in LEAD_ELSEWHERE:
                without.append(path)
    assert without == []

"""The feed of a search, as a feed reader follows it: what is new first, what is gone, what has not changed."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import feedparser
import httpx
import pytest
from html_pages import page
from people import People, amend, case_study, district, publish, published, step

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
ATOM = "{http://www.w3.org/2005/Atom}"
REMOVED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
MEDIA_TYPE = "application/atom+xml"
HOSTILE = "<script>alert(1)</script> ]]> &amp; \"'\x0b\x1f<b>x"


def read(client: httpx.Client, address: str = "/feed.atom") -> Any:
    """A page of a feed, as a reader takes it in. Fails if the reader finds a fault."""
    answer = client.get(address).raise_for_status()
    assert answer.headers["Content-Type"].partition(";")[0] == MEDIA_TYPE
    parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    return parsed


def link(thing: Any, relation: str, media_type: str = MEDIA_TYPE) -> str:
    """Where a link of a feed or an entry leads."""
    [found] = [
        each.href for each in thing.links if each.rel == relation and each.type == media_type
    ]
    return str(found)


def slugs(parsed: Any) -> list[str]:
    """The records on a page, in its order."""
    return [entry.id.rpartition("/")[2] for entry in parsed.entries]


def removed(client: httpx.Client, address: str = "/feed.atom") -> dict[str, str]:
    """What a feed says of records that are gone, by slug."""
    feed = ElementTree.fromstring(client.get(address).content)
    return {
        each.attrib["ref"].rpartition("/")[2]: "".join(each.itertext())
        for each in feed.iter(REMOVED)
    }


@pytest.mark.parametrize("kind", ["case-study", "district"])
def test_a_feed_has_all_that_atom_requires(client: httpx.Client, kind: str) -> None:
    feed = ElementTree.fromstring(client.get(f"/feed.atom?kind={kind}").content)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    for part in (feed, *entries):
        for name in ("id", "title", "updated"):
            [element] = part.findall(f"{ATOM}{name}")
            assert (element.text or "").strip()
        assert datetime.fromisoformat(part.findtext(f"{ATOM}updated", "")).tzinfo is not None
        assert part.findtext(f"{ATOM}id", "").startswith("http")
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Model Districts"
    assert "CC BY 4.0" in feed.findtext(f"{ATOM}rights", "")
    identifiers = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(identifiers)) == len(identifiers)
    assert all(entry.findtext(f"{ATOM}summary") for entry in entries)


@pytest.mark.parametrize("kind", ["case-study", "district"])
def test_an_entry_leads_to_its_page_and_its_document(client: httpx.Client, kind: str) -> None:
    entry = read(client, f"/feed.atom?kind={kind}").entries[0]
    document = client.get(link(entry, "alternate", "application/json")).json()
    assert entry.title == document["data"].get("title", document["data"].get("name"))
    assert entry.updated == document["data"]["updated_at"]
    shown = link(entry, "alternate", "text/html")
    assert shown == entry.id
    assert client.get(shown).headers["Content-Type"].startswith("text/html")


@pytest.mark.slow
def test_the_pages_of_a_feed_hold_each_record_once_the_newest_change_first(
    people: People, client: httpx.Client
) -> None:
    for number in range(30):  # more than a page
        published(people, case_study(f"page-{number}-id"))
    address: str | None = "/feed.atom"
    found, times, pages = [], [], []
    while address:
        parsed = read(client, address)
        pages.append(len(parsed.entries))
        found += slugs(parsed)
        times += [entry.updated_parsed for entry in parsed.entries]
        assert link(parsed.feed, "first").endswith("/feed.atom?kind=case-study")
        assert parsed.feed.id == link(parsed.feed, "first")
        following = [each.href for each in parsed.feed.links if each.rel == "next"]
        address = following[0] if following else None
    assert max(pages) == 50
    assert len(pages) > 1
    assert times == sorted(times, reverse=True)
    listed = client.get("/v1/case-studies?limit=100&facets=none&fields=slug").json()["data"]
    assert sorted(found) == sorted(record["slug"] for record in listed)


def test_a_feed_keeps_the_filters_of_its_search(client: httpx.Client) -> None:
    for kind in ("case-studies", "districts"):
        results = client.get(f"/v1/{kind}?state=OR,ID&q=school&sort=title&limit=1&fields=slug")
        everything = client.get(f"/v1/{kind}?state=OR,ID&q=school&limit=100&fields=slug").json()
        parsed = read(client, results.json()["links"]["feed"])
        expected = {record["slug"] for record in everything["data"]}
        assert expected
        assert set(slugs(parsed)) == expected
        assert "state=ID,OR" in parsed.feed.title
        searched = client.get(link(parsed.feed, "alternate", "application/json")).json()
        assert searched["meta"]["total"] == len(expected)
        assert client.get(link(parsed.feed, "alternate", "text/html")).status_code == 200


@pytest.mark.slow
def test_a_feed_follows_publication_and_change(people: People, client: httpx.Client) -> None:
    assert "fed-id" not in slugs(read(client))
    published(people, case_study("fed-id", title="A first title"))
    first = read(client).entries[0]
    assert (first.id.rpartition("/")[2], first.title) == ("fed-id", "A first title")
    amend(people.ada, "fed-id", title="A second title")
    assert read(client).entries[0].title == "A first title"  # only a draft
    publish(people, "fed-id")
    [second] = [entry for entry in read(client).entries if entry.id == first.id]
    assert second.title == "A second title"
    assert second.updated > first.updated
    assert read(client).feed.updated == second.updated


@pytest.mark.slow
def test_a_feed_names_what_was_renamed_and_withdrawn(people: People, client: httpx.Client) -> None:
    published(people, case_study("leaving-id"))
    step(people.rui, "rename", "leaving-id", slug="gone-id").raise_for_status()
    assert "leaving-id" not in slugs(read(client))
    assert "gone-id" in slugs(read(client))
    assert removed(client)["leaving-id"].endswith("/case-studies/gone-id")
    assert "gone-id" not in removed(client)
    step(people.rui, "withdraw", "gone-id", reason="Its <source> was retracted.").raise_for_status()
    assert "gone-id" not in slugs(read(client))
    assert removed(client)["gone-id"] == "Withdrawn: Its <source> was retracted."
    assert "gone-id" not in removed(client, "/feed.atom?kind=district")


@pytest.mark.slow
def test_a_record_that_a_search_no_longer_finds_leaves_its_feed(
    people: People, client: httpx.Client
) -> None:
    address = "/feed.atom?strategy=food-security"
    published(people, case_study("leaves-id"))
    assert "leaves-id" in slugs(read(client, address))
    amend(people.ada, "leaves-id", strategies=["case-management"])
    publish(people, "leaves-id")
    assert "leaves-id" not in slugs(read(client, address))


@pytest.mark.slow
def test_a_hostile_text_stays_text(people: People, client: httpx.Client) -> None:
    published(people, district("hostile-schools-id", name=HOSTILE), "districts")
    published(
        people,
        case_study("hostile-id", title=HOSTILE, summary=HOSTILE, districts=["hostile-schools-id"]),
    )
    shown = " ".join(HOSTILE.replace("\x0b", " ").replace("\x1f", " ").split())
    for kind, name in (("case-study", "hostile-id"), ("district", "hostile-schools-id")):
        feed = ElementTree.fromstring(client.get(f"/feed.atom?kind={kind}").content)
        titles = {
            entry.findtext(f"{ATOM}id", "").rpartition("/")[2]: entry.findtext(f"{ATOM}title")
            for entry in feed.findall(f"{ATOM}entry")
        }
        assert titles[name] == shown
        read(client, f"/feed.atom?kind={kind}")


@pytest.mark.slow
def test_a_feed_that_has_not_changed_is_not_sent_again(
    people: People, client: httpx.Client
) -> None:
    address = "/feed.atom?state=OR&strategy=food-security"
    etag = client.get(address).headers["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    published(people, district("elsewhere-schools-id"), "districts")  # not of this feed
    again = client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["ETag"]) == (304, etag)
    published(people, case_study("in-oregon", state="OR"))
    again = client.get(address, headers={"If-None-Match": etag})
    assert again.status_code == 200
    assert "in-oregon" in slugs(read(client, address))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("kind=strategy", 422),
        ("kind=district&kind=district", 400),
        ("limit=5", 400),
        ("sort=title", 400),
        ("colour=red", 400),
        ("state=XX", 422),
        ("cursor=damaged", 400),
    ],
)
def test_a_feed_that_is_not_understood_is_refused(
    client: httpx.Client, question: str, status: int
) -> None:
    answer = client.get(f"/feed.atom?{question}")
    assert answer.status_code == status
    assert answer.json()["errors"][0]["parameter"] == question.partition("=")[0]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "accept", ["application/atom+xml", "application/xml;q=0.9", "application/rss+xml, text/xml"]
)
def test_any_feed_reader_may_read_it(client: httpx.Client, accept: str) -> None:
    answer = client.get("/feed.atom", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.head("/feed.atom").headers["ETag"] == client.get("/feed.atom").headers["ETag"]
    assert client.get("/feed.atom", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.one_database
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/case-studies?q=food&state=ID",
        "/districts?state=ID",
        "/case-studies?state=ID&sample=1",
        "/map?state=ID",
        "/map?state=ID&sample=1",
        "/states/id",
        "/strategies/food-security",
        "/organizations/neighborimpact",
    ],
)
def test_every_list_links_its_feed(client: httpx.Client, address: str) -> None:
    document = page(client, address)
    feed = document.one("link", rel="alternate", type=MEDIA_TYPE)["href"]
    assert read(client, feed).entries
    if "?" in address:
        assert "state=ID" in feed

"""Readers suggest corrections and case studies without a key; editors read them, and nobody else ever does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest
from people import People, case_study, create
from serving import Service
from sqlalchemy import insert, text

from app.database import Database
from app.desk.feedback import suggestions
from app.desk.feedback.suggestions import MAX_WAITING, SuggestionRow
from app.errors import TooMany

pytestmark = pytest.mark.few_records

SUGGESTION = {
    "kind": "correction",
    "about": "boise-id",
    "text": "The number of community schools has grown since.",
}
_numbers = count(2)


@pytest.fixture
def reader(service: Service) -> Iterator[Callable[[], httpx.Client]]:
    """Makes clients of readers, each at an address of their own."""
    with ExitStack() as stack:

        def at_home() -> httpx.Client:
            transport = httpx.HTTPTransport(local_address=f"127.0.0.{next(_numbers)}")
            return stack.enter_context(httpx.Client(base_url=service.url, transport=transport))

        yield at_home


@pytest.fixture
def bob(reader: Callable[[], httpx.Client]) -> httpx.Client:
    """A reader."""
    return reader()


def suggest(reader: httpx.Client, **fields: Any) -> str:
    """Suggest something; the link that tells its status."""
    link: str = (
        reader.post("/v1/suggestions", json=SUGGESTION | fields)
        .raise_for_status()
        .json()["links"]["self"]
    )
    return link


def waiting(people: People, link: str) -> dict[str, Any]:
    """A suggestion as editors see it, by the link its reader has."""
    found: dict[str, Any] = (
        people.ada.get(link.removeprefix("/v1")).raise_for_status().json()["data"]
    )
    return found


def handle(
    editor: httpx.Client, link: str, status: str, *, version: int = 1, **fields: Any
) -> httpx.Response:
    return editor.put(
        f"{link.removeprefix('/v1')}/status",
        json={"status": status} | fields,
        headers={"If-Match": f'"{version}"'},
    )


def test_a_suggestion_waits_for_an_editor(bob: httpx.Client, people: People) -> None:
    answer = bob.post(
        "/v1/suggestions",
        json=SUGGESTION
        | {"source_url": "https://example.org/list", "contact": " bob@example.org "},
    )
    assert (answer.status_code, answer.json()["data"]) == (201, {"status": "received"})
    assert answer.headers["Location"] == answer.json()["links"]["self"]

    found = waiting(people, answer.headers["Location"])
    assert (found["text"], found["contact"]) == (SUGGESTION["text"], "bob@example.org")
    assert (found["about_link"], found["status"]) == ("/v1/admin/case-studies/boise-id", "received")


def test_the_link_tells_the_status_and_nothing_else(bob: httpx.Client, people: People) -> None:
    link = suggest(bob, contact="bob@example.org")
    told = [bob.get(link).json()]
    handle(people.ada, link, "taken_up", note="Drafted.").raise_for_status()
    told.append(bob.get(link).json())
    handle(people.ada, link, "declined", version=2).raise_for_status()
    told.append(bob.get(link).json())
    assert told == [{"data": {"status": status}} for status in ("received", "taken_up", "declined")]
    assert bob.get("/v1/suggestions/0123").status_code == 404


def test_how_to_reach_the_reader_is_forgotten_once_it_is_handled(
    bob: httpx.Client, people: People
) -> None:
    link = suggest(bob, contact="carol@example.org")
    handled = handle(people.ada, link, "taken_up", note="Drafted.").json()["data"]
    assert (handled["contact"], handled["handled_by"], handled["note"]) == (None, "ada", "Drafted.")
    assert handle(people.ada, link, "received", version=2).json()["data"]["contact"] is None
    assert "carol@example.org" not in everything_kept(people.service.database)


def test_no_address_is_kept(bob: httpx.Client, people: People) -> None:
    suggest(bob, text="Nothing in this text tells where it came from.")
    kept = everything_kept(people.service.database)
    assert "Nothing in this text tells where it came from." in kept
    assert "127.0.0." not in kept


def test_a_form_on_any_web_page_may_send_it(bob: httpx.Client) -> None:
    asked = {
        "Origin": "https://partner.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = bob.options("/v1/suggestions", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()
    answer = bob.post(
        "/v1/suggestions", json=SUGGESTION, headers={"Origin": "https://partner.example"}
    )
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (201, "*")
    assert "no-store" in answer.headers["Cache-Control"]


def test_every_fault_is_told_at_once(bob: httpx.Client) -> None:
    answer = bob.post(
        "/v1/suggestions",
        json={
            "kind": "complaint",
            "about": "Boise!",
            "text": "Too short.   ",
            "source_url": "ftp://example.org",
            "name": "Bob",
        },
    )
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/kind",
        "/about",
        "/text",
        "/source_url",
        "/name",
    }


def test_it_may_be_about_a_district_and_only_about_what_is_public(
    bob: httpx.Client, people: People
) -> None:
    about = waiting(people, suggest(bob, about="boise-school-district-id"))
    assert about["about_link"] == "/v1/admin/districts/boise-school-district-id"
    create(people.ada, case_study("boise-draft-id"))
    for unknown in ("boise-draft-id", "boise-iid"):
        answer = bob.post("/v1/suggestions", json=SUGGESTION | {"about": unknown})
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["pointer"]) == (422, "/about")
        assert ("boise-id" in fault["nearest"]) == (unknown == "boise-iid")
        assert "boise-draft-id" not in fault["nearest"]


def test_a_name_that_is_not_there_is_told_while_somebody_else_writes(
    people: People, reader: Callable[[], httpx.Client]
) -> None:
    with people.service.database.writing() as session:
        session.connection()  # from now on nobody else can write
        answer = reader().post(
            "/v1/suggestions", json=SUGGESTION | {"about": "boise-iid"}, timeout=10
        )
    assert answer.status_code == 422
    assert "boise-id" in answer.json()["errors"][0]["nearest"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"kind": "correction", "text": "%s"}' % (b"x" * 20_000), "application/json", 413),
        (b"kind=correction&text=" + b"x" * 30, "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
    ],
)
def test_a_body_that_is_no_suggestion_is_refused(
    reader: Callable[[], httpx.Client], content: bytes, kind: str, status: int
) -> None:
    assert (
        reader()
        .post("/v1/suggestions", content=content, headers={"Content-Type": kind})
        .status_code
        == status
    )


def test_a_machine_that_fills_in_the_hidden_field_is_answered_and_thrown_away(
    bob: httpx.Client, people: People
) -> None:
    trapped = bob.post(
        "/v1/suggestions",
        json=SUGGESTION | {"text": "Buy cheap backpacks here!", "website": "https://spam.example"},
    )
    honest = bob.post("/v1/suggestions", json=SUGGESTION | {"website": ""})
    assert (trapped.status_code, trapped.json()["data"]) == (
        honest.status_code,
        honest.json()["data"],
    )
    assert len(trapped.json()["links"]["self"]) == len(honest.json()["links"]["self"])
    assert "Buy cheap backpacks" not in everything_kept(people.service.database)


def test_an_address_may_send_five_a_minute(reader: Callable[[], httpx.Client]) -> None:
    hasty, patient = reader(), reader()
    answers = [hasty.post("/v1/suggestions", json=SUGGESTION) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert patient.post("/v1/suggestions", json=SUGGESTION).status_code == 201


def test_editors_read_them_by_status_the_oldest_first(bob: httpx.Client, people: People) -> None:
    links = [suggest(bob, kind="new-case", about=None) for _ in range(3)]
    handle(people.ada, links[1], "declined").raise_for_status()
    seen: list[dict[str, Any]] = []
    following = "/suggestions?limit=1"
    while following:
        page = people.ada.get(following).raise_for_status().json()
        seen += page["data"]
        following = (page["links"]["next"] or "").removeprefix("/v1/admin")
    assert [suggestion["id"] for suggestion in seen] == sorted(
        suggestion["id"] for suggestion in seen
    )
    assert [suggestion["id"] for suggestion in seen][-3:] == [
        link.rpartition("/")[2] for link in links
    ]
    declined = people.ada.get("/suggestions", params={"status": "declined"}).json()["data"]
    assert [suggestion["id"] for suggestion in declined][-1] == links[1].rpartition("/")[2]


def test_two_editors_do_not_overwrite_each_other_unseen(bob: httpx.Client, people: People) -> None:
    link = suggest(bob)
    handle(people.rui, link, "taken_up").raise_for_status()
    late = handle(people.ada, link, "declined")
    assert (late.status_code, late.headers["ETag"], late.json()["current"]["handled_by"]) == (
        412,
        '"2"',
        "rui",
    )
    assert (
        people.ada.put(
            f"{link.removeprefix('/v1')}/status", json={"status": "declined"}
        ).status_code
        == 428
    )
    assert waiting(people, link)["status"] == "taken_up"


def test_nobody_reads_suggestions_without_a_key(bob: httpx.Client) -> None:
    link = suggest(bob, text="Zebras have been seen near the school.")
    for path in ("/v1/admin/suggestions", link.replace("/v1", "/v1/admin")):
        assert bob.get(path).status_code == 401
    assert bob.get("/v1/suggestions").status_code == 405
    assert "Zebras" not in bob.get("/v1/case-studies?q=zebras").text.replace("q=zebras", "")


def test_the_queue_is_bounded(database: Database) -> None:
    at = datetime.now(UTC)
    row = {
        "received_at": at,
        "kind": "new-case",
        "text": "A case.",
        "version": 1,
        "status": "received",
    }
    with database.writing() as session:
        session.connection().execute(
            insert(SuggestionRow),
            [row | {"id": suggestions.new_id(at)} for _ in range(MAX_WAITING)],
        )
    with pytest.raises(TooMany), database.writing() as session:
        suggestions.receive(session, kind="new-case", text="One more.", at=at)


def everything_kept(database: Database) -> str:
    """Every suggestion with every column, as one text."""
    with database.reading() as session:
        return repr(session.connection().execute(text("SELECT * FROM suggestion")).all())

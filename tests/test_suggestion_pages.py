"""Suggesting a correction by a form without script, and the page that says what became of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import httpx
import pytest
from html_pages import BROWSER, Element, page, parsed
from people import People, seen
from serving import Service

pytestmark = pytest.mark.few_records
TEXT = "The number of schools has grown since then."
_numbers = count(2)


@pytest.fixture
def reader(service: Service) -> Iterator[Callable[[], httpx.Client]]:
    """Makes clients of readers, each at an address of their own."""
    with ExitStack() as stack:

        def at_home() -> httpx.Client:
            transport = httpx.HTTPTransport(local_address=f"127.0.1.{next(_numbers)}")
            client = httpx.Client(base_url=service.url, transport=transport, headers=BROWSER)
            return stack.enter_context(client)

        yield at_home


@pytest.fixture
def bob(reader: Callable[[], httpx.Client]) -> httpx.Client:
    """A reader."""
    return reader()


def filled_in(document: Element, **typed: str) -> dict[str, str]:
    """The form of a page as a browser sends it."""
    form = document.one("form", class_="write")
    values = {field["name"]: field.attributes.get("value", "") for field in form.each("input")}
    for field in form.each("input", type="radio"):
        if "checked" in field.attributes:
            values[field["name"]] = field["value"]
    return values | {"text": form.one("textarea").text} | typed


@pytest.mark.parametrize(
    "record", ["/case-studies/boise-id", "/districts/boise-school-district-id"]
)
def test_every_record_leads_to_a_form_that_reaches_the_editors(
    bob: httpx.Client, people: People, record: str
) -> None:
    assert f"{record}/suggestion" in [link["href"] for link in page(bob, record).each("a")]
    form = page(bob, f"{record}/suggestion")
    sent = bob.post(
        f"{record}/suggestion", data=filled_in(form, text=TEXT, contact="bob@example.org")
    )
    assert sent.status_code == 303
    status = page(bob, sent.headers["Location"])
    assert "is waiting for an editor" in status.one("main").text
    assert status.one("meta", name="robots")["content"] == "noindex"
    assert status.one("pre").text.endswith(sent.headers["Location"])
    assert record in [link["href"] for link in status.one("main").each("a")]
    token = sent.headers["Location"].rpartition("/")[2]
    waiting = people.rui.get(f"/suggestions/{token}").json()["data"]
    assert (waiting["text"], waiting["about"], waiting["contact"]) == (
        TEXT,
        record.rpartition("/")[2],
        "bob@example.org",
    )
    people.rui.put(
        f"/suggestions/{token}/status",
        json={"status": "taken_up"},
        headers=seen(people.rui.get(f"/suggestions/{token}")),
    ).raise_for_status()
    assert "Taken up" in page(bob, sent.headers["Location"]).one("main").text


def test_a_missing_case_study_can_be_suggested(bob: httpx.Client, people: People) -> None:
    form = page(bob, "/suggestions/new")
    sent = bob.post("/suggestions/new", data=filled_in(form, text=TEXT, kind="new-case"))
    token = sent.headers["Location"].rpartition("/")[2]
    assert people.rui.get(f"/suggestions/{token}").json()["data"]["kind"] == "new-case"


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(bob: httpx.Client) -> None:
    typed = {"text": "Too short", "source_url": "not an address", "contact": "me"}
    answer = bob.post("/case-studies/boise-id/suggestion", data=typed)
    document = parsed(answer.text)
    assert answer.status_code == 422
    assert document.one("textarea").text == "Too short"
    assert document.one("p", id="fault-text").text == "Write at least 20 characters."
    assert document.one("title").text.startswith("Not sent: Suggest a correction")
    summary = document.one("div", class_="note")
    assert [link["href"] for link in summary.each("a")] == ["#text", "#source_url"]
    assert "Your suggestion: Write at least 20 characters." in summary.text
    assert document.one("input", id="source_url")["value"] == "not an address"
    assert "web address" in document.one("p", id="fault-source_url").text
    assert document.one("input", id="contact")["value"] == "me"


def test_what_is_missing_is_said_at_its_field(bob: httpx.Client) -> None:
    answer = bob.post("/suggestions/new", data={"kind": "correction"})
    fault = parsed(answer.text).one("p", id="fault-text").text
    assert fault == "This is required. Add it."


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("text", "a" * 5001, "This has 5,001 characters. Shorten it to 5,000."),
        ("contact", "a" * 201, "This has 201 characters. Shorten it to 200."),
    ],
)
def test_no_message_names_the_field_of_a_program(
    bob: httpx.Client, field: str, typed: str, message: str
) -> None:
    sent = {"kind": "correction", "text": TEXT, field: typed}
    document = parsed(bob.post("/suggestions/new", data=sent).text)
    assert document.one("p", id=f"fault-{field}").text == message


def test_what_falls_into_the_trap_reaches_nobody(bob: httpx.Client, people: People) -> None:
    sent = bob.post("/suggestions/new", data={"kind": "correction", "text": TEXT, "website": "x"})
    assert sent.status_code == 303
    token = sent.headers["Location"].rpartition("/")[2]
    assert people.rui.get(f"/suggestions/{token}").status_code == 404


def test_too_many_are_asked_to_wait_and_keep_what_they_typed(bob: httpx.Client) -> None:
    for _ in range(5):
        bob.post("/suggestions/new", data={"kind": "correction", "text": TEXT})
    answer = bob.post("/suggestions/new", data={"kind": "correction", "text": TEXT})
    document = parsed(answer.text)
    assert (answer.status_code, answer.headers["Retry-After"].isdecimal()) == (429, True)
    assert document.one("textarea").text == TEXT


def test_a_form_that_is_no_form_or_too_long_is_refused(bob: httpx.Client) -> None:
    assert bob.post("/suggestions/new", json={"text": TEXT}).status_code == 415
    assert bob.post("/suggestions/new", data={"text": "a" * 100_000}).status_code == 413
    assert (
        bob.post("/suggestions/new", data={"kind": "correction", "text": TEXT + "\0"}).status_code
        == 422
    )


def test_a_suggestion_that_nobody_made_has_no_page(bob: httpx.Client) -> None:
    missing = page(bob, "/suggestions/019f1a2b3c4d5e6f708192a3b4c5d6e7f809", 404)
    assert missing.one("h1").text == "There is no page at this address"

"""Idempotency-Key: a POST that is sent twice, because an answer got lost, is done once."""

import hashlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from people import Json, People, case_study, create, seen, step
from sqlalchemy import event, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from app.database import Database
from app.desk.access.idempotency import Answer, IdempotencyRow, _claim, once
from app.errors import Conflict

pytestmark = pytest.mark.few_records


def post(people: People, document: Json, key: str) -> httpx.Response:
    """Ada creates a case study under a key."""
    return people.ada.post("/case-studies", json=document, headers={"Idempotency-Key": key})


def sent_before(people: People, key: str, ago: timedelta) -> None:
    """Make of a request one that was sent some time ago."""
    with people.service.database.writing() as session:
        which = col(IdempotencyRow.idempotency_key) == key
        session.connection().execute(
            update(IdempotencyRow).where(which).values(created_at=datetime.now(UTC) - ago)
        )


def test_the_same_request_gets_the_same_answer_and_is_done_once(people: People) -> None:
    first = post(people, case_study("once"), "once-1")
    again = post(people, case_study("once"), "once-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert [again.headers[name] for name in ("ETag", "Location")] == [
        first.headers[name] for name in ("ETag", "Location")
    ]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert len(people.ada.get("/case-studies/once/revisions").json()["data"]) == 1


def test_a_step_is_done_once_too_whatever_became_of_the_record_since(people: People) -> None:
    headers = seen(create(people.ada, case_study("stepped"))) | {"Idempotency-Key": "stepped-1"}
    first = people.ada.post("/case-studies/stepped/submission", json={}, headers=headers)
    again = people.ada.post("/case-studies/stepped/submission", json={}, headers=headers)
    assert (first.status_code, again.content) == (200, first.content)
    assert [
        entry["action"]
        for entry in people.ada.get("/case-studies/stepped/revisions").json()["data"]
    ] == ["submit", "create"]


def test_a_key_belongs_to_one_version_of_the_record(people: People) -> None:
    headers = seen(create(people.ada, case_study("submitted-twice")))
    key = {"Idempotency-Key": "submitted-1"}
    path = "/case-studies/submitted-twice/submission"
    people.ada.post(path, json={}, headers=headers | key).raise_for_status()
    step(people.rui, "return", "submitted-twice", note="Not yet.").raise_for_status()
    newer = seen(people.ada.get("/case-studies/submitted-twice"))
    again = people.ada.post(path, json={}, headers=newer | key)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "key_used_before")


def test_publishing_twice_under_a_key_is_done_once(people: People) -> None:
    create(people.ada, case_study("published-twice"))
    headers = seen(step(people.ada, "submit", "published-twice")) | {"Idempotency-Key": "public-1"}
    path = "/case-studies/published-twice/publication"
    first = people.rui.put(path, json={}, headers=headers)
    again = people.rui.put(path, json={}, headers=headers)
    assert (first.status_code, again.content) == (200, first.content)


def test_a_key_may_be_quoted_or_bare(people: People) -> None:
    first = post(people, case_study("quoted"), '"quoted-1"')
    assert post(people, case_study("quoted"), "quoted-1").content == first.content


def test_a_key_belongs_to_one_request(people: People) -> None:
    post(people, case_study("one-request"), "one-1").raise_for_status()
    other_body = post(people, case_study("another-request"), "one-1")
    other_address = people.ada.post(
        "/organizations", json=case_study("one-request"), headers={"Idempotency-Key": "one-1"}
    )
    for answer in (other_body, other_address):
        assert answer.status_code == 422
        assert [(fault["parameter"], fault["code"]) for fault in answer.json()["errors"]] == [
            ("Idempotency-Key", "key_used_before")
        ]


def test_two_people_may_choose_the_same_key(people: People) -> None:
    post(people, case_study("of-ada"), "ours").raise_for_status()
    answer = people.rui.post(
        "/case-studies", json=case_study("of-rui"), headers={"Idempotency-Key": "ours"}
    )
    assert (answer.status_code, answer.json()["data"]["slug"]) == (201, "of-rui")


def test_a_request_that_failed_may_be_mended_and_sent_under_its_key_again(people: People) -> None:
    assert post(people, case_study("mended", state="XX"), "mended-1").status_code == 422
    assert post(people, case_study("mended"), "mended-1").status_code == 201


def test_a_request_still_being_worked_on_is_not_begun_again(people: People) -> None:
    post(people, case_study("worked-on"), "worked-1").raise_for_status()
    unanswered(people, "worked-1")
    assert post(people, case_study("worked-on"), "worked-1").status_code == 409


def test_a_request_whose_server_died_is_begun_again_after_a_minute(people: People) -> None:
    assert post(people, case_study("died"), "died-1").status_code == 201
    unanswered(people, "died-1")
    sent_before(people, "died-1", timedelta(seconds=61))
    again = post(people, case_study("died"), "died-1")
    assert again.json()["detail"].startswith("There is already a case study 'died'")


def test_a_third_attempt_waits_while_the_second_is_worked_on(database: Database) -> None:
    begun = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
    request = (database, "ada", "a-key", b"a request")

    def attempt(seconds: int, act: Callable[[Session], Answer]) -> tuple[Answer, bool]:
        return once(*request, act, at=begun + timedelta(seconds=seconds))

    with database.writing() as session:  # the first server died on it
        digest = hashlib.sha256(b"a request").hexdigest()
        session.add(
            IdempotencyRow(
                key_id="ada", idempotency_key="a-key", request_sha256=digest, created_at=begun
            )
        )
    claimed = _claim(database, "ada", "a-key", digest, begun + timedelta(seconds=61))
    assert claimed is None  # the second took it over
    with pytest.raises(Conflict):
        attempt(90, lambda _session: Answer(200, {}, b"done twice"))


def test_a_request_whose_commit_went_through_but_was_not_confirmed_is_not_done_again(
    database: Database,
) -> None:
    request = (database, "ada", "a-key", b"a request")
    begun = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)

    def lose_the_connection(_session: Session) -> None:
        raise ConnectionError

    def act(session: Session) -> Answer:
        event.listen(session, "after_commit", lose_the_connection)
        return Answer(200, {}, b"done once")

    with pytest.raises(SQLAlchemyError):  # nor can it be rolled back now
        once(*request, act, at=begun)
    again, is_repeated = once(*request, lambda _: Answer(200, {}, b"done twice"), at=begun)
    assert (again.body, is_repeated) == (b"done once", True)


def unanswered(people: People, key: str) -> None:
    """Leave a request as a server leaves it that is working on it, or died at that."""
    with people.service.database.writing() as session:
        which = col(IdempotencyRow.idempotency_key) == key
        session.connection().execute(
            update(IdempotencyRow).where(which).values(status=None, headers=None, body=None)
        )


@pytest.mark.parametrize(
    ("ago", "status"),
    [(timedelta(hours=23, minutes=59), 201), (timedelta(hours=24, minutes=1), 409)],
)
def test_an_answer_is_kept_for_a_day(ago: timedelta, status: int, people: People) -> None:
    slug = f"kept-{status}"
    post(people, case_study(slug), slug).raise_for_status()
    sent_before(people, slug, ago)
    assert post(people, case_study(slug), slug).status_code == status


def test_of_many_sent_at_once_one_is_done(people: People) -> None:
    with ThreadPoolExecutor(12) as senders:
        answers = list(
            senders.map(lambda _: post(people, case_study("at-once"), "at-once-1"), range(24))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert Counter("Idempotency-Replayed" in answer.headers for answer in done)[False] == 1
    assert {answer.content for answer in done} == {done[0].content}


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["", '""', "x" * 256, "tab\there", "\u00e9"])
def test_a_key_is_1_to_255_printable_ascii_characters(key: str, people: People) -> None:
    answer = people.ada.post(
        "/case-studies", json=case_study("keyless"), headers={b"Idempotency-Key": key.encode()}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"

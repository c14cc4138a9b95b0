"""Keys: who gets in, how failures are told, and how keys are made, listed and revoked over the API and on the command line."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from command_line import Typing
from conftest import TIMEOUT_SECONDS, PostgreSQL
from people import People, at_the_desk, case_study, client, create, key, publish, seen
from serving import Service, serving
from sqlalchemy import text

from app.database import Database
from app.desk.access import keys
from app.errors import Unauthenticated

pytestmark = pytest.mark.few_records

Json = dict[str, object]
SECRET = re.compile(r"md_[0-9A-Za-z]{49}")


@pytest.fixture
def ada_key(people: People) -> str:
    """A key that works."""
    return str(people.ada.headers["Authorization"]).removeprefix("Bearer ")


def refused(answer: httpx.Response) -> Json:
    """What a refusal tells, without the id of the request."""
    problem: Json = answer.json()
    problem.pop("instance")
    return problem


def test_a_key_opens_the_desk(people: People) -> None:
    assert people.ada.get("/case-studies/boise-id").status_code == 200


def test_the_scheme_is_written_in_any_case(people: People, ada_key: str) -> None:
    answer = httpx.get(
        f"{people.service.url}/v1/admin/audit", headers={"Authorization": f"bEARER {ada_key}"}
    )
    assert answer.status_code == 200


@pytest.mark.slow
def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(people: People, ada_key: str) -> None:
    database = people.service.database
    revoked = key(database, "left@example.org", "admin")
    expired = key(database, "guest@example.org", "admin", expires_at=datetime.now(UTC))
    with database.writing() as session:
        keys.revoke(session, revoked[:11], by="tests", at=datetime.now(UTC))
    mistyped = ada_key[:-1] + ("a" if ada_key[-1] != "a" else "b")
    headers = [
        None,
        "",
        "Bearer",
        f"Basic {ada_key}",
        ada_key,
        f"Bearer {ada_key} {ada_key}",
        f"Bearer {ada_key[:-1]}",
        f"Bearer {mistyped}",
        f"Bearer {ada_key.upper()}",
        f"Bearer {revoked}",
        f"Bearer {expired}",
        "Bearer md_\u00e9",
    ]
    sent = [{} if header is None else {b"Authorization": header.encode()} for header in headers]
    answers = [httpx.get(f"{people.service.url}/v1/admin/audit", headers=header) for header in sent]
    assert [answer.status_code for answer in answers] == [401] * len(headers)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
        'Bearer realm="Model Districts"'
    }
    assert [refused(answer) for answer in answers] == [refused(answers[0])] * len(headers)


def test_a_key_works_until_it_expires_and_not_in_that_moment(database_url: str) -> None:
    with serving(database_url) as service, service.database.writing() as session:
        at = datetime.now(UTC)
        _row, secret = keys.issue(
            session,
            label="ada",
            role="editor",
            by="tests",
            at=at,
            expires_at=at + timedelta(days=1),
        )
        editor, _used_at = keys.authenticate(
            session, f"Bearer {secret}", at=at + timedelta(hours=23)
        )
        assert editor.label == "ada"
        with pytest.raises(Unauthenticated):
            keys.authenticate(session, f"Bearer {secret}", at=at + timedelta(days=1))


def test_editors_read_what_was_just_written_while_the_replica_lags_behind(
    postgresql: PostgreSQL,
) -> None:
    with (
        postgresql.database("few") as primary,
        postgresql.database("few") as stale,
        serving(primary, read_database_url=stale) as service,
        at_the_desk(service) as people,
    ):
        made = create(people.ada, case_study("lagging"))
        changed = people.ada.put(
            "/case-studies/lagging", json=case_study("lagging", title="New"), headers=seen(made)
        )
        assert people.ada.get("/case-studies/lagging").headers["ETag"] == changed.headers["ETag"]
        publish(people, "lagging")
        assert httpx.get(f"{service.url}/v1/case-studies/lagging").status_code == 404
        assert httpx.get(f"{service.url}/v1/case-studies/boise-id").status_code == 200


def test_no_key_opens_the_desk_from_a_web_page_of_another_origin(people: People) -> None:
    answer = people.ada.get("/audit", headers={"Origin": "https://example.org"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_too_small_a_role_is_told_which_role_it_takes(people: People) -> None:
    answer = people.ada.get("/keys")
    assert answer.status_code == 403
    assert answer.json()["needs"] == "admin"
    assert (
        answer.json()["detail"]
        == "Managing keys requires the admin role. This key (ada) is an editor key."
    )


def test_too_small_a_role_is_told_before_what_was_sent_is_read(people: People) -> None:
    assert (
        people.ada.post(
            "/keys", content=b"no JSON", headers={"Content-Type": "text/plain"}
        ).status_code
        == 403
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    "path", ["/case-studies/boise-id", "/case-studies/no-such", "/keys", "/nowhere"]
)
def test_nothing_of_the_desk_is_cached_errors_neither(path: str, people: People) -> None:
    assert people.ada.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.slow
def test_after_twenty_failures_from_one_address_no_more_guesses_are_answered_for_a_while(
    own_service: Service,
) -> None:
    with at_the_desk(own_service) as people, client(own_service, "md_guess") as guessing:
        assert [guessing.get("/audit").status_code for _ in range(20)] == [401] * 20
        answer = guessing.get("/audit")
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 61
        assert people.ada.get("/audit").status_code == 200  # a valid key works all the same
        assert httpx.get(f"{own_service.url}/v1/case-studies?limit=1").status_code == 200


@pytest.mark.slow
def test_a_flood_of_unknown_keys_from_one_address_keeps_no_editor_out(seeded_url: str) -> None:
    secrets = [keys._new_secret() for _ in range(200)]
    with (
        serving(seeded_url, trusted_proxies="127.0.0.1") as service,
        at_the_desk(service) as people,
        ThreadPoolExecutor(len(secrets)) as threads,
    ):

        def guess(secret: str) -> int:
            return httpx.get(
                f"{service.url}/v1/admin/audit",
                headers={"Authorization": f"Bearer {secret}", "X-Forwarded-For": "203.0.113.9"},
                timeout=TIMEOUT_SECONDS,
            ).status_code

        guesses = [threads.submit(guess, secret) for secret in secrets]
        assert {people.ada.get("/audit").status_code for _ in range(10)} == {200}
        assert {guess.result() for guess in guesses} <= {401, 429, 503}


@pytest.mark.slow
def test_asking_without_a_key_is_no_attempt_and_shuts_no_door(own_service: Service) -> None:
    with at_the_desk(own_service) as people:
        assert {httpx.get(f"{own_service.url}/v1/admin/audit").status_code for _ in range(25)} == {
            401
        }
        httpx.get(f"{own_service.url}/openapi.json", timeout=TIMEOUT_SECONDS).raise_for_status()
        assert people.ada.get("/audit").status_code == 200


def test_a_secret_is_shown_once_and_kept_nowhere(people: People) -> None:
    answer = people.kim.post("/keys", json={"label": "Lee", "role": "editor"})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert SECRET.fullmatch(made["secret"])
    assert made["id"] == made["secret"][:11]
    assert (made["label"], made["role"], made["created_by"], made["expires_at"]) == (
        "Lee",
        "editor",
        "kim",
        None,
    )
    assert made["secret"] not in people.kim.get("/keys").text
    with people.service.database.reading() as session:
        kept = session.connection().execute(text("SELECT * FROM api_key WHERE label = 'Lee'")).one()
    assert made["secret"] not in str(kept)
    with client(people.service, made["secret"]) as lee:
        assert create(lee, case_study("made-by-lee")).json()["meta"]["updated_by"] == "Lee"


def test_a_secret_bears_a_checksum_by_which_a_mistyped_one_is_told_at_sight(ada_key: str) -> None:
    changed = [
        f"{ada_key[:at]}{'x' if ada_key[at] != 'x' else 'y'}{ada_key[at + 1 :]}"
        for at in range(len(ada_key))
    ]
    assert keys.well_formed(ada_key)
    assert [secret for secret in changed if keys.well_formed(secret)] == []


def test_no_two_secrets_are_alike(people: People) -> None:
    assert len({key(people.service.database, f"holder {n}", "editor") for n in range(50)}) == 50


def test_the_last_use_of_a_key_is_noted_to_the_minute(people: People) -> None:
    secret = key(people.service.database, "Sam", "editor")
    before = datetime.now(UTC)
    with client(people.service, secret) as sam:
        assert used_at(people, "Sam") is None
        sam.get("/audit")
        first = used_at(people, "Sam")
        sam.get("/audit")
    assert first is not None
    assert before <= datetime.fromisoformat(first) <= datetime.now(UTC)
    assert used_at(people, "Sam") == first


@pytest.mark.slow
def test_reading_at_the_desk_waits_for_no_writer_and_the_use_is_written_later(
    seeded_url: str,
) -> None:
    with serving(seeded_url) as service:
        secret = key(service.database, "Sam", "editor")
        with client(service, secret) as sam, service.database.writing() as session:
            session.connection()  # from now on nobody else can write
            sam.get("/audit", timeout=10).raise_for_status()
            assert used_in(service.database, "Sam") is None
    with closing(Database(seeded_url)) as database:
        assert used_in(database, "Sam") is not None


def used_in(database: Database, label: str) -> datetime | None:
    """When a key was last used, as the database has it."""
    with database.reading() as session:
        return next(row.used_at for row in keys.list_keys(session) if row.label == label)


def used_at(people: People, label: str) -> str | None:
    """When the key of this holder was last used."""
    found: str | None = next(
        row["used_at"] for row in people.kim.get("/keys").json()["data"] if row["label"] == label
    )
    return found


def test_a_revoked_key_works_no_longer_and_revoking_it_again_changes_nothing(
    people: People,
) -> None:
    made = people.kim.post("/keys", json={"label": "Kai", "role": "admin"}).json()["data"]
    with client(people.service, made["secret"]) as kai:
        assert kai.get("/keys").status_code == 200
        revoked = people.kim.delete(f"/keys/{made['id']}").raise_for_status().json()
        assert revoked["data"]["revoked_at"] is not None
        assert kai.get("/keys").status_code == 401
    assert people.kim.delete(f"/keys/{made['id']}").json() == revoked


def test_a_key_can_ask_what_it_is_and_what_it_may_do(people: People) -> None:
    until = datetime(2999, 1, 1, tzinfo=UTC)
    secret = key(people.service.database, "Eli", "reviewer", expires_at=until)
    with client(people.service, secret) as eli:
        own = eli.get("/whoami").json()["data"]
    assert (own["label"], own["role"], own["expires_at"]) == (
        "Eli",
        "reviewer",
        "2999-01-01T00:00:00Z",
    )
    assert "publish" in own["permissions"]
    assert "manage_keys" not in own["permissions"]
    assert people.kim.get("/whoami").json()["data"]["expires_at"] is None


def test_there_is_no_revoking_a_key_that_never_was(people: People) -> None:
    assert people.kim.delete("/keys/md_nobody1").status_code == 404


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"label": "New", "role": "owner"}, "/role"),
        ({"label": "", "role": "editor"}, "/label"),
        ({"role": "editor"}, "/label"),
        ({"label": "New\0", "role": "editor"}, "/label"),
        ({"label": "New", "role": "editor", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"label": "New", "role": "editor", "expires_at": "2999-01-01T00:00:00"}, "/expires_at"),
        (
            {"label": "New", "role": "editor", "expires_at": "9999-12-31T23:59:59-12:00"},
            "/expires_at",
        ),
        ({"label": "New", "role": "editor", "secret": "of my own"}, "/secret"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_with_the_place(
    asked: Json, pointer: str, people: People
) -> None:
    answer = people.kim.post("/keys", json=asked)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_a_key_expires_at_the_moment_that_was_meant_in_whatever_zone(people: People) -> None:
    asked = {"label": "Zoe", "role": "editor", "expires_at": "2099-06-01T02:00:00+05:00"}
    made = people.kim.post("/keys", json=asked).json()["data"]
    assert made["expires_at"] == "2099-05-31T21:00:00Z"
    assert (
        next(row for row in people.kim.get("/keys").json()["data"] if row["label"] == "Zoe")[
            "expires_at"
        ]
        == made["expires_at"]
    )


def test_a_label_stands_for_one_holder_even_after_the_key_is_revoked(people: People) -> None:
    made = people.kim.post("/keys", json={"label": "Noa", "role": "editor"}).json()["data"]
    people.kim.delete(f"/keys/{made['id']}").raise_for_status()
    assert people.kim.post("/keys", json={"label": "Noa", "role": "editor"}).status_code == 409


def test_a_key_is_not_made_under_an_idempotency_key_since_the_answer_would_be_kept(
    people: People,
) -> None:
    answer = people.kim.post(
        "/keys", json={"label": "Uma", "role": "editor"}, headers={"Idempotency-Key": "uma"}
    )
    assert answer.status_code == 422
    assert "Uma" not in people.kim.get("/keys").text


def test_keys_are_made_listed_and_revoked_on_the_command_line(
    typed: Typing, service: Service
) -> None:
    made = typed("keys", "create", "--label", "Ines", "--role", "reviewer", "--days", "30")
    secret = made.out.strip()
    assert SECRET.fullmatch(secret)
    assert secret not in made.err
    with client(service, secret) as ines:
        assert ines.get("/audit").status_code == 200
        listed = typed("keys", "list").out
        assert secret[:11] in listed
        assert secret not in listed
        assert typed("keys", "revoke", secret[:11]).code == 0
        assert ines.get("/audit").status_code == 401


def test_the_command_line_says_what_is_wrong_and_exits_with_1(typed: Typing) -> None:
    role = typed("keys", "create", "--label", "Ola", "--role", "owner")
    assert (role.code, role.out) == (2, "")
    assert "'owner' is not one of 'editor', 'reviewer', 'admin'" in role.err
    unknown = typed("keys", "revoke", "md_nobody1")
    assert (unknown.code, unknown.out) == (1, "")
    assert "There is no key 'md_nobody1'" in unknown.err

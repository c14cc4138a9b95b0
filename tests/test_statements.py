"""What a read costs: no statement while nothing was committed, one for a document or an export, however much is found."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from publishing import case_study, publish, wait_for
from serving import Service
from sqlalchemy import Engine, event
from sqlalchemy.orm import Mapper

pytestmark = pytest.mark.few_records

SEARCHES = (
    "/v1/case-studies",
    "/v1/case-studies?q=attendance&rurality=rural&limit=1",
    "/v1/case-studies?q=school*+-health+%22family+resource%22&limit=100",
    "/v1/case-studies?q=attendance+reading+zzyzx&fields=slug",
    "/v1/case-studies?near=1600360&sort=distance&facets=state,enrollment",
    "/v1/case-studies?limit=0",
    "/v1/districts?strategy=case-management&limit=100",
    "/v1/districts?q=oakland",
)
OTHERS = (
    "/",
    "/v1",
    "/case-studies?q=attendance&rurality=rural",
    "/case-studies?show=strategy",
    "/districts?q=oakland",
    "/v1/strategies",
    "/v1/states",
    "/v1/localities",
    "/v1/indicators",
    "/v1/organizations",
    "/v1/suggest?q=met",
)
REFUSED = (
    "/v1/case-studies?colour=red&state=Atlantis",
    "/v1/suggest?q=a&limit=1000",
    "/v1/nowhere",
    "/v1/case-studies?cursor=AAAA",
)
WATCH = "revision-watch"  # on PostgreSQL, looks each second whether something was committed


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the service sends to its database during the block, all engines taken together."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread().name != WATCH and statement != "BEGIN":
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", [*SEARCHES, *OTHERS])
def test_what_is_in_the_index_is_answered_without_a_statement(
    client: httpx.Client, path: str
) -> None:
    with counted() as sent:
        assert client.get(path).raise_for_status().content
    assert sent == []


@pytest.mark.parametrize("path", REFUSED)
def test_a_refusal_costs_no_statement(client: httpx.Client, path: str) -> None:
    with counted() as sent:
        assert client.get(path).is_client_error
    assert sent == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/case-studies/boise-id",
        "/v1/districts/boise-school-district-id",
        "/v1/districts/4703180",
    ],
)
def test_a_document_costs_one_statement(client: httpx.Client, path: str) -> None:
    with counted() as sent:
        client.get(path)
    assert len(sent) == 1


def test_what_is_not_there_costs_another_for_similar_names(client: httpx.Client) -> None:
    with counted() as sent:
        assert client.get("/v1/case-studies/nowhere").status_code == 404
    assert len(sent) == 2


@pytest.mark.parametrize("question", ["", "slug=boise-id", "state=OR,CA", "q=school", "q=zzyzx"])
@pytest.mark.parametrize("form", ["json", "ndjson", "csv"])
def test_an_export_costs_two_statements_whatever_it_holds(
    client: httpx.Client, form: str, question: str
) -> None:
    with counted() as sent:
        client.get(f"/v1/exports/case-studies.{form}?{question}").raise_for_status()
    assert len(sent) == 2  # of which revision the database is, and the documents


def test_no_table_object_is_built_on_a_public_read(client: httpx.Client) -> None:
    built: list[object] = []

    def note(target: object, _context: Any) -> None:
        built.append(target)

    event.listen(Mapper, "load", note)
    for path in (
        "/v1/case-studies?q=reading",
        "/v1/case-studies/hartford-ct",
        "/v1/districts/4703180",
        "/v1/exports/districts.json",
    ):
        client.get(path).raise_for_status()
    event.remove(Mapper, "load", note)
    assert built == []


def test_what_was_published_costs_one_statement_however_much_it_is(
    own_service: Service, own_client: httpx.Client
) -> None:
    own_client.get("/v1/case-studies").raise_for_status()
    revision = publish(
        own_service.database,
        *(case_study(f"effort-{number}", title="Zzyzx") for number in range(50)),
    )
    with counted() as sent:
        wait_for(own_service, revision)
        assert own_client.get("/v1/case-studies?q=zzyzx").json()["meta"]["total"] == 50
        assert own_client.get("/v1/case-studies?q=zzyzx&limit=50").json()["meta"]["total"] == 50
    assert len([statement for statement in sent if "entry" in statement]) == 1
    assert len(sent) == 1


def test_what_others_commit_without_publishing_costs_one_statement_once(
    own_service: Service, own_client: httpx.Client
) -> None:
    own_client.get("/v1/case-studies").raise_for_status()
    with own_service.database.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE record SET updated_by = 'ada' WHERE slug = 'boise-id'"
        )
    with counted() as sent:
        for question in ("q=one", "q=school", "q=three"):
            own_client.get(f"/v1/case-studies?{question}").raise_for_status()
    assert len(sent) <= 1

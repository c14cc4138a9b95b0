"""What a researcher meets: everything that the filters find, in bulk, whole, as JSON, NDJSON or CSV, without a cap."""

import csv
import gzip
import io
import json
import socket
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import brotli
import httpx
import pytest
from paging import every_slug
from people import People
from publishing import case_study, publish, wait_for
from serving import Service

from app.database import Database
from app.research import exports, tables
from app.search.index import Index

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
TABLES = ("case-studies", "districts")
FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}
QUESTIONS = (
    "",
    "q=attendance&rurality=rural",
    "q=family+-health&state_not=CA",
    "strategy_all=food-security,case-management",
    "near=45.52,-122.68&within_km=500",
    "enrollment_min=5000&enrollment_max=20000",
    "region=west,not-stated&evidence=descriptive",
    "slug=boise-id,lincoln-clc-ne,boise-school-district-id",
    "q=thereisnosuchword",
)
each_table = pytest.mark.parametrize("table", TABLES)


def exported(client: httpx.Client, table: str, form: str, question: str = "") -> list[Json]:
    """What an export holds; of a CSV file, its rows."""
    text = client.get(f"/v1/exports/{table}.{form}?{question}").raise_for_status().text
    if form == "csv":
        text = text.removeprefix("\ufeff")
        return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    documents: list[Json] = (
        json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    )
    return documents


@each_table
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_export_holds_what_the_search_finds_and_nothing_else(
    client: httpx.Client, table: str, question: str
) -> None:
    parameters: dict[str, Any] = dict(parse_qsl(question))
    slugs = [document["slug"] for document in exported(client, table, "ndjson", question)]
    assert slugs == sorted(every_slug(client, f"/v1/{table}", limit=7, **parameters))


@each_table
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_holds_the_same_records(client: httpx.Client, table: str, form: str) -> None:
    documents = exported(client, table, form, "enrollment_min=5000&enrollment_max=20000")
    slugs = [document["slug"] for document in documents]
    found = every_slug(client, f"/v1/{table}", enrollment_min=5000, enrollment_max=20000)
    assert slugs == sorted(found)
    assert len(slugs) > 1


@each_table
def test_an_export_is_whole_where_a_page_is_not(client: httpx.Client, table: str) -> None:
    total = client.get(f"/v1/{table}?limit=0").json()["meta"]["total"]
    assert len(exported(client, table, "ndjson")) == total > 20


@pytest.mark.one_database
@each_table
def test_a_search_links_to_its_own_export(client: httpx.Client, table: str) -> None:
    search = client.get(f"/v1/{table}?q=school&state=OR,CA&sort=title&limit=1&fields=slug").json()
    documents = [
        json.loads(line)
        for line in client.get(search["links"]["export"]).raise_for_status().text.splitlines()
    ]
    assert len(documents) == search["meta"]["total"] > 1


@each_table
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_documents_are_those_that_their_own_addresses_give(
    client: httpx.Client, table: str, form: str
) -> None:
    for document in exported(client, table, form):
        assert document == client.get(document["url"]).json()["data"]


@pytest.mark.one_database
@each_table
@pytest.mark.parametrize(("form", "media_type"), FORMATS.items())
def test_a_file_is_named_for_the_table_and_the_revision(
    client: httpx.Client, table: str, form: str, media_type: str
) -> None:
    answer = client.get(f"/v1/exports/{table}.{form}")
    revision = client.get("/v1").json()["revision"]
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="{table}-{revision}.{form}"'
    )
    assert answer.headers["Content-Type"].split(";")[0] == media_type


def test_a_row_of_case_studies_holds_what_the_document_says(client: httpx.Client) -> None:
    rows = {row["slug"]: row for row in exported(client, "case-studies", "csv")}
    for document in exported(client, "case-studies", "json"):
        row = rows[document["slug"]]
        for name in (
            "title",
            "summary",
            "initiative",
            "evidence",
            "setting",
            "updated_at",
            "url",
        ):
            assert row[name] == (document[name] or "")
        for name in ("started_year", "ended_year", "version"):
            assert row[name] == ("" if document[name] is None else str(document[name]))
        for name in ("challenge", "approach", "results", "lessons"):
            assert row[name] == "\n\n".join(paragraph["text"] for paragraph in document[name])
        for name, key, value in (
            ("districts", "districts", "slug"),
            ("states", "states", "value"),
            ("strategies", "strategies", "value"),
            ("models", "models", "value"),
            ("topics", "topics", "value"),
        ):
            assert row[name] == "; ".join(part[value] for part in document[key])
        assert row["leaids"] == "; ".join(
            part["nces_leaid"] for part in document["districts"] if part["nces_leaid"]
        )
        assert row["sources"].split("; ") == [source["url"] for source in document["sources"]]


def test_a_row_of_districts_holds_what_the_document_says(client: httpx.Client) -> None:
    rows = {row["slug"]: row for row in exported(client, "districts", "csv")}
    for document in exported(client, "districts", "json"):
        row = rows[document["slug"]]
        assert row["nces_leaid"] == (document["nces_leaid"] or "")
        for figure in ("locale", "enrollment", "schools"):
            for suffix, part in (("", "value"), ("_year", "year"), ("_source", "source")):
                assert row[figure + suffix] == (
                    str(document[figure][part]) if document[figure] else ""
                )
        for name in ("latitude", "longitude"):
            assert row[name] == (str(document["place"][name]) if document["place"] else "")
        assert row["case_studies"].split("; ") == [
            case["slug"] for case in document["case_studies"]
        ]


@each_table
def test_a_csv_file_without_a_row_still_has_its_header(client: httpx.Client, table: str) -> None:
    text = client.get(f"/v1/exports/{table}.csv?q=thereisnosuchword").text
    assert text.startswith("\ufeffslug,")
    assert text.count("\r\n") == 1
    assert client.get(f"/v1/exports/{table}.json?q=thereisnosuchword").json() == []
    assert client.get(f"/v1/exports/{table}.ndjson?q=thereisnosuchword").content == b""


def test_commas_quotes_and_line_breaks_survive_a_csv_file(
    own_service: Service, own_client: httpx.Client
) -> None:
    title, approach = (
        'Schools, "open" late',
        'One line,\n\nanother; and a "quoted" third: Niños, 学校, \N{ROCKET} [^s1]',
    )
    wait_for(
        own_service,
        publish(own_service.database, case_study("an-effort", title=title, approach=approach)),
    )
    row = exported(own_client, "case-studies", "csv", "slug=an-effort")[0]
    assert (row["title"], row["approach"]) == (title, approach.removesuffix(" [^s1]"))


def test_a_spreadsheet_reads_a_csv_file_right_and_the_desk_takes_it_back(
    client: httpx.Client, people: People
) -> None:
    body = client.get("/v1/exports/districts.csv?slug=boise-school-district-id").content
    assert body.startswith(b"\xef\xbb\xbfslug,")  # the mark that says UTF-8
    headers = {"Content-Type": "text/csv"}
    plan = people.ada.post("/imports?kind=district", content=body, headers=headers)
    assert plan.raise_for_status().json()["data"]["counts"]["refused"] == 0


def encoded(client: httpx.Client, path: str, encoding: str, **headers: str) -> httpx.Response:
    """A response of which the encoding is the test's to undo, in `extensions`."""
    wanted = {"Accept-Encoding": encoding} | headers
    with client.stream("GET", path, headers=wanted) as answer:
        answer.extensions["raw"] = b"".join(answer.iter_raw())
    return answer


DECODE = {"gzip": gzip.decompress, "br": brotli.decompress}
SHORT = "/v1/exports/districts.csv?slug=boise-school-district-id"
LONG = "/v1/exports/case-studies.ndjson"


@pytest.mark.one_database
@pytest.mark.parametrize("path", [SHORT, LONG])
@pytest.mark.parametrize("encoding", DECODE)
def test_an_export_is_compressed_as_the_client_takes_it(
    client: httpx.Client, path: str, encoding: str
) -> None:
    plain, packed = encoded(client, path, "identity"), encoded(client, path, encoding)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == encoding
    assert packed.headers["ETag"] != plain.headers["ETag"]
    raw = packed.extensions["raw"]
    assert DECODE[encoding](raw) == plain.extensions["raw"]
    assert len(raw) < len(plain.extensions["raw"])


@pytest.mark.one_database
@pytest.mark.parametrize("path", [SHORT, LONG])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_a_copy_that_is_still_current_is_not_sent_again(
    client: httpx.Client, path: str, encoding: str
) -> None:
    whole = encoded(client, path, encoding)
    etag = whole.headers["ETag"]
    again = encoded(client, path, encoding, **{"If-None-Match": etag})
    assert (again.status_code, again.extensions["raw"]) == (304, b"")
    for name in ("ETag", "Cache-Control", "Directory-Revision", "Vary"):
        assert again.headers[name] == whole.headers[name]
    other = encoded(
        client, f"{path}&q=school".replace("n&", "n?"), encoding, **{"If-None-Match": etag}
    )
    assert other.status_code == 200


@pytest.mark.one_database
def test_a_copy_that_is_not_current_any_more_is_sent_again(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = own_client.get(LONG)
    unchanged = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert own_client.get(LONG, headers=unchanged).status_code == 304
    wait_for(own_service, publish(own_service.database, case_study("an-effort")))
    after = own_client.get(LONG, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert '"an-effort"' in after.text
    since = {"If-Modified-Since": before.headers["Last-Modified"]}
    assert own_client.get(LONG, headers=since).status_code == 200


@pytest.mark.one_database
def test_an_export_tells_its_license_and_revision(client: httpx.Client) -> None:
    answer = client.get(SHORT)
    assert answer.links["license"]["url"] == "https://creativecommons.org/licenses/by/4.0/"
    assert int(answer.headers["Directory-Revision"]) == client.get("/v1").json()["revision"]
    assert answer.headers["Cache-Control"].startswith("public, max-age=")


@pytest.mark.one_database
def test_a_short_export_has_a_length_and_a_digest_and_a_long_one_is_streamed(
    client: httpx.Client,
) -> None:
    for encoding in ("identity", "gzip", "br"):
        short = encoded(client, SHORT, encoding)
        digest = b64encode(sha256(short.extensions["raw"]).digest()).decode()
        assert short.headers["Repr-Digest"] == f"sha-256=:{digest}:"
        assert int(short.headers["Content-Length"]) == len(short.extensions["raw"])
        long = encoded(client, LONG, encoding)
        assert not {"repr-digest", "content-length"} & set(long.headers)


@pytest.mark.one_database
@pytest.mark.parametrize("path", [SHORT, LONG])
def test_head_tells_of_an_export_what_get_would(client: httpx.Client, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    names = {"etag", "last-modified", "cache-control", "directory-revision", "link"}
    names |= {"content-encoding", "content-disposition", "content-type"}
    for name in names:
        assert head.headers[name] == get.headers[name]


@pytest.mark.one_database
@each_table
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["limit", "cursor", "sort", "fields", "facets"])
def test_what_means_nothing_in_an_export_is_refused(
    client: httpx.Client, table: str, form: str, name: str
) -> None:
    answer = client.get(f"/v1/exports/{table}.{form}?{name}=1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    error = answer.json()["errors"][0]
    assert (error["parameter"], error["code"]) == (name, "unknown_parameter")
    assert name not in error["allowed"]


@pytest.mark.one_database
@each_table
def test_other_forms_are_not_found(client: httpx.Client, table: str) -> None:
    assert client.get(f"/v1/exports/{table}.xlsx").status_code == 404
    assert client.get(f"/v1/exports/{table}").status_code == 404


@pytest.mark.slow
def test_more_than_one_statement_can_carry_at_once_is_still_exported(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(
        own_service,
        publish(
            own_service.database,
            *(case_study(f"effort-{number}", title="Zzyzx") for number in range(700)),
        ),
    )
    slugs = [document["slug"] for document in exported(own_client, "case-studies", "ndjson")]
    assert slugs == sorted(slugs)
    assert {f"effort-{number}" for number in range(700)} < set(slugs)


@pytest.mark.parametrize("filters", [{}, {"state": "ID"}])
def test_an_export_is_of_the_revision_that_it_names_whatever_is_published_meanwhile(
    filters: dict[str, str], seeded_url: str
) -> None:
    with closing(Database(seeded_url)) as database:
        index = Index(database)
        index.catch_up()
        selected = (database, index, tables.TABLES["case-studies"])
        query = index.query("case-study", filters.items())
        before = list(exports.documents(*selected, query))
        being_read = exports.documents(*selected, query)
        publish(database, case_study("published-meanwhile"))
        assert list(being_read) == before


@pytest.mark.slow
def test_clients_that_hang_up_early_do_no_harm(
    own_service: Service, own_client: httpx.Client
) -> None:
    prose = "A long paragraph. " * 1000 + "[^s1]"
    wait_for(
        own_service,
        publish(
            own_service.database,
            *(case_study(f"effort-{number}", approach=prose) for number in range(300)),
        ),
    )
    for _ in range(40):
        url = httpx.URL(own_service.url)
        with socket.create_connection((url.host, url.port)) as hanging_up:
            hanging_up.sendall(
                b"GET /v1/exports/case-studies.ndjson HTTP/1.1\r\nHost: here\r\n\r\n"
            )
            assert hanging_up.recv(1000).startswith(b"HTTP/1.1 200")
    assert len(exported(own_client, "case-studies", "ndjson", "q=paragraph&match=exact")) == 300
    assert own_client.get("/v1/case-studies/boise-id").status_code == 200
    wait_for(own_service, publish(own_service.database, case_study("an-effort")))
    assert own_client.get("/v1/case-studies/an-effort").status_code == 200

"""What a researcher does with the files that hold everything: open each with another program, and find exactly what is public."""

import io
import json
import socket
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from publishing import case_study, publish, wait_for
from serving import Service

from app.research import parquet
from app.research.archives import ARCHIVES
from app.research.tables import TABLES, Table
from app.web.admission import MAX_EXPORTS

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
SQLITE = "/v1/exports/model-districts.sqlite"
PARQUET = "/v1/exports/model-districts-parquet.zip"
each_archive = pytest.mark.parametrize("address", [f"/v1/exports/{each.name}" for each in ARCHIVES])


def fetched(client: httpx.Client, address: str) -> bytes:
    """A file, whole."""
    return client.get(address).raise_for_status().content


def rows_of(client: httpx.Client, table: Table) -> list[Json]:
    """The rows of a table with the value of each column, made from what JSON gives."""
    rows: list[Json] = client.get(f"/v1/exports/{table.name}.json").raise_for_status().json()
    return [table.cells(row) for row in rows] if table.is_of_records else rows


@pytest.fixture(scope="module")
def sqlite_file(
    client: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    """The SQLite file, opened as a reader does."""
    path = tmp_path_factory.mktemp("sqlite") / "model-districts.sqlite"
    path.write_bytes(fetched(client, SQLITE))
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
        opened.row_factory = sqlite3.Row
        yield opened


@pytest.fixture(scope="module")
def parquet_files(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the Parquet files."""
    folder = tmp_path_factory.mktemp("parquet")
    with zipfile.ZipFile(io.BytesIO(fetched(client, PARQUET))) as package:
        assert package.testzip() is None
        package.extractall(folder)
    return folder


def test_the_sqlite_file_holds_exactly_what_is_public(
    client: httpx.Client, sqlite_file: sqlite3.Connection
) -> None:
    for table in TABLES.values():
        lists = [column.name for column in table.columns if column.is_list]
        rows = [
            dict(row)
            for row in sqlite_file.execute(f"SELECT * FROM {table.name.replace('-', '_')}")
        ]
        for row in rows:
            row.update({name: json.loads(row[name]) for name in lists})
        expected = rows_of(client, table)
        assert len(expected) > 1
        assert rows == expected


def test_every_foreign_key_of_the_sqlite_file_leads_to_a_row(
    sqlite_file: sqlite3.Connection,
) -> None:
    assert sqlite_file.execute("PRAGMA foreign_key_check").fetchall() == []
    assert sqlite_file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    for table in TABLES.values():
        name = table.name.replace("-", "_")
        keys = sqlite_file.execute(f"PRAGMA foreign_key_list({name})").fetchall()
        assert {key["table"] for key in keys} == {
            reference.table.replace("-", "_") for reference in table.references
        }
        columns = sqlite_file.execute(f"PRAGMA table_info({name})").fetchall()
        assert tuple(column["name"] for column in columns if column["pk"]) == table.key


def test_the_sqlite_file_says_what_it_is_and_what_its_columns_mean(
    client: httpx.Client, sqlite_file: sqlite3.Connection
) -> None:
    about = dict(sqlite_file.execute("SELECT name, value FROM about").fetchall())
    assert about["revision"] == str(client.get("/v1").json()["revision"])
    assert about["license_url"] == "https://creativecommons.org/licenses/by/4.0/"
    assert f"Revision {about['revision']}" in about["cite"]
    assert about["cite"].endswith(f"{SQLITE}?as_of={about['revision']}")
    explained = sqlite_file.execute(
        "SELECT table_name, column_name, description FROM codebook ORDER BY table_name, number"
    ).fetchall()
    assert [tuple(row) for row in explained] == [
        (table.name.replace("-", "_"), column.name, column.description)
        for table in sorted(TABLES.values(), key=lambda table: table.name.replace("-", "_"))
        for column in table.columns
    ]
    (schema,) = sqlite_file.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'districts'"
    ).fetchone()
    for column in TABLES["districts"].columns:
        assert f'"{column.name}"' in schema
        assert f"-- {column.description}" in schema


@pytest.mark.one_database
def test_the_same_revision_gives_the_same_bytes(client: httpx.Client) -> None:
    for address in (SQLITE, "/v1/exports/model-districts.zip"):
        assert fetched(client, address) == fetched(client, address)


def test_duckdb_reads_the_parquet_files(client: httpx.Client, parquet_files: Path) -> None:
    opened = duckdb.connect()
    for table in TABLES.values():
        file = parquet_files / f"{table.name}.parquet"
        (count,) = opened.execute(f"SELECT count(*) FROM '{file}'").fetchone() or (0,)
        assert count == len(rows_of(client, table)) > 1
    about = json.loads((parquet_files / "datapackage.json").read_text())
    assert about["licenses"][0]["name"] == "CC-BY-4.0"
    assert {resource["path"] for resource in about["resources"]} == {
        path.name for path in parquet_files.glob("*.parquet")
    }


@pytest.mark.one_database
def test_without_pyarrow_the_answer_says_what_to_take_instead(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "pyarrow", None)
    answer = client.get(PARQUET)
    assert (answer.status_code, answer.headers["Content-Type"]) == (501, "application/problem+json")
    assert "model-districts.sqlite" in answer.json()["detail"]


@pytest.mark.one_database
@each_archive
def test_an_archive_is_named_for_its_revision_and_not_sent_again_unchanged(
    client: httpx.Client, address: str
) -> None:
    whole = client.get(address)
    revision = client.get("/v1").json()["revision"]
    assert f"-{revision}." in whole.headers["Content-Disposition"]
    assert whole.headers["Directory-Revision"] == str(revision)
    assert whole.links["license"]["url"] == "https://creativecommons.org/licenses/by/4.0/"
    again = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Disposition", "Last-Modified", "Link"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.one_database
def test_a_download_tells_its_length_if_it_is_not_compressed(client: httpx.Client) -> None:
    plain = client.get(SQLITE, headers={"Accept-Encoding": "identity"})
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    packed = client.get(SQLITE, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert "Content-Encoding" not in client.get("/v1/exports/model-districts.zip").headers


@pytest.mark.slow
def test_an_older_revision_gives_the_file_that_it_gave(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = own_client.get(SQLITE).raise_for_status()
    wait_for(own_service, publish(own_service.database, case_study("an-effort")))
    then = f"{SQLITE}?as_of={before.headers['Directory-Revision']}"
    assert fetched(own_client, then) == before.content != fetched(own_client, SQLITE)


@pytest.mark.one_database
@each_archive
def test_an_archive_takes_no_filters(client: httpx.Client, address: str) -> None:
    assert client.get(f"{address}?state=OR").status_code == 400


@pytest.mark.slow
def test_a_file_made_while_others_publish_is_of_one_revision(
    own_service: Service, own_client: httpx.Client
) -> None:
    ended = threading.Event()

    def publish_and_withdraw() -> None:
        number = 0
        while not ended.is_set():
            publish(own_service.database, case_study(f"effort-{number}"))
            number += 1

    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(publish_and_withdraw)
        files = [own_client.get(SQLITE) for _ in range(8)]
        ended.set()
        publishing.result()
    made = [file for file in files if file.status_code == 200]
    assert made
    for file in made:
        opened = sqlite3.connect(":memory:")
        opened.deserialize(file.content)
        assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
        (revision,) = opened.execute("SELECT value FROM about WHERE name = 'revision'").fetchone()
        assert file.headers["Directory-Revision"] == revision
        (total,) = opened.execute("SELECT count(*) FROM case_studies").fetchone()
        (counted,) = opened.execute("SELECT count(DISTINCT case_study) FROM sources").fetchone()
        assert counted == total
    wait_for(own_service, publish(own_service.database, case_study("the-last")))


@pytest.mark.one_database
@pytest.mark.slow
def test_a_client_that_hangs_up_gives_its_place_back(
    service: Service, client: httpx.Client
) -> None:
    url = httpx.URL(service.url)
    for _ in range(MAX_EXPORTS + 4):
        with socket.create_connection((url.host, url.port)) as hanging_up:
            hanging_up.sendall(f"GET {SQLITE} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            assert hanging_up.recv(1000).startswith(b"HTTP/1.1 200")
    assert client.get(SQLITE).status_code == 200


@pytest.mark.one_database
@pytest.mark.slow
def test_only_a_few_archives_are_sent_at_a_time(
    own_service: Service, own_client: httpx.Client
) -> None:
    prose = "A paragraph of words that fills what a network holds on its way. " * 250
    many = (case_study(f"effort-{number}", approach=prose) for number in range(700))
    wait_for(own_service, publish(own_service.database, *many))
    url = httpx.URL(own_service.url)
    with ExitStack() as slow_readers:
        for _ in range(MAX_EXPORTS):
            reader = slow_readers.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # takes little at a time
            reader.connect((url.host, url.port))
            reader.sendall(f"GET {SQLITE} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            assert reader.recv(100).startswith(b"HTTP/1.1 200")
        refused = own_client.get(SQLITE)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert own_client.head(SQLITE).status_code == 200  # makes no file

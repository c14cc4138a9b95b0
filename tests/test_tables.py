"""What a researcher does with the tables: take each in every format, load it elsewhere, and join it."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import geojson
import httpx
import pyarrow.parquet
import pytest
from jsonschema import Draft202012Validator

from app.research import formats
from app.research.tables import TABLES, Table

pytestmark = pytest.mark.few_records
Json = dict[str, Any]
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
each_table = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


def export(client: httpx.Client, name: str, format_: str, question: str = "") -> bytes:
    """An export, whole."""
    return client.get(f"/v1/exports/{name}.{format_}?{question}").raise_for_status().content


def csv_rows(client: httpx.Client, name: str, question: str = "") -> list[dict[str, str]]:
    """The rows of a table, as a CSV reader gives them."""
    text = export(client, name, "csv", question).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def json_rows(client: httpx.Client, name: str, question: str = "") -> list[Json]:
    """The rows of a table, as JSON gives them."""
    rows: list[Json] = json.loads(export(client, name, "json", question))
    return rows


@pytest.mark.slow
@each_table
def test_every_format_has_the_same_rows(client: httpx.Client, table: Table, tmp_path: Path) -> None:
    rows = json_rows(client, table.name)
    assert len(rows) > 1
    ndjson = [json.loads(line) for line in export(client, table.name, "ndjson").splitlines()]
    assert ndjson == rows
    assert len(csv_rows(client, table.name)) == len(rows)
    file = tmp_path / "table.parquet"
    file.write_bytes(export(client, table.name, "parquet"))
    assert pyarrow.parquet.read_table(file).num_rows == len(rows)
    if "geojson" in formats.formats_of(table):
        collection = json.loads(export(client, table.name, "geojson"))
        assert [feature["id"] for feature in collection["features"]] == [
            row["slug"] for row in rows
        ]


@each_table
def test_the_key_of_a_table_names_each_row_once(client: httpx.Client, table: Table) -> None:
    rows = csv_rows(client, table.name)
    keys = [tuple(row[name] for name in table.key) for row in rows]
    assert len(set(keys)) == len(keys)


@each_table
def test_every_reference_leads_to_a_row(client: httpx.Client, table: Table) -> None:
    for reference in table.references:
        referred = {
            tuple(row[name] for name in reference.referred)
            for row in csv_rows(client, reference.table)
        }
        for row in csv_rows(client, table.name):
            names = tuple(row[name] for name in reference.columns)
            assert names in referred or "" in names


@each_table
def test_every_column_says_what_it_means(table: Table) -> None:
    for column in table.columns:
        assert column.description.endswith("."), column.name


def test_outcomes_are_those_of_the_case_studies(client: httpx.Client) -> None:
    by_case: dict[str, list[Json]] = {}
    for row in json_rows(client, "outcomes"):
        by_case.setdefault(row.pop("case_study"), []).append(row)
    for document in json_rows(client, "case-studies"):
        expected = [
            {"number": number, **outcome}
            for number, outcome in enumerate(document["outcomes"], start=1)
        ]
        assert by_case.get(document["slug"], []) == expected


def test_the_filters_of_a_search_select_the_parts(client: httpx.Client) -> None:
    question = "strategy=food-security&rurality=rural"
    slugs = {row["slug"] for row in json_rows(client, "case-studies", question)}
    rows = json_rows(client, "sources", question)
    assert {row["case_study"] for row in rows} == slugs


@pytest.mark.slow
def test_a_federal_id_is_text_in_every_format(client: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "districts.parquet"
    file.write_bytes(export(client, "districts", "parquet"))
    leaids = (
        duckdb.connect()
        .execute(f"SELECT nces_leaid FROM '{file}' WHERE nces_leaid IS NOT NULL")
        .fetchall()
    )
    assert leaids
    assert all(isinstance(leaid, str) and len(leaid) == 7 for (leaid,) in leaids)


def test_outcomes_join_with_their_districts_in_a_database(
    client: httpx.Client, tmp_path: Path
) -> None:
    for name in ("outcomes", "case-districts", "districts"):
        (tmp_path / f"{name}.parquet").write_bytes(export(client, name, "parquet"))
    joined = (
        duckdb.connect()
        .execute(
            f"""
        SELECT count(*) FROM '{tmp_path}/outcomes.parquet' AS outcomes
        JOIN '{tmp_path}/case-districts.parquet' AS pairs USING (case_study)
        JOIN '{tmp_path}/districts.parquet' AS districts ON districts.slug = pairs.district
        """
        )
        .fetchall()
    )
    pairs = [row["case_study"] for row in json_rows(client, "case-districts")]
    outcomes = [row["case_study"] for row in json_rows(client, "outcomes")]
    assert joined == [(sum(pairs.count(case_study) for case_study in outcomes),)]


def test_a_validator_of_geojson_accepts_every_file(client: httpx.Client) -> None:
    for name in ("case-studies", "districts"):
        collection = geojson.loads(export(client, name, "geojson"))
        assert collection.is_valid, collection.errors()
        assert len(collection.features) == len(csv_rows(client, name))


def test_places_stand_in_geojson_with_longitude_first(client: httpx.Client) -> None:
    collection = json.loads(export(client, "districts", "geojson"))
    assert collection["type"] == "FeatureCollection"
    places = {row["slug"]: row["place"] for row in json_rows(client, "districts")}
    for feature in collection["features"]:
        place = places[feature["id"]]
        geometry = place and {
            "type": "Point",
            "coordinates": [place["longitude"], place["latitude"]],
        }
        assert feature["geometry"] == geometry


@pytest.mark.one_database
def test_files_that_can_say_so_tell_their_license(client: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "outcomes.parquet"
    file.write_bytes(export(client, "outcomes", "parquet"))
    about = pyarrow.parquet.read_schema(file).metadata
    collection = json.loads(export(client, "districts", "geojson"))
    assert about[b"license"].decode() == collection["license"] == LICENSE


@pytest.mark.one_database
def test_a_format_that_a_table_lacks_is_answered_with_those_it_has(client: httpx.Client) -> None:
    answer = client.get("/v1/exports/outcomes.geojson")
    assert answer.status_code == 404
    assert "outcomes.parquet" in answer.json()["detail"]


@pytest.mark.one_database
def test_a_vocabulary_takes_no_filters(client: httpx.Client) -> None:
    answer = client.get("/v1/exports/strategies.csv?state=OR")
    assert answer.status_code == 400


def test_the_codebook_counts_the_rows_and_what_is_filled(client: httpx.Client) -> None:
    tables = {table["name"]: table for table in client.get("/v1/codebook").json()["data"]}
    assert list(tables) == list(TABLES)
    for name in ("districts", "outcomes", "organizations"):
        rows = csv_rows(client, name)
        assert tables[name]["rows"] == len(rows)
        assert list(rows[0]) == [column["name"] for column in tables[name]["columns"]]
        for column in tables[name]["columns"]:
            assert column["filled"] == sum(row[column["name"]] != "" for row in rows)


@pytest.mark.slow
@each_table
def test_every_line_fits_the_json_schema_that_the_codebook_leads_to(
    client: httpx.Client, table: Table
) -> None:
    tables = {each["name"]: each for each in client.get("/v1/codebook").json()["data"]}
    schema = client.get(tables[table.name]["schema_link"]).raise_for_status().json()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    lines = export(client, table.name, "ndjson").splitlines()
    assert lines
    for line in lines:
        validator.validate(json.loads(line))
    if isinstance(first := json.loads(lines[0]), dict):
        first.pop(table.key[0])
        assert not validator.is_valid(first)


@pytest.mark.one_database
def test_a_table_that_does_not_exist_has_no_schema(client: httpx.Client) -> None:
    answer = client.get("/v1/codebook/outcome/schema")
    assert answer.status_code == 404
    assert "outcomes" in answer.text


@pytest.mark.slow
def test_the_data_package_is_valid_and_joins(client: httpx.Client, tmp_path: Path) -> None:
    answer = client.get("/v1/exports/model-districts.zip").raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert package.testzip() is None
        package.extractall(tmp_path)
    for name in TABLES:
        assert (tmp_path / f"{name}.csv").read_bytes() == export(client, name, "csv")
    validation = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "frictionless", "validate", "datapackage.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert validation.returncode == 0, validation.stdout[-3000:] + validation.stderr[-3000:]


@pytest.mark.one_database
def test_a_package_that_has_not_changed_is_not_sent_again(client: httpx.Client) -> None:
    address = "/v1/exports/model-districts.zip"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304

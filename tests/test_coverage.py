"""Coverage: what the directory holds by two facets, and what it holds nothing of."""

import re

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import cli

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]  # search works in memory


def coverage(client: httpx.Client, **parameters: str) -> dict[str, list[dict[str, object]]]:
    """The cross-tab."""
    answer = client.get("/v1/coverage", params=parameters)
    assert answer.status_code == 200, answer.text
    data: dict[str, list[dict[str, object]]] = answer.json()["data"]
    return data


@pytest.mark.parametrize("kind", ["case-study", "district"])
def test_each_cell_counts_what_the_search_finds(kind: str, client: httpx.Client) -> None:
    path = "/v1/case-studies" if kind == "case-study" else "/v1/districts"
    table = coverage(client, rows="region", columns="evidence", kind=kind)
    for row in table["rows"]:
        for column, count in zip(table["columns"], row["counts"], strict=True):  # type: ignore[call-overload]
            filters = {
                "region": row["value"] or "not-stated",
                "evidence": column["value"] or "not-stated",
                "limit": "0",
            }
            assert client.get(path, params=filters).json()["meta"]["total"] == count, filters  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["case-study", "district"])
def test_the_line_to_cite_leads_to_the_same_table(kind: str, client: httpx.Client) -> None:
    table = client.get("/v1/coverage", params={"rows": "region", "kind": kind}).json()
    address = re.search(r"https?://\S+/v1/coverage\S*", table["meta"]["cite"])
    assert address is not None
    path = address[0].rstrip(".").partition("/v1/")[2]
    assert client.get(f"/v1/{path}").json()["data"] == table["data"]


def test_every_state_has_a_row_and_what_is_missing_is_named(client: httpx.Client) -> None:
    table = coverage(client)
    states = {term["value"] for term in client.get("/v1/states").json()["data"]}
    assert {row["value"] for row in table["rows"]} - {None} == states
    assert {row["value"] for row in table["missing"]} == {
        row["value"] for row in table["rows"] if row["total"] == 0
    }


def test_a_facet_that_is_not_known_is_refused_with_those_that_are(client: httpx.Client) -> None:
    (error,) = client.get("/v1/coverage?rows=county").json()["errors"]
    assert (error["parameter"], "state" in error["allowed"]) == ("rows", True)


def test_the_command_prints_the_table_and_what_is_missing(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(cli, ["coverage", "--rows", "state", "--columns", "rurality"])
    assert result.exit_code == 0
    assert "Oregon" in result.output
    assert "Guam" in result.output

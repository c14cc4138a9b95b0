"""The same rows do the same in every format; what cannot be read is told at once or row by row; every column has a template."""

import json
from typing import Any

import httpx
import pytest
from importing import TYPES, Json, as_xlsx, commit, plan, results, rows_of, send
from people import SOURCE, People, case_study, district

pytestmark = [
    pytest.mark.few_records,
    pytest.mark.one_database,
]  # how a file is read cannot differ by database

FORMATS = list(TYPES)
BOISE = "boise-school-district-id"
FULL_DISTRICT = district(
    "every-format-id",
    name='Every "Format", really\nand truly',
    nces_leaid="1600123",
    locale="41",
    locale_year=2023,
    locale_source="NCES EDGE 2023-24",
    enrollment=1234,
    enrollment_year=2023,
    enrollment_source="NCES CCD",
    latitude=43.5,
    longitude=-116.25,
    place_basis="office",
    place_source="NCES EDGE",
    aliases=["EF", "École Format"],
)
FULL_CASE = case_study(
    "every-part",
    title="Every part of it",
    started_year=2016,
    started_year_source="s1",
    outcomes=[
        {
            "indicator": "attendance",
            "finding": "It rose, slowly",
            "value": 2.5,
            "unit": "percentage-points",
            "direction": "better",
            "design": "descriptive",
            "source": "s1",
        }
    ],
    scale=[
        {
            "measure": "schools | sites",
            "value": 4,
            "unit": "schools",
            "year": 2019,
            "source": "s1",
        }
    ],
    partners=[{"name": "The Y", "type": "nonprofit", "source": "s1"}],
)


def shown(editor: httpx.Client, planned: httpx.Response) -> list[Any]:
    """All that a plan says of its rows but where they stand in the file."""
    return [
        {name: value for name, value in row.items() if name != "origin"}
        for row in rows_of(editor, planned)
    ]


def codes(answer: httpx.Response) -> list[str]:
    """Why a file is refused."""
    assert answer.status_code in (400, 422), answer.text
    return [fault["code"] for fault in answer.json()["errors"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "rows", "does"),
    [
        (
            "district",
            [
                FULL_DISTRICT,
                {"slug": BOISE, "city": "Elsewhere"},
                district("refused-id", state="ZZ", enrollment="many"),
            ],
            ["created", "changed", "refused"],
        ),
        (
            "case-study",
            [
                FULL_CASE,
                case_study("no-source", title="Another", sources=[]),
                case_study("odd", title="Odd", models=["odd"]),
            ],
            ["created", "created", "refused"],
        ),
    ],
)
def test_the_same_rows_make_the_same_plan_in_every_format(
    people: People, kind: str, rows: list[Json], does: list[str]
) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    unchanged = people.ada.get(f"/districts/{BOISE}").json()["data"]
    rows = [
        {
            name: row.get(name, unchanged.get(name) if row["slug"] == BOISE else None)
            for name in names
        }
        for row in rows
    ]
    plans = {
        format_: shown(people.ada, plan(people.ada, rows, kind, format_)) for format_ in FORMATS
    }
    assert [row["result"] for row in plans["ndjson"]] == does
    assert plans["csv"] == plans["xlsx"]
    assert plans["ndjson"] == plans["json"]
    for from_a_table, from_json in zip(plans["csv"], plans["json"], strict=True):
        if (
            from_a_table["result"] == "refused"
        ):  # the row as the file has it: a cell without a value is an empty list nowhere else
            del from_a_table["document"], from_json["document"]
        assert from_a_table == from_json


def test_every_part_of_a_case_study_comes_whole_out_of_a_table(people: People) -> None:
    planned = plan(people.ada, [FULL_CASE], "case-study", "csv")
    commit(people.ada, planned).raise_for_status()
    kept = people.ada.get("/case-studies/every-part").json()["data"]
    assert kept["outcomes"][0]["value"] == 2.5
    assert (kept["scale"][0]["measure"], kept["sources"][0]["id"]) == (
        "schools | sites",
        SOURCE["id"],
    )


def test_a_number_in_the_column_of_leaids_gets_the_zero_back_that_a_spreadsheet_took(
    people: People,
) -> None:
    table: list[list[Any]] = [
        ["slug", "name", "state", "nces_leaid", "locale"],
        ["zeroes-al", "Zeroes", "AL", 100124.0, 41],
    ]
    [row] = rows_of(people.ada, send(people.ada, as_xlsx(table), "xlsx"))
    assert (row["document"]["nces_leaid"], row["document"]["locale"]) == ("0100124", "41")


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_csv_is_taken_as_spreadsheet_programs_write_it(
    people: People, delimiter: str, line_end: str
) -> None:
    lines = [
        "\N{BYTE ORDER MARK}slug,city,county",
        "boise-school-district-id,Nampa,",
        "",
        '"rsu-9-me","Far\nmington",x',
        ",,",
    ]
    body = line_end.join(lines).replace(",", delimiter).encode()
    assert [
        (row["slug"], row["result"]) for row in rows_of(people.ada, send(people.ada, body))
    ] == [
        (BOISE, "changed"),
        ("rsu-9-me", "changed"),
    ]


@pytest.mark.parametrize(
    ("format_", "body", "reason"),
    [
        ("csv", b"", "missing_column"),
        ("csv", b"name,city\nX,Boise\n", "missing_column"),
        ("csv", b"slug,naem\nx,X\n", "unknown_column"),
        ("csv", b"slug,city,slug\nx,X,x\n", "repeated"),
        ("csv", b"s\0l\0u\0g\0\n\0", "not_utf8"),
        ("csv", "slug,näme\n".encode("latin-1"), "unknown_column"),
        ("json", b'[{"slug" 1}]', "not_json"),
        ("csv", b'slug,"na\n', "not_csv"),
        ("json", b'{"slug": "x"}', "not_json"),
        ("json", b"", "not_json"),
        ("xlsx", b"slug,name\n", "not_xlsx"),
        ("xlsx", as_xlsx([["slug"]])[:-40], "not_xlsx"),
        ("xlsx", as_xlsx([["slug", "naem"]]), "unknown_column"),
        (
            "xlsx",
            as_xlsx([], sheet='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "too_large",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(
    people: People, format_: str, body: bytes, reason: str
) -> None:
    assert codes(send(people.ada, body, format_)) == [reason]


def test_an_unknown_column_is_told_with_the_nearest(people: People) -> None:
    fault = send(people.ada, b"slug,enrolment\nx,1\n").json()["errors"][0]
    assert (fault["pointer"], fault["nearest"][0]) == ("/enrolment", "enrollment")


@pytest.mark.parametrize(
    ("format_", "body", "reasons"),
    [
        (
            "csv",
            b"slug,city\nx\nboise-school-district-id,Boise,Idaho\n",
            ["wrong_number_of_cells", "wrong_number_of_cells"],
        ),
        ("csv", b'slug,city\nx,"B"oise\nrsu-9-me,A\n', ["not_csv", None]),
        (
            "csv",
            "slug,city\nrsu-9-me,Färm\n".encode() + b"boise-school-district-id,B\xf6",
            [None, "not_csv"],
        ),
        (
            "ndjson",
            b'{"slug": "rsu-9-me"}\n\n{"slug": \n[1]\n',
            [None, "not_json", "not_an_object"],
        ),
        (
            "ndjson",
            b'{"slug": "' + b"x" * 2_100_000 + b'"}\n{"slug": "rsu-9-me"}\n',
            ["too_large", None],
        ),
        (
            "ndjson",
            b'{"slug": "deep-id", "name": ' + b"[" * 400 + b"]" * 400 + b', "state": "ID"}\n',
            ["too_deep"],
        ),
        (
            "ndjson",
            b'{"slug": "rsu-9-me", "city": [{"a": ' + b"[" * 900 + b"]" * 900 + b"}]}\n",
            ["too_deep"],
        ),
        (
            "json",
            b'[{"slug": "rsu-9-me", "city": ' + b"[" * 500 + b"]" * 500 + b'}, {"slug": "x"}]',
            ["too_deep", "missing"],
        ),
        (
            "json",
            b'[{"slug": "rsu-9-me"}, [{"slug": "x"}], 7, {"slug": "x", "slug": "y"}]',
            [None, "not_an_object", "not_an_object", "repeated_key"],
        ),
        ("ndjson", b'{"slug": "rsu-9-me", "city": "A", "city": "B"}\n', ["repeated_key"]),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_and_the_others_are_read(
    people: People, format_: str, body: bytes, reasons: list[str | None]
) -> None:
    found = results(people.ada, send(people.ada, body, format_))
    assert [faults[0] if faults else None for _, _, faults in found] == reasons


@pytest.mark.parametrize("levels", [60, 500, 1010, 5000])
def test_a_cell_that_nests_too_deeply_refuses_its_row(people: People, levels: int) -> None:
    cell = "[" * levels + "]" * levels
    planned = send(people.ada, f"slug,outcomes\nx,{cell}\ny,\n".encode(), kind="case-study")
    first, second = rows_of(people.ada, planned)
    assert first["faults"][0]["pointer"] == "/outcomes"
    assert first["faults"][0]["code"] in ("too_deep", "not_json")
    assert second["faults"][0]["code"] == "missing"


@pytest.mark.parametrize("format_", ["ndjson", "json", "csv"])
def test_a_key_that_is_repeated_inside_a_part_is_named_where_it_stands(
    people: People, format_: str
) -> None:
    outcomes = '[{"finding": "A", "finding": "B"}]'
    row = f'{{"slug": "x", "title": "An effort", "outcomes": {outcomes}}}'
    cell = outcomes.replace('"', '""')
    bodies = {
        "ndjson": row,
        "json": f"[{row}]",
        "csv": f'slug,title,outcomes\nx,An effort,"{cell}"\n',
    }
    planned = send(people.ada, bodies[format_].encode(), format_, "case-study")
    [row_planned] = rows_of(people.ada, planned)
    fault = row_planned["faults"][0]
    assert (fault["code"], fault["pointer"]) == ("repeated_key", "/outcomes/0/finding")


def test_a_row_with_very_many_faults_says_how_many_more_it_has(people: People) -> None:
    row = case_study("many-faults", outcomes=[{"finding": "X"}] * 150)
    [planned] = rows_of(people.ada, plan(people.ada, [row], "case-study"))
    assert len(planned["faults"]) == 101
    assert planned["faults"][-1]["code"] == "more_faults"
    assert "more faults are not listed" in planned["faults"][-1]["detail"]


def test_a_file_that_breaks_off_later_makes_a_plan_that_cannot_be_committed(people: People) -> None:
    planned = send(people.ada, b'[{"slug": "rsu-9-me"}, {"slug" 7}]', "json")
    data = planned.json()["data"]
    assert (data["state"], data["rows_seen"], "entry 1" in data["problem"]) == ("failed", 0, True)
    assert commit(people.ada, planned).status_code == 409


@pytest.mark.slow
def test_only_the_four_kinds_of_files_are_taken_and_none_larger_than_64_mib(people: People) -> None:
    other = people.ada.post(
        "/imports?kind=district", content=b"a", headers={"Content-Type": "text/html"}
    )
    assert (other.status_code, "text/csv" in other.headers["Accept"]) == (415, True)
    large = people.ada.post(
        "/imports?kind=district",
        content=(b"x" * 2**20 for _ in range(65)),
        headers={"Content-Type": "text/csv"},
    )
    assert large.status_code == 413
    assert codes(
        people.ada.post("/imports", content=b"slug\n", headers={"Content-Type": "text/csv"})
    ) == ["missing"]
    assert codes(
        people.ada.post(
            "/imports?kind=strategy", content=b"slug\n", headers={"Content-Type": "text/csv"}
        )
    ) == ["unknown_value"]


@pytest.mark.parametrize("kind", ["district", "case-study"])
@pytest.mark.parametrize("extension", ["csv", "ndjson"])
def test_a_template_has_every_column_and_an_example_that_could_be_sent(
    people: People, kind: str, extension: str
) -> None:
    answer = people.ada.get(f"/imports/templates/{kind}.{extension}")
    planned = send(people.ada, answer.content, extension, kind)
    assert (
        planned.json()["data"]["counts"]["created"],
        planned.json()["data"]["not_publishable"],
    ) == (1, 0)
    [row] = rows_of(people.ada, planned)
    columns = (
        json.loads(answer.content)
        if extension == "ndjson"
        else answer.text.splitlines()[0].split(",")
    )
    assert set(columns) == set(row["document"])
    assert all(value not in (None, [], "") for value in row["document"].values())


def test_the_public_export_of_districts_can_be_sent_in_and_changes_nothing(people: People) -> None:
    exported = people.ada.get(f"{people.service.url}/v1/exports/districts.csv?state=OR").content
    data = send(people.ada, exported).json()["data"]
    assert data["counts"] == {
        "created": 0,
        "changed": 0,
        "unchanged": data["rows_seen"],
        "refused": 0,
        "passed_over": 0,
    }
    assert {"rurality", "case_studies", "updated_at"} <= set(data["ignored_columns"])
    assert data["rows_seen"] > 1


@pytest.mark.parametrize("format_", FORMATS)
def test_a_refused_row_of_any_format_comes_back_in_the_csv(people: People, format_: str) -> None:
    row = {
        **FULL_DISTRICT,
        "slug": f"mended-{format_}-id",
        "name": f"Mended {format_}",
        "nces_leaid": None,
        "state": "ZZ",
    }
    planned = plan(
        people.ada, [row | {"aliases": ["a", "[c"], "enrollment": "many"}], format_=format_
    )
    returned = people.ada.get(planned.json()["links"]["refused"].removeprefix("/v1/admin")).content
    [mended] = rows_of(
        people.ada, send(people.ada, returned.replace(b",ZZ,", b",ID,").replace(b"many", b"12"))
    )
    assert mended["faults"] == []
    assert (mended["document"]["aliases"], mended["document"]["enrollment"]) == (["a", "[c"], 12)
    assert mended["document"]["name"] == f"Mended {format_}"

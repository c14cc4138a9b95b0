# ruff: noqa: RUF001
"""Files as people have them: federal exports, state lists, spreadsheets. Each goes in, or says what to do."""

import io
import zipfile
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from importing import TYPES, Json, as_csv, as_workbook, as_xlsx, commit, rows_of
from people import People, create, district

pytestmark = [
    pytest.mark.few_records,
    pytest.mark.one_database,
]  # how a file is read cannot differ by database

BOISE = "boise-school-district-id"
BOISE_LEAID = "1600360"
ELSI = "\n".join(
    (
        "\ufeffELSI Export",
        "",
        '"National Center for Education Statistics, U.S. Department of Education"',
        "",
        '"Agency Name","State Name [District] Latest available year",'  # noqa: ISC004
        '"State Abbr [District] Latest available year","Agency Name [District] 2023-24",'
        '"Agency ID - NCES Assigned [District] Latest available year",'
        '"County Name [District] 2023-24","Locale [District] 2023-24",'
        '"Total Students All Grades (Excludes AE) [District] 2023-24"',
        '"WEIPPE ELSI","Idaho","ID","Weippe Elsi","1699001","†","41-Rural: Fringe","1,482"',
        '"KAMIAH ELSI","Idaho","ID","Kamiah Elsi","1699002","Lewis County","†","–"',
        "",
        '"Data Source: U.S. Department of Education, CCD 2023-24 v.1a."',
        "† indicates that the data are not applicable.",
    )
)
STATE_LIST = """Institution ID,NCES ID,Institution,County,City,ADM (Oct 1)
Central Oregon,,,,,
,4199001,Alfalfa Schools,Deschutes,Alfalfa,"1,173"
,4199002,Brothers Schools,Deschutes,Brothers,"17,068"
Total,,,,,"18,241"
"""


def send(
    editor: httpx.Client, body: bytes | str, format_: str = "csv", **options: Any
) -> httpx.Response:
    """What an editor gets for a file of districts that is sent with options."""
    content = body.encode() if isinstance(body, str) else body
    query = urlencode({"kind": "district", **options}, doseq=True)
    headers = {"Content-Type": TYPES[format_]}
    return editor.post(f"/imports?{query}", content=content, headers=headers)


def planned(editor: httpx.Client, body: bytes | str, format_: str = "csv", **options: Any) -> Json:
    """The plan of a file, and its rows."""
    answer = send(editor, body, format_, **options)
    assert answer.status_code == 201, answer.text
    plan: Json = answer.json()["data"]
    return plan | {"rows": rows_of(editor, answer)}


def fields(plan: Json) -> dict[str, str | None]:
    """What each column is read as."""
    return {column["name"]: column["field"] for column in plan["columns"]}


def only_fault(plan: Json) -> Json:
    """The one fault of the one row."""
    [row] = plan["rows"]
    [fault] = row["faults"]
    result: Json = fault
    return result


def xlsx_with(cell: str, *, column: str = "county") -> bytes:
    """A workbook of one row about Boise, with a cell of this XML in B2."""
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("slug", column))
    row = f'<c r="A2" t="inlineStr"><is><t>{BOISE}</t></is></c>{cell}'
    return as_xlsx([], sheet=f'<row r="1">{header}</row><row r="2">{row}</row>')


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('<c r="B2" t="e"><f>VLOOKUP(A2,D:E,2,FALSE)</f><v>#N/A</v></c>', "#N/A"),
        ('<c r="B2" t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c r="B2"><f>A2&amp;" County"</f></c>', "formula whose result was not saved"),
        ('<c r="B2"><f>A2&amp;" County"</f><v></v></c>', "formula whose result was not saved"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="d"><v>2026-05-03</v></c>', "2026-05-03"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row_and_is_named(
    people: People, cell: str, shown: str
) -> None:
    fault = only_fault(planned(people.ada, xlsx_with(cell), "xlsx"))
    assert fault["pointer"] == "/county"
    assert fault["detail"].startswith("Cell B2 (county)")
    assert shown in fault["detail"]


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell(people: People) -> None:
    plan = planned(people.ada, xlsx_with('<c r="B2" t="str"><f>""</f><v></v></c>'), "xlsx")
    assert plan["rows"][0]["faults"] == []


def merged_xlsx(table: list[list[Any]], *ranges: str) -> bytes:
    """A workbook in which these ranges are merged."""
    plain, merged = io.BytesIO(as_xlsx(table)), io.BytesIO()
    cells = "".join(f'<mergeCell ref="{place}"/>' for place in ranges)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(merged, "w") as target:
        for name in source.namelist():
            part = source.read(name).decode()
            ends = f"</sheetData><mergeCells>{cells}</mergeCells>"
            target.writestr(name, part.replace("</sheetData>", ends))
    return merged.getvalue()


def test_cells_that_are_merged_downward_all_have_the_value_that_they_show(people: People) -> None:
    table = [
        ["slug", "name", "state", "county"],
        ["merged-one-id", "Merged One", "ID", "Clearwater"],
        ["merged-two-id", "Merged Two", "", ""],
        ["merged-three-id", "Merged Three", "", ""],
        ["merged-last-id", "Merged Last", "ID", ""],
    ]
    body = merged_xlsx(table, "C2:C4", "D2:D4")
    rows = planned(people.ada, body, "xlsx")["rows"]
    assert [(row["document"]["state"], row["document"]["county"]) for row in rows] == [
        *[("ID", "Clearwater")] * 3,
        ("ID", None),
    ]


def test_a_merged_slug_is_repeated_and_no_row_is_dropped(people: People) -> None:
    body = merged_xlsx([["slug", "city"], [BOISE, "Nampa"], ["", "Star"]], "A2:A3")
    first, second = planned(people.ada, body, "xlsx")["rows"]
    assert (first["faults"], second["faults"][0]["code"]) == ([], "repeated")


def test_a_heading_that_is_merged_across_the_table_stays_a_heading(people: People) -> None:
    table = [["slug", "city", "county"], ["Ada County", "", ""], [BOISE, "Nampa", "Ada"]]
    plan = planned(people.ada, merged_xlsx(table, "A2:C2"), "xlsx")
    assert [line["reason"] for line in plan["reading"]["passed_over"]] == ["a heading or a note"]
    assert len(plan["rows"]) == 1


def test_an_empty_sheet_is_passed_over_and_the_one_that_is_read_is_named(people: People) -> None:
    table = [["slug", "city"], [BOISE, "Nampa"]]
    body = as_workbook(Cover=[], Districts=table, Schools=[["a", "b"]])
    plan = planned(people.ada, body, "xlsx")
    assert (plan["reading"]["sheet"], plan["reading"]["other_sheets"]) == ("Districts", ["Schools"])
    assert [row["slug"] for row in plan["rows"]] == [BOISE]


def test_a_cover_sheet_that_cannot_be_read_as_a_table_is_named(people: People) -> None:
    body = as_workbook(Cover=[["How to use this"]], Districts=[["slug", "city"], [BOISE, "Nampa"]])
    [fault] = send(people.ada, body, "xlsx").json()["errors"]
    assert "The sheet 'Cover' was read." in fault["detail"]
    assert fault["detail"].endswith("move it to the front: Districts.")


def test_hidden_rows_and_columns_are_read_and_counted(people: People) -> None:
    cells = (
        f'<c t="inlineStr"><is><t>{BOISE}</t></is></c><c t="inlineStr"><is><t>Nampa</t></is></c>'
    )
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("slug", "city"))
    body = as_xlsx([], sheet=f'<row>{header}</row><row hidden="1">{cells}</row>')
    plan = planned(people.ada, body, "xlsx")
    assert (plan["reading"]["hidden_rows"], plan["reading"]["hidden_columns"]) == (1, 0)
    assert plan["rows"][0]["document"]["city"] == "Nampa"


def test_a_cell_with_an_error_comes_back_in_the_refused_rows(people: People) -> None:
    answer = send(people.ada, xlsx_with('<c r="B2" t="e"><v>#N/A</v></c>'), "xlsx")
    refused = answer.json()["links"]["refused"].removeprefix("/v1/admin")
    assert "#N/A" in people.ada.get(refused).text


@pytest.mark.slow
@pytest.mark.parametrize("mark", ["†", "‡", "–", "—", "M", "N/A", "NA", "-1", "-9", ".", "*"])
@pytest.mark.parametrize("field", ["city", "enrollment"])
def test_a_mark_for_a_missing_value_is_refused_by_name(
    people: People, mark: str, field: str
) -> None:
    fault = only_fault(planned(people.ada, f"slug,{field}\n{BOISE},{mark}\n"))
    assert (fault["pointer"], fault["code"]) == (f"/{field}", "placeholder")
    assert repr(mark) in fault["detail"]


def test_marks_are_skipped_when_the_editor_says_so(people: People) -> None:
    plan = planned(people.ada, f"slug,city\n{BOISE},N/A\n", placeholders="skip")
    [row] = plan["rows"]
    assert (row["result"], [note["code"] for note in row["notes"]]) == (
        "unchanged",
        ["placeholder"],
    )


def test_a_mark_in_json_is_refused_by_name_too(people: People) -> None:
    fault = only_fault(planned(people.ada, f'{{"slug": "{BOISE}", "city": "†"}}', "ndjson"))
    assert (fault["pointer"], fault["code"]) == ("/city", "placeholder")


def test_text_that_was_decoded_wrongly_must_be_accepted_by_name(people: People) -> None:
    body = "\ufeffslug,name,state\npenasco-trial-nm,PeÃ±asco Trial,NM\n"
    [row] = planned(people.ada, body)["rows"]
    assert [warning["code"] for warning in row["warnings"]] == ["decoded_wrongly"]


def test_names_that_differ_in_how_they_are_typed_are_likely_duplicates(people: People) -> None:
    create(people.ada, district("penasco-nfd-id", name="Pen\u0303asco Nfd"), "districts")
    [row] = planned(people.ada, "slug,name,state\npenasco-nfc-id,Peñasco Nfd,ID\n")["rows"]
    assert row["warnings"][0]["nearest"] == ["penasco-nfd-id"]


@pytest.mark.parametrize("aliases", ["BSD|Boise|BSD", "Waiʻanae|Wai'anae"])
def test_an_alias_that_is_listed_twice_is_refused(people: People, aliases: str) -> None:
    fault = only_fault(planned(people.ada, f"slug,aliases\n{BOISE},{aliases}\n"))
    assert fault["code"] == "repeated"


def test_an_elsi_export_goes_in_as_it_is_downloaded(people: People) -> None:
    plan = planned(people.ada, ELSI)
    assert plan["reading"]["header"] == "line 5"
    assert len(plan["reading"]["passed_over"]) == 4
    first, second = plan["rows"]
    document = first["document"]
    assert (first["slug"], first["result"]) == ("weippe-elsi-id", "created")
    assert (document["locale"], document["locale_year"]) == ("41", 2023)
    assert (document["enrollment"], document["enrollment_source"]) == (1482, "NCES ELSI 2023-24")
    assert document["county"] is None
    assert second["document"]["enrollment"] is None
    assert {note["code"] for note in first["notes"]} == {
        "placeholder",
        "read_as",
        "slug_proposed",
    }


def test_a_ccd_directory_goes_in_when_other_columns_are_ignored(people: People) -> None:
    header = "SCHOOL_YEAR,FIPST,ST,LEA_NAME,LEAID,LCITY,WEBSITE,OPERATIONAL_SCHOOLS"
    body = f"{header}\n2023-2024,16,ID,Ccd Trial,1699003,WEIPPE,,4\n"
    refused = send(people.ada, body)
    assert (refused.status_code, "unknown_columns=ignore" in refused.text) == (422, True)
    plan = planned(people.ada, body, unknown_columns="ignore")
    assert plan["ignored_columns"] == ["FIPST"]
    document = plan["rows"][0]["document"]
    assert (document["schools"], document["schools_year"]) == (4, 2023)
    assert document["schools_source"] == "NCES CCD LEA directory 2023-24"


def test_an_edge_geocode_workbook_goes_in(people: People) -> None:
    header = ["LEAID", "NAME", "CITY", "STATE", "NMCNTY", "LAT", "LON", "SCHOOLYEAR", "LOCALE"]
    row = ["1699004", "Edge Trial", "Weippe", "ID", "N", 46.37, -115.93, "2018-2019", "43"]
    [planned_row] = planned(people.ada, as_xlsx([header, row]), "xlsx")["rows"]
    document = planned_row["document"]
    assert (document["locale"], document["locale_source"]) == ("43", "NCES EDGE 2018-19")
    assert (document["latitude"], document["place_basis"]) == (46.37, "office")
    assert document["county"] is None


def test_an_agency_with_its_office_in_another_state_belongs_to_that_of_its_leaid(
    people: People,
) -> None:
    body = "LEAID,NAME,STATE,NMCNTY\n5099024,Rivendell Trial,NH,Grafton County\n"
    [row] = planned(people.ada, body)["rows"]
    assert (row["result"], row["document"]["state"], row["slug"]) == (
        "created",
        "VT",
        "rivendell-trial-vt",
    )
    assert any("'NH' is where the office is" in note["detail"] for note in row["notes"])
    plain = planned(people.ada, body.replace("NMCNTY", "county").replace("LEAID", "nces_leaid"))
    assert only_fault(plain)["code"] == "leaid_of_another_state"


def test_a_states_list_goes_in_with_what_it_does_not_say_said_once(people: People) -> None:
    refused = send(people.ada, STATE_LIST).json()["errors"]
    [fault] = refused
    assert "'Institution ID' (column 1)" in fault["detail"]
    options = {"unknown_columns": "ignore", "mapping": "ADM (Oct 1):enrollment"}
    unsaid = planned(people.ada, STATE_LIST, **options, every_row="state:OR")
    [missing] = unsaid["reading"]["missing"]
    assert "every_row=enrollment_year:" in missing
    assert {row["result"] for row in unsaid["rows"]} == {"refused"}
    said = ["state:OR", "enrollment_year:2025", "enrollment_source:Oregon ADM, October 2025"]
    plan = planned(people.ada, STATE_LIST, **options, every_row=said)
    assert [row["slug"] for row in plan["rows"]] == ["alfalfa-schools-or", "brothers-schools-or"]
    assert [row["document"]["enrollment"] for row in plan["rows"]] == [1173, 17068]
    assert [line["reason"] for line in plan["reading"]["passed_over"]] == [
        "a heading or a note",
        "a total",
    ]
    assert fields(plan)["ADM (Oct 1)"] == "enrollment"


def test_a_line_with_a_name_and_a_state_is_a_record_whatever_its_name(people: People) -> None:
    body = (
        "name,state,city\n*Adair Trial Schools,KY,Columbia\nTotal Learning Trial,TX,Austin\n"
        "Statewide Trial†,TX,\nTotal,TX,\n* suppressed,,\n"
    )
    plan = planned(people.ada, body)
    names = [row["document"]["name"] for row in plan["rows"]]
    assert names == ["Adair Trial Schools", "Total Learning Trial", "Statewide Trial"]
    assert "footnote" in plan["rows"][0]["notes"][0]["detail"]
    assert plan["counts"] == {
        "created": 3,
        "changed": 0,
        "unchanged": 0,
        "refused": 0,
        "passed_over": 2,
    }


def test_a_line_of_a_name_alone_is_refused_where_the_state_is_said_once(people: People) -> None:
    body = "name,city\nSisters Trial School,\nBend Trial,Bend\nTotal,\nSource: a list,\n"
    plan = planned(people.ada, body, every_row="state:OR")
    assert [row["result"] for row in plan["rows"]] == ["refused", "created"]
    assert plan["rows"][0]["faults"][0]["code"] == "only_a_name"
    assert plan["counts"]["passed_over"] == 2


def test_a_column_of_urls_is_the_website_but_not_in_our_own_export(people: People) -> None:
    plan = planned(people.ada, f"slug,URL\n{BOISE},https://x.example.org/\n")
    assert plan["rows"][0]["document"]["website"] == "https://x.example.org/"
    for other in ("website", "version"):
        body = f"slug,url,{other}\n{BOISE},https://x.example.org/,\n"
        assert fields(planned(people.ada, body))["url"] is None


@pytest.mark.parametrize("second", ["Website", "website"])
def test_a_column_that_is_there_twice_is_refused_with_advice_that_helps(
    people: People, second: str
) -> None:
    body = f"slug,website,{second}\n{BOISE},https://a.example.org/,https://b.example.org/\n"
    [fault] = send(people.ada, body).json()["errors"]
    assert fault["code"] == "repeated"
    assert fault["detail"].endswith("Remove or rename one.")


def test_an_airtable_export_goes_in(people: People) -> None:
    body = (
        "\ufeffName,Slug,State,Aliases,Strategies,Created\r\n"
        'Airtable Trial,airtable-trial-id,Idaho,"""Air-Table"", AT",food-security,3/14/2026\r\n'
    )
    plan = planned(people.ada, body, unknown_columns="ignore")
    assert plan["ignored_columns"] == ["Strategies", "Created"]
    document = plan["rows"][0]["document"]
    assert (document["state"], document["aliases"]) == ("ID", ["Air-Table", "AT"])


def test_the_row_numbers_of_a_script_are_passed_over_and_named(people: People) -> None:
    plan = planned(people.ada, f",slug,website\n0,{BOISE},https://www.example.org/\n")
    assert plan["ignored_columns"] == ["column 1, without a name"]
    assert plan["rows"][0]["result"] == "changed"


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        ("slug,city\nrsu-9-me,Peñasco\n".encode(), "utf-8"),
        ("\ufeffslug,city\nrsu-9-me,Peñasco\n".encode(), "utf-8 with a byte order mark"),
        ("\ufeffslug;city\r\nrsu-9-me;Peñasco\r\n".encode("utf-16-le"), "utf-16-le"),
        ("\ufeffslug\tcity\nrsu-9-me\tPeñasco\n".encode("utf-16-be"), "utf-16-be"),
        ("slug,city\nrsu-9-me,Peñasco\n".encode("cp1252"), "windows-1252"),
    ],
)
def test_a_text_is_read_in_the_encoding_it_has(
    people: People, encoded: bytes, encoding: str
) -> None:
    plan = planned(people.ada, encoded)
    assert plan["reading"]["encoding"] == encoding
    assert plan["rows"][0]["document"]["city"] == "Peñasco"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_only_a_line_end_ends_a_line_whatever_the_encoding(people: People, encoding: str) -> None:
    body = "\ufeffslug,city\nrsu-9-me,Far\u2028ming\x0bton\n".encode(encoding)
    [row] = planned(people.ada, body)["rows"]
    assert (row["origin"], row["faults"]) == ("line 2", [])
    assert row["document"]["city"].startswith("Far")


def test_a_workbook_may_call_its_parts_as_it_likes(people: People) -> None:
    usual = as_xlsx([["slug", "city"], [BOISE, "Nampa"]])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(usual)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            content = source.read(name).replace(b"xl/workbook.xml", b"book/workbook2.xml")
            renamed = name.replace("xl/", "book/").replace("workbook.xml", "workbook2.xml")
            target.writestr(renamed, content)
    [row] = planned(people.ada, packed.getvalue(), "xlsx")["rows"]
    assert row["document"]["city"] == "Nampa"


def test_a_leaid_that_lost_its_zero_is_padded_and_said(people: People) -> None:
    [row] = planned(people.ada, "nces_leaid,name,state\n199005,Zero Trial,AL\n")["rows"]
    assert row["document"]["nces_leaid"] == "0199005"
    assert any("lost its leading zero" in note["detail"] for note in row["notes"])


def test_two_new_districts_of_one_name_get_two_slugs(people: People) -> None:
    body = "nces_leaid,name,state\n1699006,Twin Schools,ID\n1699007,Twin Schools,ID\n"
    rows = planned(people.ada, body)["rows"]
    assert [row["slug"] for row in rows] == ["twin-schools-id", "twin-schools-id-1699007"]


def test_a_name_that_is_there_already_is_not_taken_for_its_record(people: People) -> None:
    create(people.ada, district("taken-trial-id", name="Taken Trial"), "districts")
    fault = only_fault(planned(people.ada, "name,state,city\nTaken Trial,ID,Boise\n"))
    assert fault["code"] == "slug_taken"


def test_names_in_capitals_do_not_change_a_name_that_is_there(people: People) -> None:
    [row] = planned(people.ada, f"LEAID,LEA_NAME\n{BOISE_LEAID},BOISE SCHOOL DISTRICT\n")["rows"]
    assert row["result"] == "unchanged"


def test_an_editor_can_say_where_the_header_is_and_what_a_column_means(people: People) -> None:
    body = f"slug,name\nKennung,Ort,Notiz\n{BOISE},Nampa,x\n"
    mapping = ["Kennung:slug", "Ort:city", "Notiz:"]
    plan = planned(people.ada, body, header_line=2, mapping=mapping)
    assert fields(plan) == {"Kennung": "slug", "Ort": "city", "Notiz": None}
    assert plan["rows"][0]["document"]["city"] == "Nampa"


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"mapping": "City"}, "mapping"),
        ({"mapping": "City:town"}, "mapping"),
        ({"mapping": "Town:city"}, "mapping"),
        ({"every_row": "state"}, "every_row"),
        ({"every_row": "region:West"}, "every_row"),
        ({"header_line": 9}, "header_line"),
    ],
)
def test_an_option_that_fits_nothing_is_refused_by_name(
    people: People, options: Json, parameter: str
) -> None:
    answer = send(people.ada, f"slug,city\n{BOISE},Boise\n", **options)
    assert answer.status_code == 422
    assert [fault["parameter"] for fault in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("body", "pointer", "told"),
    [
        (
            "slug,city\nboise-school-distrct-id,Nampa\n",
            "/slug",
            (
                "No district has the slug 'boise-school-distrct-id'. Did you mean "
                "boise-school-district-id? For a new district, add name and state."
            ),
        ),
        (
            "nces_leaid,city\n1699999,Nampa\n",
            "/nces_leaid",
            "No district has the LEAID '1699999'. For a new district, add name and state.",
        ),
        (
            "slug,city\n#REF!,Nampa\n",
            "/slug",
            (
                "Column 1 (slug): '#REF!' is an error of a formula; it is not a value. Clear the cell, "
                "or send placeholders=skip to leave such fields as they are."
            ),
        ),
        (
            f'slug,latitude\n{BOISE},"43,6150"\n',
            "/latitude",
            (
                "Column 2 (latitude): '43,6150' has a comma. Write the decimals behind a point, such as "
                "43.615."
            ),
        ),
        (
            f"slug,city\n{BOISE}\n",
            "",
            (
                'The line has 1 cell, the header has 2. Check for a comma that is not inside "..." '
                "quotes."
            ),
        ),
        (
            f'slug,city\n{BOISE},"Nampa\n',
            "",
            'This line cannot be read: a quote is opened and not closed. Close it with ".',
        ),
        (
            f'slug,city\n{BOISE},"Nam"pa\n',
            "",
            (
                "This line cannot be read: text follows a closing quote. Write a quote inside a cell "
                'twice: "".'
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_said_in_one_fault_with_what_to_do(
    people: People, body: str, pointer: str, told: str
) -> None:
    fault = only_fault(planned(people.ada, body))
    assert (fault["pointer"], fault["detail"]) == (pointer, told)


@pytest.mark.parametrize(
    ("format_", "body", "told"),
    [
        ("ndjson", '{"slug": "Peñasco"}'.encode("cp1252"), "This line is not UTF-8. Save"),
        (
            "ndjson",
            b'{"slug": "x",}',
            "This is not JSON: trailing comma is not allowed at character",
        ),
        ("ndjson", b"7", "A record must be a JSON object, not 7. Write it as {...}."),
    ],
)
def test_a_line_that_is_no_record_of_json_is_told_in_words(
    people: People, format_: str, body: bytes, told: str
) -> None:
    assert only_fault(planned(people.ada, body, format_))["detail"].startswith(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'[{"slug": NaN}]', "cannot read its first entry"),
        ('[{"slug": "Peñasco"}]'.encode("cp1252"), "cannot read its first entry"),
        ('[{"slug": "x"}]'.encode("utf-16"), "it does not begin with ["),
    ],
)
def test_a_file_that_is_no_array_says_what_to_look_for(
    people: People, body: bytes, told: str
) -> None:
    answer = send(people.ada, body, "json")
    plan = answer.json()
    detail = plan["data"]["problem"] if answer.status_code == 201 else plan["errors"][0]["detail"]
    assert told in detail
    assert "UTF-8" in detail


def test_new_districts_of_one_name_without_a_leaid_are_told_to_give_each_a_slug(
    people: People,
) -> None:
    rows = planned(people.ada, "name,state\nTwice Trial,ID\nTwice Trial,ID\n")["rows"]
    assert rows[1]["faults"][0]["detail"].endswith("give each a slug or nces_leaid.")


def test_a_header_of_a_workbook_that_is_an_error_is_told_without_commas(people: People) -> None:
    header = '<c t="inlineStr"><is><t>slug</t></is></c><c t="e"><v>#REF!</v></c>'
    row = f'<c t="inlineStr"><is><t>{BOISE}</t></is></c><c t="inlineStr"><is><t>x</t></is></c>'
    body = as_xlsx([], sheet=f"<row>{header}</row><row>{row}</row>")
    fault = only_fault(planned(people.ada, body, "xlsx"))
    assert fault["detail"].endswith(
        "Name every column in the header, or clear the cells beyond it."
    )


def test_an_unknown_field_of_json_is_told_with_the_nearest(people: People) -> None:
    fault = only_fault(planned(people.ada, f'{{"slug": "{BOISE}", "enrolment": 5}}', "ndjson"))
    assert (fault["pointer"], fault["nearest"][0]) == ("/enrolment", "enrollment")


def test_all_that_is_wrong_with_a_row_is_said_at_once(people: People) -> None:
    body = as_csv([["slug", "name", "state", "city"], ["at-once-id", "†", "ZZ", "M"]])
    [row] = planned(people.ada, body)["rows"]
    assert {fault["pointer"] for fault in row["faults"]} >= {"/name", "/city", "/state"}


def test_a_federal_file_is_committed_like_any_other(people: People) -> None:
    answer = send(people.ada, ELSI.replace("Elsi", "Commit").replace("16990", "16991"))
    done = commit(people.ada, answer).raise_for_status().json()["data"]
    assert done["records_written"] == 2

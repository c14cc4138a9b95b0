"""What is wrong with a record is told all at once, each fault at its field and with what to write instead."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import orjson
import pytest
from people import (
    OUTCOME,
    SOURCE,
    Json,
    People,
    amend,
    case_study,
    create,
    district,
    faults,
    publish,
    published,
    seen,
)
from pydantic import BaseModel
from sqlalchemy import update
from sqlmodel import col

from app.errors import Invalid
from app.records.kinds import KINDS
from app.records.parsing import parse
from app.records.shape_faults import PATTERNS, part_shape
from app.records.tables import RevisionRow

pytestmark = pytest.mark.few_records

ORGANIZATION = {"slug": "new-organization", "name": "An organization", "type": "nonprofit"}


def test_all_that_is_wrong_with_a_case_study_comes_in_one_answer(people: People) -> None:
    answer = people.ada.post(
        "/case-studies",
        json=case_study(
            "Wrong Slug",
            title="",
            state="XX",
            started_year=1500,
            ended_year=2020,
            summary="x" * 601,
            strategies=["food-security", "nope", "food-security"],
            models=["nope"],
            outcomes=[
                OUTCOME | {"value": "92%", "design": "strong"},
                OUTCOME | {"indicator": "atendance", "source": "s9"},
            ],
            funding=[
                {"name": "A levy", "kind": "foundation", "amount_usd": "$1,000", "source": "s1"}
            ],
            partners=[{"name": "\0", "type": "nonprofit", "source": "s1"}],
            colour="red",
        ),
    )
    assert faults(answer) == [
        ("/colour", "extra_forbidden"),
        ("/ended_year_source", "required_with"),
        ("/funding/0/amount_usd", "float_parsing"),
        ("/funding/0/kind", "unknown_value"),
        ("/models/0", "unknown_value"),
        ("/outcomes/0/design", "unknown_value"),
        ("/outcomes/0/value", "float_parsing"),
        ("/outcomes/1/indicator", "unknown_value"),
        ("/outcomes/1/source", "unknown_source"),
        ("/partners/0/name", "value_error"),
        ("/slug", "string_pattern_mismatch"),
        ("/started_year", "greater_than_equal"),
        ("/state", "unknown_value"),
        ("/strategies/1", "unknown_value"),
        ("/strategies/2", "repeated"),
        ("/summary", "string_too_long"),
        ("/title", "string_too_short"),
    ]
    near = {fault["pointer"]: fault.get("nearest") for fault in answer.json()["errors"]}
    assert near["/outcomes/1/indicator"][0] == "attendance"
    assert near["/funding/0/kind"] == ["philanthropy"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("kind", "fields", "detail"),
    [
        (
            "districts",
            {"state": "Kentucky"},
            "state has no value 'Kentucky'. Use the two-letter code: KY.",
        ),
        (
            "districts",
            {"enrollment": "1,234"},
            "enrollment must be a whole number, not '1,234'. Write 1234.",
        ),
        (
            "districts",
            {"enrollment": "12%"},
            "enrollment must be a whole number, not '12%'. A percentage is not a count. Give the count.",
        ),
        (
            "districts",
            {"enrollment": "12,34"},
            "enrollment must be a whole number, not '12,34'.",
        ),
        (
            "districts",
            {"latitude": "43,6150"},
            "latitude must be a number, not '43,6150'. Write 43.6150.",
        ),
        (
            "districts",
            {"latitude": "43,615"},
            (
                "latitude must be a number, not '43,615'. "
                "Write 43615, or 43.615 if the comma is a decimal point."
            ),
        ),
        (
            "districts",
            {"schools": "1_000"},
            "schools must be a whole number, not '1_000'. Write 1000.",
        ),
        ("districts", {"longitude": -190}, "longitude must be at least -180, not -190."),
        ("districts", {"schools": 10_001}, "schools must be at most 10,000, not 10001."),
        (
            "districts",
            {"nces_leaid": 1600360},
            'nces_leaid must be text, not a number. Put it in quotes: "1600360".',
        ),
        (
            "districts",
            {"nces_leaid": "500019", "state": "AR"},
            (
                "nces_leaid: A LEAID has 7 digits, with its leading zeros. "
                "Write 0500019 if a leading zero was lost."
            ),
        ),
        (
            "districts",
            {"nces_leaid": "12345"},
            (
                "nces_leaid: A LEAID has 7 digits, with its leading zeros. "
                "Copy it from nces.ed.gov/ccd/districtsearch."
            ),
        ),
        (
            "districts",
            {"state": "XX"},
            "state has no value 'XX'. Use the two-letter code of a state, such as OH.",
        ),
        (
            "districts",
            {"name": "\0"},
            (
                "name: The text holds a character that cannot be stored: a NUL or half of a "
                "surrogate pair. Type the text again."
            ),
        ),
        (
            "districts",
            {"place_basis": "school"},
            "place_basis must be office or city, not 'school'.",
        ),
        ("districts", {"enrolment": 5}, "There is no field 'enrolment'. Did you mean enrollment?"),
        ("districts", {"schools": -1}, "schools must be at least 0, not -1."),
        (
            "districts",
            {"aliases": "BSD"},
            "aliases must be a list, not 'BSD'. Write [\"BSD\"].",
        ),
        (
            "districts",
            {"aliases": [5]},
            'aliases item 1 must be text, not a number. Put it in quotes: "5".',
        ),
        (
            "districts",
            {"name": None},
            "name cannot be null. Give a value: it is required.",
        ),
        (
            "districts",
            {"name": ""},
            "name is empty. Write something: it is required.",
        ),
        (
            "districts",
            {"locale": ""},
            "locale is empty. Write something, or leave the field out.",
        ),
        (
            "districts",
            {"aliases": ["BSD", " "]},
            "aliases item 2 is empty. Write it or remove it from the list.",
        ),
        (
            "case-studies",
            {"outcomes": [OUTCOME | {"finding": ""}]},
            "finding is empty. Write something: it is required.",
        ),
        (
            "districts",
            {"website": f"https://example.org/{'a' * 600}"},
            "website has 620 characters. Shorten it to 600.",
        ),
        (
            "districts",
            {"slug": "Boise Schools"},
            (
                "slug must be lowercase letters and digits, in words joined by single hyphens, "
                "not 'Boise Schools'. Write boise-schools."
            ),
        ),
        (
            "districts",
            {"slug": "1600361"},
            "1600361 looks like a LEAID. Put the LEAID in nces_leaid, and write a slug in words.",
        ),
        (
            "districts",
            {"nces_leaid": "4100040"},
            (
                "LEAID 4100040 does not belong to ID: LEAIDs there begin with 16. "
                "Correct nces_leaid or state."
            ),
        ),
        (
            "case-studies",
            {"outcomes": [OUTCOME | {"value": "92%", "unit": "percent"}]},
            "value must be a number, not '92%'. Write 92.",
        ),
        (
            "case-studies",
            {"strategies": ["wraparound"]},
            "strategies has no value 'wraparound'. Did you mean case-management?",
        ),
        (
            "case-studies",
            {"started_year": 2015.5, "started_year_source": "s1"},
            "started_year must be a whole number, not 2015.5.",
        ),
        (
            "case-studies",
            {"outcomes": [5]},
            "outcomes item 1 must be an object with named fields, not 5.",
        ),
        (
            "case-studies",
            {"outcomes": [{**OUTCOME, "note": "x"}]},
            "There is no field 'note'. Remove it.",
        ),
        ("case-studies", {"aliases": ["x"] * 51}, "aliases has 51 items. It may have 50."),
        (
            "case-studies",
            {
                "sources": [
                    {
                        "id": "s1",
                        "title": "A report",
                        "publisher": "A press",
                        "url": "https://example.org",
                        "kind": "report",
                        "year": "in 2020",
                    }
                ]
            },
            "year must be a whole number, not 'in 2020'.",
        ),
    ],
)
def test_a_message_says_what_is_wrong_and_what_to_write(
    kind: str, fields: Json, detail: str, people: People
) -> None:
    document = district("worded") if kind == "districts" else case_study("worded")
    answer = people.ada.post(f"/{kind}", json=document | fields)
    assert detail in [fault["detail"] for fault in answer.json()["errors"]]


# Plain text of a record that may be left blank. Every other text names something or is required.
FREE_TEXT = {
    *("initiative", "summary", "challenge", "approach", "results", "lessons"),
    *("outcomes/0/baseline", "outcomes/0/comparison", "outcomes/0/population", "outcomes/0/period"),
    *("partners/0/role", "city", "county"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blank", ["", " \u00a0 "])
def test_a_blank_text_is_refused_at_every_field_but_those_of_free_text(
    kind: str, blank: str
) -> None:
    places = list(places_of_text(KINDS[kind].shape))
    assert places
    taken = {place for place in places if not is_refused(kind, place, blank)}
    assert taken <= FREE_TEXT


def places_of_text(shape: type[BaseModel]) -> Iterator[str]:
    """Every field of a shape and of its parts that takes text, and an item of every list of text."""
    for name, field in shape.model_fields.items():
        part = part_shape(shape, name)
        if part is not None:
            yield from (f"{name}/0/{inner}" for inner in places_of_text(part))
        elif not {int, float} & {field.annotation, *get_args(field.annotation)}:
            yield f"{name}/0" if get_origin(field.annotation) is list else name


def is_refused(kind: str, place: str, value: object) -> bool:
    """Whether a record with this value at this place has a fault there."""
    name, *inside = place.split("/")
    document: Json = {name: value}
    if inside:
        document = {name: [{inside[1]: value} if inside[1:] else value]}
    try:
        parse(kind, document)
    except Invalid as invalid:
        return any(fault.pointer == f"/{place}" for fault in invalid.faults)
    return False


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [True, False, "1_000"])
def test_what_only_a_program_takes_for_a_number_is_refused(kind: str, value: object) -> None:
    for place in places_of_numbers(KINDS[kind].shape):
        assert is_refused(kind, place, value), place


def places_of_numbers(shape: type[BaseModel]) -> Iterator[str]:
    """Every field of a shape and of its parts that takes a number."""
    for name, field in shape.model_fields.items():
        part = part_shape(shape, name)
        if part is not None:
            yield from (f"{name}/0/{inner}" for inner in places_of_numbers(part))
        elif {int, float} & {field.annotation, *get_args(field.annotation)}:
            yield name


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("kind", "fields", "pointer"),
    [
        ("districts", {"state": ""}, "/state"),
        ("districts", {"locale": ""}, "/locale"),
        ("case-studies", {"state": " "}, "/state"),
        ("case-studies", {"districts": ["boise-school-district-id", ""]}, "/districts/1"),
        ("case-studies", {"outcomes": [OUTCOME | {"direction": ""}]}, "/outcomes/0/direction"),
        ("case-studies", {"outcomes": [OUTCOME | {"source": ""}]}, "/outcomes/0/source"),
        ("organizations", {"type": ""}, "/type"),
    ],
)
def test_an_empty_reference_is_refused_where_it_stands_however_it_is_sent(
    kind: str, fields: Json, pointer: str, people: People
) -> None:
    """By a new record, by a change to one, and by a row of an import."""
    slug = f"blank{pointer.replace('/', '-')}"
    document = {
        "districts": district(slug),
        "case-studies": case_study(slug),
        "organizations": ORGANIZATION | {"slug": slug},
    }[kind]
    assert faults(people.ada.post(f"/{kind}", json=document | fields)) == [
        (pointer, "string_too_short")
    ]
    headers = seen(create(people.ada, document, kind))
    answer = people.ada.patch(f"/{kind}/{slug}", json=fields, headers=headers)
    assert faults(answer) == [(pointer, "string_too_short")]
    if kind == "organizations":
        return
    row = orjson.dumps(document | fields)
    answer = people.ada.post(
        "/imports",
        params={"kind": kind.replace("ies", "y").removesuffix("s")},
        content=row,
        headers={"Content-Type": "application/x-ndjson"},
    )
    rows = people.ada.get(f"{answer.headers['Location'].removeprefix('/v1/admin')}/rows").json()
    assert [fault["pointer"] for fault in rows["data"][0]["faults"]] == [pointer]


def test_a_record_from_before_with_an_empty_term_is_read(people: People) -> None:
    stored = ORGANIZATION | {"slug": "blank-before", "type": ""}
    create(people.ada, stored | {"type": "nonprofit"}, "organizations")
    with people.service.database.writing() as session:
        change = update(RevisionRow).where(col(RevisionRow.slug) == "blank-before")
        session.connection().execute(change.values(document=orjson.dumps(stored).decode()))
    before = people.ada.get("/organizations/blank-before").raise_for_status()
    assert before.json()["data"]["type"] == ""
    answer = people.ada.patch(
        "/organizations/blank-before", json={"name": "New"}, headers=seen(before)
    )
    assert faults(answer) == [("/type", "string_too_short")]


def test_a_public_record_from_before_does_not_hold_up_its_district(people: People) -> None:
    """Its entry is made again with that of the district."""
    published(people, district("old-scale-id"), "districts")
    figure = {"measure": "Students", "value": 5, "unit": "students", "source": "s1"}
    document = case_study("old-scale", districts=["old-scale-id"], scale=[figure])
    published(people, document)
    old = orjson.dumps(document | {"scale": [figure | {"unit": ""}]}).decode()
    with people.service.database.writing() as session:
        change = update(RevisionRow).where(col(RevisionRow.slug) == "old-scale")
        session.connection().execute(change.values(document=old))
    amend(people.ada, "old-scale-id", "districts", name="A new name")
    assert publish(people, "old-scale-id", "districts").status_code == 200


def test_a_vocabulary_fault_names_the_field_and_what_is_allowed(people: People) -> None:
    document = case_study("strong", outcomes=[OUTCOME | {"design": "strong"}])
    [fault] = people.ada.post("/case-studies", json=document).json()["errors"]
    assert fault["detail"].startswith("design has no value 'strong'. Use one of: ")
    assert "quasi-experimental" in fault["allowed"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("unit", "meant"),
    [
        *(("%", "percent"), ("pct", "percent"), ("$", "us-dollars"), ("USD", "us-dollars")),
        *(("pp", "percentage-points"), ("SD", "standard-deviations"), ("Kids", "children")),
    ],
)
def test_a_unit_that_people_write_otherwise_is_known(unit: str, meant: str, people: People) -> None:
    figure = {"measure": "What was counted", "value": 5, "unit": unit, "source": "s1"}
    answer = people.ada.post("/case-studies", json=case_study("units", scale=[figure]))
    [fault] = answer.json()["errors"]
    assert fault["nearest"] == [meant]
    assert fault["detail"] == f"unit has no value {unit!r}. Did you mean {meant}?"


def test_an_unknown_term_of_a_long_list_points_to_what_is_allowed(people: People) -> None:
    document = case_study("units", outcomes=[OUTCOME | {"indicator": "qqq"}])
    [fault] = people.ada.post("/case-studies", json=document).json()["errors"]
    assert fault["detail"].endswith(f"Use one of the {len(fault['allowed'])} values in `allowed`.")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("leaid", "state", "status"), [("4100041", "OR", 201), ("5900041", "OR", 201)]
)
def test_a_leaid_fits_its_state_or_is_of_the_bureau_of_indian_education(
    leaid: str, state: str, status: int, people: People
) -> None:
    document = district(f"fitting-{leaid}", nces_leaid=leaid, state=state)
    assert people.ada.post("/districts", json=document).status_code == status


def test_every_pattern_of_a_record_is_told_in_words() -> None:
    schemas = [kind.shape.model_json_schema() for kind in KINDS.values()]
    patterns = set(patterns_in(schemas))
    assert patterns
    assert patterns <= PATTERNS.keys()


def patterns_in(part: Any) -> Iterator[str]:
    """Every pattern in a part of a JSON Schema."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from patterns_in(inner)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"url": "ftp://example.org/x"}, [("/sources/0/url", "value_error")]),
        ({"url": "https://a b"}, [("/sources/0/url", "value_error")]),
        ({"kind": "rumour"}, [("/sources/0/kind", "unknown_value")]),
        ({"year": 2999}, [("/sources/0/year", "less_than_equal")]),
        ({"id": "S 1"}, [("/sources/0/id", "string_pattern_mismatch")]),
        ({"publisher": None}, [("/sources/0/publisher", "string_type")]),
    ],
)
def test_a_source_that_cannot_be_read_brings_no_faults_of_the_claims_that_rest_on_it(
    fields: Json, expected: Any, people: People
) -> None:
    document = case_study("bad-source", outcomes=[OUTCOME], sources=[SOURCE | fields])
    assert faults(people.ada.post("/case-studies", json=document)) == expected


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"nces_leaid": "123456"}, [("/nces_leaid", "value_error")]),
        ({"nces_leaid": 1234567}, [("/nces_leaid", "string_type")]),
        ({"nces_leaid": "1600360"}, [("/nces_leaid", "leaid_of_another")]),
        (
            {"locale": "14"},
            [
                ("/locale", "unknown_value"),
                ("/locale_source", "required_with"),
                ("/locale_year", "required_with"),
            ],
        ),
        (
            {"enrollment": -1, "state": "ZZ"},
            [("/enrollment", "greater_than_equal"), ("/state", "unknown_value")],
        ),
        (
            {"latitude": 45.0},
            [
                ("/longitude", "required_with"),
                ("/place_basis", "required_with"),
                ("/place_source", "required_with"),
            ],
        ),
        ({"website": "example.org"}, [("/website", "value_error")]),
        ({"state": None}, [("/state", "string_type")]),
        ({"aliases": ["a"] * 51}, [("/aliases", "too_long")]),
    ],
)
def test_each_fault_of_a_district_is_told_with_its_place(
    fields: Json, expected: Any, people: People
) -> None:
    assert (
        faults(people.ada.post("/districts", json=district("bad-district", **fields))) == expected
    )

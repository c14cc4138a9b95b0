"""Drafts: what an editor writes, replaces, changes and finds again; and everything that is wrong with it, at once."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import httpx
import orjson
import pytest
from people import (
    SOURCE,
    Json,
    People,
    amend,
    case_study,
    create,
    district,
    publish,
    published,
    seen,
)
from pydantic import BaseModel
from sqlalchemy import update
from sqlmodel import col

from app.errors import Invalid
from app.records.kinds import KINDS as KINDS_OF_RECORD
from app.records.parsing import parse
from app.records.shape_faults import PATTERNS, part_shape
from app.records.tables import RevisionRow

pytestmark = pytest.mark.few_records

KINDS = {
    "case-studies": {"slug": "new-case", "title": "A case"},
    "districts": {"slug": "new-district", "name": "A district", "state": "OR"},
    "organizations": {"slug": "new-organization", "name": "An organization", "type": "nonprofit"},
    "strategies": {
        "slug": "new-strategy",
        "label": "A strategy",
        "definition": "It means this.",
        "pillar": "expanded-learning",
    },
    "indicators": {
        "slug": "new-indicator",
        "label": "An indicator",
        "definition": "It measures this.",
    },
}
OUTCOME = {"indicator": "attendance", "finding": "It rose", "design": "descriptive", "source": "s1"}


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Place and code of everything that an answer refuses."""
    assert answer.status_code in (400, 422), answer.text
    return sorted((fault["pointer"], fault["code"]) for fault in answer.json()["errors"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_each_kind_is_created_as_a_draft_and_read_again(
    kind: str, people: People
) -> None:
    document = KINDS[kind]
    made = people.kim.post(f"/{kind}", json=document)
    path = f"/v1/admin/{kind}/{document['slug']}"
    assert (made.status_code, made.headers["Location"], made.headers["ETag"]) == (201, path, '"1"')
    read = people.ada.get(f"/{kind}/{document['slug']}")
    assert read.headers["ETag"] == '"1"'
    assert read.json() == made.json()
    assert document.items() <= read.json()["data"].items()
    meta = read.json()["meta"]
    assert (meta["version"], meta["status"], meta["published_version"], meta["updated_by"]) == (
        1,
        "draft",
        None,
        "kim",
    )
    assert {
        link: httpx.URL(address).path for link, address in read.json()["links"].items() if address
    } == {
        "self": path,
        "revisions": f"{path}/revisions",
        "review": f"{path}/review",
        "preview": f"{path}/preview",
    }


def test_a_record_is_replaced_whole(people: People) -> None:
    made = create(people.ada, case_study("replaced", initiative="SUN"))
    document = case_study("replaced", title="Another title")
    answer = people.ada.put("/case-studies/replaced", json=document, headers=seen(made))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (answer.json()["data"]["title"], answer.json()["data"]["initiative"]) == (
        "Another title",
        None,
    )
    assert people.ada.get("/case-studies/replaced").json() == answer.json()


def test_parts_of_a_record_are_changed_null_takes_away_and_lists_are_replaced(
    people: People,
) -> None:
    create(
        people.ada, case_study("changed", initiative="SUN", aliases=["A", "B"], outcomes=[OUTCOME])
    )
    data = amend(people.ada, "changed", title="Changed", initiative=None, aliases=["C"]).json()[
        "data"
    ]
    assert (data["title"], data["initiative"], data["aliases"]) == ("Changed", None, ["C"])
    assert [outcome["finding"] for outcome in data["outcomes"]] == ["It rose"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    "media_type",
    ["application/merge-patch+json", "application/json", "Application/JSON; charset=utf-8"],
)
def test_a_patch_is_taken_as_merge_patch_or_as_json(media_type: str, people: People) -> None:
    slug = f"patched-{len(media_type)}"
    headers = seen(create(people.ada, case_study(slug))) | {"Content-Type": media_type}
    assert (
        people.ada.patch(
            f"/case-studies/{slug}", content=b'{"title":"New"}', headers=headers
        ).status_code
        == 200
    )


def test_the_slug_is_not_changed_by_the_way(people: People) -> None:
    made = create(people.ada, district("steady", nces_leaid="1699901"), "districts")
    for write in (people.ada.put, people.ada.patch):
        answer = write(
            "/districts/steady", json=district("unsteady", nces_leaid="1699901"), headers=seen(made)
        )
        assert faults(answer) == [("/slug", "slug_differs")]


def test_a_draft_may_lack_what_publishing_needs_and_says_so(people: People) -> None:
    meta = create(people.ada, {"slug": "begun", "title": "Begun"}).json()["meta"]
    missing = ("approach", "sources", "state", "strategies", "summary")
    assert sorted((need["pointer"], need["code"]) for need in meta["needs"]) == [
        (f"/{name}", "needed_to_publish") for name in missing
    ]
    assert meta["moves"] == ["discard"]  # it cannot be submitted yet
    complete = people.ada.put(
        "/case-studies/begun", json=case_study("begun"), headers={"If-Match": '"1"'}
    )
    assert complete.json()["meta"]["needs"] == []


def test_the_rules_of_prose_are_asked_of_a_draft_only_to_publish_it(people: People) -> None:
    loose = case_study(
        "loose",
        approach="It reached 4,711 children.",
        lessons="Go on. [^s7]",
        sources=[SOURCE, SOURCE | {"id": "s2"}],
    )
    needs = create(people.ada, loose).json()["meta"]["needs"]
    assert sorted((need["pointer"], need["code"]) for need in needs) == [
        ("/approach", "number_without_fact"),
        ("/approach", "paragraph_without_source"),
        ("/lessons", "unknown_source"),
        ("/sources/0", "source_not_used"),
        ("/sources/1", "source_not_used"),
    ]


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


@pytest.mark.parametrize("kind", KINDS_OF_RECORD)
@pytest.mark.parametrize("blank", ["", " \u00a0 "])
def test_a_blank_text_is_refused_at_every_field_but_those_of_free_text(
    kind: str, blank: str
) -> None:
    places = list(places_of_text(KINDS_OF_RECORD[kind].shape))
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


@pytest.mark.parametrize("kind", KINDS_OF_RECORD)
@pytest.mark.parametrize("value", [True, False, "1_000"])
def test_what_only_a_program_takes_for_a_number_is_refused(kind: str, value: object) -> None:
    for place in places_of_numbers(KINDS_OF_RECORD[kind].shape):
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
        "organizations": KINDS["organizations"] | {"slug": slug},
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
    stored = KINDS["organizations"] | {"slug": "blank-before", "type": ""}
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
    schemas = [kind.shape.model_json_schema() for kind in KINDS_OF_RECORD.values()]
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


def test_a_refused_write_leaves_nothing_behind(people: People) -> None:
    before = people.kim.get("/audit?limit=1").json()["data"][0]["seq"]
    people.ada.post("/case-studies", json=case_study("never", state="XX"))
    assert people.ada.get("/case-studies/never").status_code == 404
    assert people.kim.get("/audit?limit=1").json()["data"][0]["seq"] == before


def test_a_slug_that_is_taken_is_refused(people: People) -> None:
    assert people.ada.post("/case-studies", json=case_study("boise-id")).status_code == 409


def test_a_record_that_is_not_there_is_told_with_the_nearest(people: People) -> None:
    answer = people.ada.get("/case-studies/boise")
    assert answer.status_code == 404
    assert "boise-id" in answer.json()["nearest"]


def test_a_change_says_which_version_it_has_seen(people: People) -> None:
    create(people.ada, case_study("unseen"))
    for method in ("PUT", "PATCH"):
        assert (
            people.ada.request(
                method, "/case-studies/unseen", json=case_study("unseen")
            ).status_code
            == 428
        )


@pytest.mark.one_database
@pytest.mark.parametrize("etag", ["1", "*", '"one"', '""', '"1", 2', 'w/"1"', '"\u00b2"'])
def test_what_is_no_etag_of_a_version_is_refused(etag: str, people: People) -> None:
    answer = people.ada.patch(
        "/case-studies/boise-id", json={}, headers={b"If-Match": etag.encode("latin-1")}
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "If-Match"


@pytest.mark.one_database
@pytest.mark.parametrize(
    "lines",
    [['W/"1"'], ['"1", "2"'], ['W/"1","2"'], ['"1"', '"2"']],
    ids=["weak", "list", "both", "lines"],
)
def test_a_version_may_be_weak_or_one_of_several(lines: list[str], people: People) -> None:
    slug = f"seen-{len(''.join(lines))}"
    create(people.ada, case_study(slug))
    seen = [("If-Match", line) for line in lines]
    patched = people.ada.patch(f"/case-studies/{slug}", json={"title": "New"}, headers=seen)
    newest = 2 if any("2" in line for line in lines) else 1
    assert patched.status_code == (200 if newest == 1 else 412)
    if newest == 2:
        own = {"If-Match": '"1"'}
        people.ada.patch(f"/case-studies/{slug}", json={"title": "Two"}, headers=own)
        again = people.ada.patch(f"/case-studies/{slug}", json={"title": "New"}, headers=seen)
        assert again.status_code == 200


def test_a_stale_change_is_refused_with_the_current_version_and_a_three_way_comparison(
    people: People,
) -> None:
    made = create(people.ada, case_study("stale", initiative="SUN"))
    now = amend(people.rui, "stale", title="By Rui", summary="By Rui.")
    answer = people.ada.patch(
        "/case-studies/stale",
        json={"title": "By Ada", "initiative": None, "summary": "By Rui."},
        headers=seen(made),
    )
    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (412, '"2"', 2)
    assert answer.json()["current"] == now.json()["data"]
    assert answer.json()["comparison"] == [
        {"field": "initiative", "base": "SUN", "current": "SUN", "yours": None, "conflict": False},
        {
            "field": "summary",
            "base": "What was done.",
            "current": "By Rui.",
            "yours": "By Rui.",
            "conflict": False,
        },
        {
            "field": "title",
            "base": "An effort",
            "current": "By Rui",
            "yours": "By Ada",
            "conflict": True,
        },
    ]
    assert people.ada.get("/case-studies/stale").json() == now.json()


def test_a_body_may_have_two_mebibytes(people: People) -> None:
    most = 2 * 1024 * 1024
    body = b'{"slug":"large","title":"Large"' + b" " * most
    assert (
        people.ada.post("/case-studies", content=body[: most - 1] + b"}", headers=JSON).status_code
        == 201
    )
    assert (
        people.ada.post("/case-studies", content=body[:most] + b"}", headers=JSON).status_code
        == 413
    )


@pytest.mark.one_database
@pytest.mark.parametrize(
    "media_type", ["text/csv", "text/plain", "application/merge-patch+json", ""]
)
def test_a_record_is_taken_as_json_only(media_type: str, people: People) -> None:
    answer = people.ada.post(
        "/case-studies",
        content=b'{"slug":"typed","title":"Typed"}',
        headers={"Content-Type": media_type},
    )
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"title": NaN}', b'{"title": "\\ud800"}', b"{} {}"]
)
def test_a_body_that_is_not_json_cannot_be_read(body: bytes, people: People) -> None:
    answer = people.ada.post("/case-studies", content=body, headers=JSON)
    assert (answer.status_code, faults(answer)) == (400, [("", "not_json")])


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "too_deep"),
    ],
)
def test_json_that_is_no_record_is_refused(body: bytes, code: str, people: People) -> None:
    assert faults(people.ada.post("/case-studies", content=body, headers=JSON)) == [("", code)]


def test_a_parameter_on_a_write_is_refused_not_ignored(people: People) -> None:
    answer = people.ada.post("/case-studies?dry_run=true", json=case_study("dry"))
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "dry_run")
    assert people.ada.get("/case-studies/dry").status_code == 404


JSON = {"Content-Type": "application/json"}

"""What a partner meets when a request cannot be answered: one form of problem document (RFC 9457), every fault at once, the way out named."""

import html
import re
from typing import Any

import httpx
import pytest
from people import People
from publishing import district, publish, wait_for, withdraw
from serving import Service
from sqlalchemy import text

from app.search.query import PARAMETERS
from app.web.problem_types import TYPES

pytestmark = [
    pytest.mark.few_records,
    pytest.mark.one_database,
]  # what HTTP does cannot differ by database
Json = dict[str, Any]
CODES = {"code", "detail", "parameter", "pointer", "allowed", "nearest"}


def problem(answer: httpx.Response, status: int) -> Json:
    """The problem document of an answer, which has the form of every one."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    document: Json = answer.json()
    assert {"type", "title", "status", "detail", "instance", "errors"} <= set(document)
    assert document["status"] == status
    assert document["instance"] == answer.headers["X-Request-Id"]
    assert all(
        set(error) <= CODES and {"code", "detail"} <= set(error) for error in document["errors"]
    )
    return document


def faults(client: httpx.Client, question: str, status: int = 422) -> list[tuple[str, str]]:
    """Parameter and code of everything that is wrong with a search."""
    document = problem(client.get(f"/v1/case-studies?{question}"), status)
    return [(error["parameter"], error["code"]) for error in document["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/case-studies?colour=red", 400),
        ("GET", "/v1/case-studies?cursor=!", 400),
        ("GET", "/v1/strategies?limit=1", 400),
        ("GET", "/healthz?deep=1", 400),
        ("GET", "/nowhere", 404),
        ("GET", "/v1/case-studies/nowhere", 404),
        ("GET", "/v1/case-studies/", 404),
        ("GET", "/problems/nowhere", 404),
        ("GET", "/v1/case-studies/%00", 404),
        ("POST", "/v1/case-studies", 405),
        ("DELETE", "/v1/districts/boise-school-district-id", 405),
        ("PATCH", "/", 405),
        ("GET", "/v1/case-studies?limit=1000", 422),
        ("GET", "/v1/suggest?q=%00", 422),
    ],
)
def test_every_refusal_is_a_problem_whose_type_is_a_page(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    document = problem(client.request(method, path), status)
    page = client.get(document["type"])
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{document['title']}</h1>" in page.text


def test_each_request_has_an_id_of_its_own(client: httpx.Client) -> None:
    ids = [
        client.get(path).headers["X-Request-Id"]
        for path in ("/healthz", "/healthz", "/nowhere", "/nowhere")
    ]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in ids)


def test_a_misspelled_parameter_is_refused_with_the_nearest_and_the_allowed_ones(
    client: httpx.Client,
) -> None:
    document = problem(client.get("/v1/case-studies?stratgy=after-school"), 400)
    error = document["errors"][0]
    assert (error["parameter"], error["code"], error["nearest"][0]) == (
        "stratgy",
        "unknown_parameter",
        "strategy",
    )
    assert {"q", "strategy", "strategy_all", "near", "limit"} < set(error["allowed"])
    assert "Did you mean strategy?" in error["detail"]


def test_a_misspelled_value_is_refused_with_the_nearest_and_the_allowed_ones(
    client: httpx.Client,
) -> None:
    document = problem(client.get("/v1/case-studies?state=Oregn&rurality=rurl"), 422)
    errors = {error["parameter"]: error for error in document["errors"]}
    assert errors["state"]["nearest"][0] == "OR"
    assert errors["rurality"]["nearest"] == ["rural"]
    assert errors["rurality"]["allowed"] == ["city", "suburb", "town", "rural", "not-stated"]


def test_every_fault_is_told_at_once(client: httpx.Client) -> None:
    question = (
        "colour=red&state=XX&state_not=YY&limit=x&sort=size&within_km=5&fields=slug,size&facets=size&started_min=9&slug=A&q="
        + "a" * 301
    )
    assert faults(client, question, 400) == [
        ("colour", "unknown_parameter"),
        ("q", "too_long"),
        ("state", "unknown_value"),
        ("state_not", "unknown_value"),
        ("started_min", "out_of_range"),
        ("slug", "not_a_slug"),
        ("within_km", "required_with"),
        ("sort", "unknown_value"),
        ("limit", "out_of_range"),
        ("fields", "unknown_value"),
        ("facets", "unknown_value"),
    ]


@pytest.mark.parametrize(
    ("question", "parameter", "code"),
    [
        ("q=" + "a" * 301, "q", "too_long"),
        ("q=" + "+".join(f"word{n}" for n in range(21)), "q", "too_many_words"),
        ("q=%00", "q", "not_text"),
        ("q=caf%E9", "q", "not_text"),
        ("q=%ED%A0%80", "q", "not_text"),
        ("q=a&q=b", "q", "given_twice"),
        ("state=Atlantis", "state", "unknown_value"),
        ("state=O%52%00", "state", "not_text"),
        ("state_all=OR,Atlantis", "state_all", "unknown_value"),
        ("strategy_not=no-such-strategy", "strategy_not", "unknown_value"),
        ("locale=44", "locale", "unknown_value"),
        ("evidence=strong", "evidence", "unknown_value"),
        ("state=" + ",".join(["OR"] * 101), "state", "too_many_values"),
        ("slug=" + ",".join(f"case-{n}" for n in range(101)), "slug", "too_many_values"),
        ("slug=Boise", "slug", "not_a_slug"),
        ("started_min=1799", "started_min", "out_of_range"),
        ("started_max=2101", "started_max", "out_of_range"),
        ("started_min=2000.0", "started_min", "out_of_range"),
        ("started_min=%D9%A2%D9%A0%D9%A0%D9%A0", "started_min", "out_of_range"),
        ("started_min=2010&started_max=2009", "started_min", "out_of_order"),
        ("enrollment_min=-1", "enrollment_min", "out_of_range"),
        ("enrollment_max=10000001", "enrollment_max", "out_of_range"),
        ("enrollment_max=" + "9" * 5000, "enrollment_max", "out_of_range"),
        ("near=91,0", "near", "unknown_place"),
        ("near=0,181", "near", "unknown_place"),
        ("near=45.5", "near", "unknown_place"),
        ("near=00000", "near", "unknown_place"),
        ("near=Nowhere", "near", "unknown_place"),
        ("near=NaN,NaN", "near", "unknown_place"),
        ("near=no-such-district", "near", "unknown_place"),
        ("near=bennington-school-district-vt", "near", "unknown_place"),
        ("within_km=5", "within_km", "required_with"),
        ("near=45,-122&within_km=0", "within_km", "out_of_range"),
        ("near=45,-122&within_km=-5", "within_km", "out_of_range"),
        ("near=45,-122&within_km=20101", "within_km", "out_of_range"),
        ("near=45,-122&within_km=inf", "within_km", "out_of_range"),
        ("near=45,-122&within_km=1e999", "within_km", "out_of_range"),
        ("near=45,-122&within_km=%D9%A5", "within_km", "out_of_range"),
        ("sort=-relevance", "sort", "unknown_value"),
        ("sort=Title", "sort", "unknown_value"),
        ("sort=distance", "sort", "required_with"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=1.5", "limit", "out_of_range"),
        ("limit=%D9%A5", "limit", "out_of_range"),
        ("limit=5&limit=6", "limit", "given_twice"),
        ("cursor=AAAA", "cursor", "cursor_damaged"),
        ("cursor=%00", "cursor", "not_text"),
        ("cursor=a&cursor=b", "cursor", "given_twice"),
        ("fields=size", "fields", "unknown_value"),
        ("fields=title.length", "fields", "unknown_value"),
        ("facets=none,state", "facets", "unknown_value"),
        ("utm_source=mail", "utm_source", "unknown_parameter"),
        ("Q=attendance", "Q", "unknown_parameter"),
        ("q%00=a", "q\0", "unknown_parameter"),
        ("=a", "", "unknown_parameter"),
    ],
)
def test_what_a_search_refuses(
    client: httpx.Client, question: str, parameter: str, code: str
) -> None:
    malformed = code in ("unknown_parameter", "given_twice", "cursor_damaged")
    found = faults(client, question, 400 if malformed else 422)
    assert found[0] == (parameter, code)
    assert {name for name, _ in found} == {parameter}


@pytest.mark.parametrize(
    "question",
    [
        "q=",
        "q=" + "a" * 300,
        "q=" + "+".join(f"word{n}" for n in range(20)),
        "q=%22",
        "q=-",
        "q=*",
        "q=%F0%9F%9A%80",
        "state=or",
        "state=OR&state=ME,CA",
        "state=" + ",".join(["OR"] * 100),
        "strategy=not-stated",
        "started_min=1800&started_max=2100",
        "enrollment_min=0&enrollment_max=10000000",
        "near=90,180",
        "near=-90,-180&within_km=20100",
        "near=45.5,-122.5&within_km=0.001",
        "near=1600360&sort=-distance",
        "near=44.06,%20-121.32",
        "near=44.058172799999994,-121.3153096",
        "limit=0",
        "limit=100",
        "facets=none",
    ],
)
def test_what_a_search_just_takes(client: httpx.Client, question: str) -> None:
    assert client.get(f"/v1/case-studies?{question}").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_an_empty_value_of_a_form_means_not_given(client: httpx.Client, name: str) -> None:
    plain = client.get("/v1/districts?limit=3").json()
    for empty in (f"{name}=", f"{name}=%20", f"{name}=,", f"{name}=&{name}="):
        given = "limit=3&" if name != "limit" else "limit=3&limit=&"
        assert client.get(f"/v1/districts?{given}{empty}").json() == plain, empty


def test_an_empty_value_beside_a_filled_one_is_passed_over(client: httpx.Client) -> None:
    filled = client.get("/v1/districts?state=OR&sort=title").json()
    assert client.get("/v1/districts?state=&state=OR&sort=&sort=title").json() == filled


@pytest.mark.parametrize("table", ["case-studies", "districts"])
def test_a_page_that_is_too_long_is_refused_with_the_export_that_has_no_cap(
    client: httpx.Client, table: str
) -> None:
    document = problem(client.get(f"/v1/{table}?state=OR&limit=101"), 422)
    address = re.search(r"/v1/exports/\S+", document["errors"][0]["detail"])
    assert address
    assert client.get(f"{address[0]}?state=OR").status_code == 200


@pytest.mark.parametrize("question", ["q=" + "a" * 101, "q=%00", "q=%FF"])
def test_what_suggest_refuses(client: httpx.Client, question: str) -> None:
    assert problem(client.get(f"/v1/suggest?{question}"), 422)["errors"][0]["parameter"] == "q"


def test_a_long_value_is_not_sent_back_whole(client: httpx.Client) -> None:
    for question in (
        "state=" + "x" * 20000,
        "x" * 20000 + "=1",
        "sort=" + "x" * 20000,
        "near=" + "x" * 20000,
    ):
        assert len(client.get(f"/v1/case-studies?{question}").content) < 3000


def test_refusals_name_what_is_public_and_nothing_from_inside(client: httpx.Client) -> None:
    document = problem(
        client.get("/v1/case-studies?fields=finding,seq,card&sort=rank&state=Atlantis"), 422
    )
    errors = document["errors"]
    allowed = {error["parameter"]: error["allowed"] for error in errors if "allowed" in error}
    fields, sort, state = (allowed[name] for name in ("fields", "sort", "state"))
    hit = client.get("/v1/case-studies?limit=1&q=school").json()["data"][0]
    assert set(hit) == {name for name in fields if "." not in name} | {"document"}
    assert not {"finding", "seq", "card"} & set(fields)
    assert all(
        client.get(f"/v1/case-studies?sort={name}&near=45,-122&limit=0").status_code == 200
        for name in sort
    )
    assert client.get(f"/v1/case-studies?state={','.join(state)}").status_code == 200


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/v1/case-studies", "image/png"),
        ("/v1/case-studies", "application/json;q=0"),
        ("/v1/districts/boise-school-district-id", "text/csv, image/*"),
        ("/v1/exports/districts.csv", "application/json"),
        ("/v1/exports/districts.json", "text/csv"),
        ("/v1/exports/districts.ndjson", "text/*"),
        ("/v1/states", "application/*;q=0, */*"),
    ],
)
def test_a_form_that_cannot_be_had_is_refused_with_those_that_can(
    client: httpx.Client, path: str, accept: str
) -> None:
    document = problem(client.get(path, headers={"Accept": accept}), 406)
    offered = re.findall(r"(?:application|text)/[a-z-]+", document["detail"])
    assert client.get(path, headers={"Accept": offered[0]}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "extension"), [("text/csv", "csv"), ("application/x-ndjson, text/html", "ndjson")]
)
def test_a_list_asked_for_as_a_file_names_the_export(
    client: httpx.Client, accept: str, extension: str
) -> None:
    path = "/v1/districts?state=OR,ID&limit=5&sort=title&q=school"
    answer = client.get(path, headers={"Accept": accept})
    document = problem(answer, 406)
    link = f"/v1/exports/districts.{extension}?state=OR%2CID&q=school"
    assert link in document["detail"]
    assert answer.links["alternate"]["url"] == link
    assert client.get(link, headers={"Accept": accept}).status_code == 200
    assert client.get("/v1/states", headers={"Accept": accept}).links == {}


@pytest.mark.parametrize("slug", sorted(TYPES))
def test_a_problem_page_explains_its_type_in_sentences(client: httpx.Client, slug: str) -> None:
    type_ = TYPES[slug]
    page = client.get(f"/problems/{slug}")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = html.unescape(re.sub(r"<[^>]+>", " ", page.text))
    assert type_.title in text
    assert f"HTTP status {type_.status}." in text
    assert type_.meaning in text
    assert re.fullmatch(r"[A-Z][A-Za-z -]{4,40}", type_.title)
    assert re.fullmatch(r"([A-Z`][^.]+\. ?)+", type_.meaning)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/html, */*;q=0.1",
        "text/html,Application/JSON;Q=0.5",
    ],
)
def test_a_form_that_can_be_had_is_given(client: httpx.Client, accept: str) -> None:
    answer = client.get("/v1/case-studies?limit=1", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_a_record_that_is_not_there_names_similar_ones(client: httpx.Client) -> None:
    for path, slug in (
        ("/v1/case-studies/boise", "boise-id"),
        ("/v1/case-studies/boise-di", "boise-id"),
        ("/v1/districts/boise-school-district", "boise-school-district-id"),
    ):
        document = problem(client.get(path), 404)
        assert document["nearest"][0] == slug
        assert slug in document["detail"]
        assert len(document["nearest"]) <= 3


@pytest.mark.parametrize("slug", ["zzzzzzzz", "%E5%AD%A6%E6%A0%A1", "b" * 5000, "9999999", "%25"])
def test_no_name_is_guessed_that_is_not_near(client: httpx.Client, slug: str) -> None:
    answer = client.get(f"/v1/districts/{slug}")
    assert "nearest" not in problem(answer, 404)
    assert len(answer.content) < 1000


def test_a_district_that_was_withdrawn_is_gone_by_its_leaid_too(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, publish(own_service.database, district("own-id", nces_leaid="1699999")))
    assert own_client.get("/v1/districts/1699999").json()["data"]["slug"] == "own-id"
    wait_for(own_service, withdraw(own_service.database, "district", "own-id"))
    for name in ("own-id", "1699999"):
        document = problem(own_client.get(f"/v1/districts/{name}"), 410)
        assert document["reason"] == "its source was retracted"


def test_a_slug_that_looks_like_a_leaid_does_not_hide_the_district_that_has_it(
    own_service: Service, own_client: httpx.Client
) -> None:
    wait_for(own_service, publish(own_service.database, district("1600360")))
    answer = own_client.get("/v1/districts/1600360")
    assert answer.json()["data"]["slug"] == "boise-school-district-id"


def test_a_key_that_appears_twice_in_a_body_is_refused_by_name(people: People) -> None:
    body = b'{"slug": "twice-id", "name": "A", "name": "B", "x/y": [{"a": 1, "a": 1.0}]}'
    headers = {"Content-Type": "application/json"}
    answer = people.ada.post("/districts", content=body, headers=headers)
    errors = problem(answer, 400)["errors"]
    assert [(error["code"], error["pointer"]) for error in errors] == [
        ("repeated_key", "/name"),
        ("repeated_key", "/x~1y/0/a"),
    ]
    assert "'name' appears more than once" in errors[0]["detail"]


@pytest.mark.parametrize("number", ["9" * 5000, "1e999999", "18446744073709551616"])
def test_a_number_that_is_too_large_is_no_failure_of_ours(people: People, number: str) -> None:
    body = f'{{"slug": "large-id", "enrollment": {number}}}'
    headers = {"Content-Type": "application/json"}
    assert people.ada.post("/districts", content=body, headers=headers).status_code in (400, 422)


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Content-Type": "application/json; charset=latin-1"}, "latin-1"),
        ({"Content-Type": 'application/json; charset="UTF-16"'}, "UTF-16"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "gzip"),
        ({"Content-Type": "text/plain"}, "text/plain"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_before_it_is(
    people: People, headers: dict[str, str], named: str
) -> None:
    answer = people.ada.post("/districts", content=b"{}", headers=headers)
    assert named in problem(answer, 415)["detail"]
    assert {"accept", "accept-encoding"} & set(answer.headers)


def test_a_body_in_utf_8_may_say_so(people: People) -> None:
    for charset in ("utf-8", '"UTF-8"', "us-ascii"):
        headers = {"Content-Type": f"application/json; charset={charset}"}
        assert people.ada.post("/districts", content=b"{}", headers=headers).status_code == 422


def test_a_method_that_is_not_taken_is_refused_with_those_that_are(client: httpx.Client) -> None:
    for path in (
        "/",
        "/v1",
        "/case-studies",
        "/case-studies/boise-id",
        "/v1/case-studies",
        "/v1/case-studies/boise-id",
        "/v1/exports/districts.csv",
        "/healthz",
        "/v1/states",
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
            answer = client.request(method, path)
            problem(answer, 405)
            assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}, (
                method,
                path,
            )


def test_a_failure_inside_is_told_without_its_inside(
    own_service: Service, own_client: httpx.Client
) -> None:
    with own_service.database.writing() as session:
        session.connection().execute(text("ALTER TABLE entry RENAME TO lost"))
    answer = own_client.get("/v1/case-studies/boise-id")
    problem(answer, 503)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not any(
        word in answer.text
        for word in ("lost", "entry", "SELECT", "Traceback", "sqlalchemy", "psycopg", ".py")
    )

    with own_service.database.writing() as session:
        session.connection().execute(text("ALTER TABLE lost RENAME TO entry"))
    assert own_client.get("/v1/case-studies/boise-id").status_code == 200


def test_what_was_withdrawn_is_gone(own_service: Service, own_client: httpx.Client) -> None:
    wait_for(own_service, withdraw(own_service.database, "case-study", "boise-id"))
    document = problem(own_client.get("/v1/case-studies/boise-id"), 410)
    assert (document["type"], document["reason"]) == ("/problems/gone", "its source was retracted")

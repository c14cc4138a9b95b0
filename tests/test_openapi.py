"""The OpenAPI document, as those meet it who generate clients: valid, complete, and kept to by the service under attack."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from publishing import publish, wait_for
from pydantic import BaseModel
from serving import Service

from app.catalog.shapes import CaseStudyDocument, DistrictDocument
from app.records.taxonomy import StrategyRecord
from app.research import snapshots
from app.search import shapes
from app.search.filters import FILTER
from app.search.query import OF_A_PAGE, PARAMETERS
from app.search.vocabularies import VOCABULARIES
from app.web.openapi import BINARY

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]

Json = dict[str, Any]
REJECTIONS = [400, 404, 405, 406, 413, 415, 422, 429]
SEARCHES = {"/v1/case-studies", "/v1/districts"}
PUBLIC, DESK = "/openapi.json", "/v1/admin/openapi.json"


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Json:
    """The public document as it is served."""
    return read(client, PUBLIC)


@pytest.fixture(scope="module", params=[PUBLIC, DESK])
def each_document(client: httpx.Client, request: pytest.FixtureRequest) -> Json:
    """The public document, and that of the desk."""
    return read(client, str(request.param))


def read(client: httpx.Client, path: str) -> Json:
    """A document as it is served, without a key."""
    found: Json = client.get(path, timeout=60).raise_for_status().json()
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Each operation, by method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


@pytest.fixture(scope="module", autouse=True)
def releases(service: Service) -> None:
    """The snapshots that the examples name."""
    for version in ("2026.1", "2026.2"):
        snapshots.freeze(
            service.database,
            version,
            note="An example.",
            by="tests",
            base_url=service.url,
            software="0",
        )


def public_reads(document: Json) -> dict[str, Json]:
    """What anybody may read, by path."""
    reads = {
        name.removeprefix("GET "): found
        for name, found in operations(document)
        if name.startswith("GET ")
    }
    return {path: found for path, found in reads.items() if "{token}" not in path}


@pytest.mark.slow
def test_the_document_is_valid_openapi_3_1(each_document: Json) -> None:
    assert each_document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(each_document).iter_errors()) == []


def test_every_operation_is_explained_and_has_a_name_of_its_own(each_document: Json) -> None:
    names = []
    tags = {tag["name"] for tag in each_document["tags"]}
    for name, operation in operations(each_document):
        assert operation["summary"].strip(), name
        assert len(operation["description"]) > 20, name
        assert set(operation["tags"]) <= tags, name
        names.append(operation["operationId"])
    assert len(set(names)) == len(names) > 18


def test_every_operation_names_its_errors_as_problems(each_document: Json) -> None:
    schemas = each_document["components"]["schemas"]
    for name, operation in operations(each_document):
        errors = {
            status: response
            for status, response in operation["responses"].items()
            if status[0] in "45"
        }
        assert "400" in errors, name
        for status, response in errors.items():
            [(media_type, media)] = response["content"].items()
            problem = schemas[media["schema"]["$ref"].rpartition("/")[2]]
            assert media_type == "application/problem+json", (name, status)
            assert schemas["Problem"]["properties"].items() <= problem["properties"].items(), (
                name,
                status,
            )
            assert response["description"], (name, status)


def test_what_is_refused_is_refused_as_the_document_says(
    client: httpx.Client, document: Json
) -> None:
    for path, operation in public_reads(document).items():
        url = path.replace("{slug}", "nowhere").replace("{format}", "csv")
        asked = {
            400: client.get(f"{url}?colour=red"),
            404: client.get(url) if "{slug}" in path else None,
            406: client.get(url, headers={"Accept": "image/png"})
            if path.startswith("/v1/")
            else None,
            422: client.get(f"{url}?q={'x' * 301}")
            if "q" in [parameter["name"] for parameter in operation.get("parameters", ())]
            and (path in SEARCHES or "exports" in path)
            else None,
        }
        for status, answer in asked.items():
            if answer is not None:
                assert answer.status_code == status, (path, status)
                assert str(status) in operation["responses"], (path, status)


def example_of(parameter: Json) -> Any:
    """The example of a parameter, filled in by Swagger UI or only shown; None for a cursor."""
    return parameter.get("example", parameter["schema"].get("examples", [None])[0])


def test_every_parameter_is_explained_with_an_example(each_document: Json) -> None:
    for name, operation in operations(each_document):
        for parameter in operation.get("parameters", []):
            assert parameter["description"].strip(), (name, parameter["name"])
            assert parameter["schema"], (name, parameter["name"])
            # A cursor belongs to its search, a revision to its directory.
            assert example_of(parameter) is not None or parameter["name"] in (
                "cursor",
                "as_of",
                "Idempotency-Key",
            ), (name, parameter["name"])


def test_at_most_two_parameters_are_filled_in_as_try_it_out_opens(each_document: Json) -> None:
    for name, operation in operations(each_document):
        filled_in = [
            parameter["name"]
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query"
            and ("example" in parameter or "default" in parameter["schema"])
        ]
        assert len(filled_in) <= 2, (name, filled_in)


@pytest.mark.parametrize("path", sorted(SEARCHES))
def test_try_it_out_as_it_opens_finds_something(
    client: httpx.Client, document: Json, path: str
) -> None:
    filled_in = {
        parameter["name"]: parameter.get("example", parameter["schema"].get("default"))
        for parameter in document["paths"][path]["get"]["parameters"]
        if "example" in parameter or "default" in parameter["schema"]
    }
    assert set(filled_in) == {"q", "limit"}
    assert client.get(path, params=filled_in).raise_for_status().json()["data"]


@pytest.mark.parametrize("path", sorted(SEARCHES))
def test_rarely_needed_forms_of_filters_are_listed_last(document: Json, path: str) -> None:
    names = [parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]]
    rare = [name.endswith(("_all", "_not")) for name in names]
    assert rare == sorted(rare)


@pytest.mark.slow
def test_the_examples_of_parameters_are_valid(client: httpx.Client, document: Json) -> None:
    for path, operation in public_reads(document).items():
        parameters = operation.get("parameters", [])
        url = path
        for parameter in parameters:
            if parameter["in"] == "path":
                url = url.replace("{" + parameter["name"] + "}", parameter["example"])
        required = {
            parameter["name"]: parameter["example"]
            for parameter in parameters
            if parameter["in"] == "query" and parameter["required"]
        }
        for parameter in parameters:
            if parameter["in"] == "query" and (value := example_of(parameter)) is not None:
                query = {parameter["name"]: ",".join(value) if isinstance(value, list) else value}
                if parameter["name"] == "within_km":
                    query["near"] = "44.06,-121.32"
                if parameter["name"] == "seed":
                    query["sample"] = 20
                client.get(url, params=required | query).raise_for_status()


def test_the_two_documents_hold_every_operation_once(client: httpx.Client) -> None:
    public, desk = ([name for name, _ in operations(read(client, path))] for path in (PUBLIC, DESK))
    assert [name for name in public if "/v1/admin" in name] == []
    assert [name for name in desk if "/v1/admin/" not in name] == []
    names = [
        operation["operationId"]
        for path in (PUBLIC, DESK)
        for _, operation in operations(read(client, path))
    ]
    assert len(set(names)) == len(names) == len(public) + len(desk)


def test_lists_have_plural_names(each_document: Json) -> None:
    for name, operation in operations(each_document):
        if "list_" in operation["operationId"]:
            noun = operation["operationId"].rpartition("list_")[2]
            assert noun.endswith("s") or noun in ("evidence", "audit"), name


@pytest.mark.parametrize(("path", "document_path"), [("/docs", PUBLIC), ("/v1/admin/docs", DESK)])
def test_each_document_has_a_docs_page_without_an_outside_network(
    client: httpx.Client, path: str, document_path: str
) -> None:
    page = client.get(path).raise_for_status()
    assert page.headers["Content-Type"].startswith("text/html")
    assert f"'{document_path}'" in page.text
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert asset.startswith("/"), asset
        client.get(asset).raise_for_status()


def test_vocabularies_are_enums(client: httpx.Client, document: Json) -> None:
    schemas = document["components"]["schemas"]
    hit = schemas["CaseStudyHit"]["properties"]
    assert hit["rurality"]["items"] == {"$ref": "#/components/schemas/RuralityCode"}
    assert {"$ref": "#/components/schemas/EvidenceCode"} in hit["evidence"]["anyOf"]
    for vocabulary, path in (
        ("Rurality", "ruralities"),
        ("Evidence", "evidence"),
        ("Direction", "directions"),
        ("InitiativeStatus", "statuses"),
        ("Pillar", "pillars"),
        ("Model", "models"),
        ("Setting", "settings"),
        ("PartnerType", "partner-types"),
        ("FundingKind", "funding-kinds"),
        ("SourceKind", "source-kinds"),
        ("Kinship", "kinships"),
        ("Locale", "localities"),
        ("Unit", "units"),
        ("Qualifier", "qualifiers"),
        ("State", "states"),
        ("Strategy", "strategies"),
        ("Topic", "topics"),
    ):
        terms = client.get(f"/v1/{path}").json()["data"]
        assert set(schemas[f"{vocabulary}Code"]["enum"]) == {term["value"] for term in terms}


@pytest.mark.parametrize("path", sorted(SEARCHES))
def test_filters_are_enums_with_not_stated(client: httpx.Client, document: Json, path: str) -> None:
    for parameter in document["paths"][path]["get"]["parameters"]:
        filter_ = FILTER.get(parameter["name"].removesuffix("_all").removesuffix("_not"))
        if filter_ and not filter_.many:
            name = parameter["schema"]["items"]["$ref"].rpartition("/")[2]
            listed = document["components"]["schemas"][name]["enum"]
            refusal = client.get(path, params={parameter["name"]: "no-such"}).json()
            assert set(refusal["errors"][0]["allowed"]) == set(listed), parameter["name"]


@pytest.mark.slow
def test_a_new_term_is_listed_at_once(own_service: Service, own_client: httpx.Client) -> None:
    def strategies() -> list[str]:
        schemas = read(own_client, PUBLIC)["components"]["schemas"]
        return [*schemas["StrategyCode"]["enum"]]

    assert "walking-school-bus" not in strategies()
    strategy = StrategyRecord(
        slug="walking-school-bus",
        pillar="expanded-learning",
        label="Walking school bus",
        definition="Adults walk groups of children to school along a fixed route.",
    )
    wait_for(own_service, publish(own_service.database, strategy))
    assert "walking-school-bus" in strategies()


def test_every_read_shows_a_real_answer(client: httpx.Client, document: Json) -> None:
    for path, operation in public_reads(document).items():
        for media_type, media in operation["responses"]["200"]["content"].items():
            if media_type not in BINARY:
                assert media["example"], (path, media_type)
    example = document["paths"]["/v1/case-studies/{slug}"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["example"]
    assert example["data"] == client.get("/v1/case-studies/boise-id").json()["data"]


def test_every_shape_has_a_name(each_document: Json) -> None:
    for name, operation in operations(each_document):
        for status, response in operation["responses"].items():
            for media_type, media in response.get("content", {}).items():
                if media_type.endswith("json") and not media_type.endswith("ndjson"):
                    assert _is_named(media["schema"]), (name, status, media["schema"])
    for name, schema in each_document["components"]["schemas"].items():
        assert [
            field for field, inner in schema.get("properties", {}).items() if _is_anonymous(inner)
        ] == [], name


def test_every_field_is_explained(each_document: Json) -> None:
    schemas = each_document["components"]["schemas"]
    for name, schema in schemas.items():
        for field, inner in schema.get("properties", {}).items():
            described = (
                inner if "$ref" not in inner else schemas[inner["$ref"].rpartition("/")[2]] | inner
            )
            assert described.get("description", "").strip(), (name, field)


def test_what_an_answer_always_has_is_said_to_be_required(document: Json) -> None:
    for name in (
        "CaseStudyCard",
        "CaseStudyHit",
        "CaseStudyDocument",
        "DistrictDocument",
        "SearchMeta",
        "FacetValue",
        "VocabularyTerm",
    ):
        if schema := document["components"]["schemas"].get(name):
            assert set(schema["required"]) == set(schema["properties"]), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "path"),
    [
        (shapes.CaseStudyResults, "/v1/case-studies?limit=100"),
        (shapes.CaseStudyResults, "/v1/case-studies?q=attendance+reading&near=1600360&limit=100"),
        (shapes.CaseStudyResults, "/v1/case-studies?q=zzyzx&state=OR"),
        (shapes.DistrictResults, "/v1/districts?q=school+attendance&near=45.5,-122.6&limit=100"),
        (shapes.SuggestAnswer, "/v1/suggest?q=s"),
        *((shapes.VocabularyAnswer, f"/v1/{vocabulary.path}") for vocabulary in VOCABULARIES),
    ],
)
def test_an_answer_has_the_very_shape_of_its_question(
    client: httpx.Client, shape: type[BaseModel], path: str
) -> None:
    answer = client.get(path).raise_for_status()
    assert shape.model_validate_json(answer.content, strict=True).model_dump(exclude_unset=True)


def test_every_document_has_the_very_shape_that_is_described(client: httpx.Client) -> None:
    for shape, table in ((CaseStudyDocument, "case-studies"), (DistrictDocument, "districts")):
        lines = client.get(f"/v1/exports/{table}.ndjson").text.splitlines()
        assert {type(shape.model_validate_json(line, strict=True)) for line in lines} == {shape}


@pytest.mark.parametrize("kind", ["case-studies", "districts"])
def test_the_parameters_are_those_that_a_search_takes(document: Json, kind: str) -> None:
    described = [
        parameter["name"] for parameter in document["paths"][f"/v1/{kind}"]["get"]["parameters"]
    ]
    assert sorted(described) == sorted(PARAMETERS)
    described = [
        parameter["name"]
        for parameter in document["paths"][f"/v1/exports/{kind}.{{format}}"]["get"]["parameters"]
    ]
    assert sorted(described) == sorted({"format", *PARAMETERS} - set(OF_A_PAGE))


@pytest.mark.slow
def test_the_service_keeps_to_the_document_under_attack(
    service: Service, document: Json, tmp_path: Path
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(_for_the_attack(document)))
    (tmp_path / "schemathesis.toml").write_text(
        f"[checks]\nnegative_data_rejection.expected-statuses = {REJECTIONS}\n"
    )
    attack = subprocess.run(
        [
            *(
                str(Path(sys.executable).parent / "schemathesis"),
                "run",
                "openapi.json",
                "--url",
                service.url,
            ),
            *(
                "--checks",
                "all",
                "--generation-deterministic",
                "--no-color",
                *("--max-examples", "10"),  # beside every limit of every parameter (coverage)
            ),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("attack.py"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert attack.returncode == 0, attack.stdout[-10_000:] + attack.stderr


def _for_the_attack(document: Json) -> Json:
    """The document with what it says in words: slugs are known, a cursor is one that was given."""
    changed: Json = json.loads(json.dumps(document))
    schemas = changed["components"]["schemas"]
    suggestion = schemas["SuggestionRequest"]["properties"]
    suggestion["about"] = {"enum": ["boise-id", "boise-school-district-id", None]}
    suggestion["source_url"] = {"enum": ["https://www.example.org/report", None]}
    for name, schema in schemas.items():
        if name.endswith("OrNotStated"):  # two values of a filter are as good as a hundred
            schema["enum"] = schema["enum"][-2:]
    # One row makes each list of terms: two of them are as good as twenty.
    for vocabulary in VOCABULARIES:
        if vocabulary.path not in ("strategies", "units"):
            del changed["paths"][f"/v1/{vocabulary.path}"]
    for name, operation in operations(changed):
        # A hit with some of its fields is not the hit of the schema. Districts and exports take
        # what the search for case studies takes, by the same code: some of it is enough there.
        # What waits for a change would wait many times. Which moments `as_of` takes, history decides.
        rare = () if name == "GET /v1/case-studies" else ("_all", "_not")
        left_out = ("fields", "cursor", "wait", "as_of", *rare)
        operation["parameters"] = [
            parameter
            for parameter in operation.get("parameters", [])
            if not parameter["name"].endswith(left_out)
        ]
        for parameter in operation["parameters"]:
            if parameter["name"] == "near":
                places = ["44.06,-121.32", "boise-school-district-id", "1600360"]
                parameter["schema"]["enum"] = places
            if parameter["name"] in ("partner", "partner_all", "partner_not"):
                parameter["schema"]["items"] = {"enum": ["communities-in-schools", "not-stated"]}
    return changed


def _is_named(schema: Json) -> bool:
    if schema.get("type") == "array":
        return _is_named(schema["items"])
    return "$ref" in schema or ("anyOf" in schema and all(map(_is_named, schema["anyOf"])))


def _is_anonymous(schema: Json) -> bool:
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return "properties" in schema or any(map(_is_anonymous, inner))

"""The OpenAPI document, as those meet it who generate clients: valid, complete, and kept to by the service under attack."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel
from serving import Service

from app.catalog.shapes import CaseStudyDocument, DistrictDocument
from app.search import shapes
from app.search.endpoints import CaseStudySelection, DistrictSelection
from app.search.query import OF_A_PAGE, PARAMETERS

Json = dict[str, Any]
REJECTIONS = [400, 404, 405, 406, 413, 415, 422, 429]
SEARCHES = {"/v1/case-studies", "/v1/districts"}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> Json:
    """The document as it is served."""
    found: Json = client.get("/openapi.json").raise_for_status().json()
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Each operation, by method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def public_reads(document: Json) -> dict[str, Json]:
    """What anybody may read, by path."""
    reads = {
        name.removeprefix("GET "): found
        for name, found in operations(document)
        if name.startswith("GET ")
    }
    return {
        path: found
        for path, found in reads.items()
        if not path.startswith("/v1/admin") and "{token}" not in path
    }


def test_the_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_operation_is_explained_and_has_a_name_of_its_own(document: Json) -> None:
    names = []
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"].strip(), name
        assert len(operation["description"]) > 20, name
        assert set(operation["tags"]) <= tags, name
        names.append(operation["operationId"])
    assert len(set(names)) == len(names) > 18


def test_every_operation_names_its_errors_as_problems(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, operation in operations(document):
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
        url = path.replace("{slug}", "nowhere")
        asked = {
            400: client.get(f"{url}?colour=red"),
            404: client.get(url) if "{slug}" in path else None,
            406: client.get(url, headers={"Accept": "image/png"})
            if path.startswith("/v1/")
            else None,
            422: client.get(f"{url}?q={'x' * 301}")
            if path in SEARCHES or "exports" in path
            else None,
        }
        for status, answer in asked.items():
            if answer is not None:
                assert answer.status_code == status, (path, status)
                assert str(status) in operation["responses"], (path, status)


def test_every_parameter_is_explained_with_an_example(document: Json) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter["description"].strip(), (name, parameter["name"])
            assert parameter["schema"], (name, parameter["name"])
    for path, operation in public_reads(document).items():
        for parameter in operation.get("parameters", []):
            # A cursor belongs to its question, so none can stand in a document.
            assert "example" in parameter or parameter["name"] == "cursor", (
                path,
                parameter["name"],
            )


def test_the_examples_of_parameters_find_something(client: httpx.Client, document: Json) -> None:
    for path, operation in public_reads(document).items():
        url = path
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                url = url.replace("{" + parameter["name"] + "}", parameter["example"])
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query" and "example" in parameter:
                value = parameter["example"]
                query = {parameter["name"]: ",".join(value) if isinstance(value, list) else value}
                if parameter["name"] == "within_km":
                    query["near"] = "44.06,-121.32"
                answer = client.get(url, params=query).raise_for_status()
                assert len(answer.content) > 2, (path, query)


def test_every_read_shows_a_real_answer(client: httpx.Client, document: Json) -> None:
    for path, operation in public_reads(document).items():
        for media_type, media in operation["responses"]["200"]["content"].items():
            assert media["example"], (path, media_type)
    example = document["paths"]["/v1/case-studies/{slug}"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["example"]
    assert example["data"] == client.get("/v1/case-studies/boise-id").json()["data"]


def test_every_shape_has_a_name(document: Json) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            for media_type, media in response.get("content", {}).items():
                if media_type.endswith("json") and not media_type.endswith("ndjson"):
                    assert _is_named(media["schema"]), (name, status, media["schema"])
    for name, schema in document["components"]["schemas"].items():
        assert [
            field for field, inner in schema.get("properties", {}).items() if _is_anonymous(inner)
        ] == [], name


def test_every_field_is_explained(document: Json) -> None:
    schemas = document["components"]["schemas"]
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


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        (shapes.CaseStudyResults, "/v1/case-studies?limit=100"),
        (shapes.CaseStudyResults, "/v1/case-studies?q=attendance+reading&near=1600360&limit=100"),
        (shapes.CaseStudyResults, "/v1/case-studies?q=zzyzx&state=OR"),
        (CaseStudySelection, "/v1/case-studies?q=school&fields=slug,snippet.marks&limit=100"),
        (shapes.DistrictResults, "/v1/districts?q=school+attendance&near=45.5,-122.6&limit=100"),
        (DistrictSelection, "/v1/districts?fields=name,place.latitude&limit=100"),
        (shapes.SuggestAnswer, "/v1/suggest?q=s"),
        *(
            (shapes.VocabularyAnswer, f"/v1/{name}")
            for name in ("strategies", "states", "localities", "indicators", "organizations")
        ),
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
    for form in ("json", "ndjson", "csv"):
        described = [
            parameter["name"]
            for parameter in document["paths"][f"/v1/exports/{kind}.{form}"]["get"]["parameters"]
        ]
        assert sorted(described) == sorted(set(PARAMETERS) - set(OF_A_PAGE))


def test_the_service_keeps_to_the_document_under_attack(
    service: Service, client: httpx.Client, document: Json, tmp_path: Path
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(_with_vocabularies(document, client)))
    (tmp_path / "schemathesis.toml").write_text(
        f"[checks]\nnegative_data_rejection.expected-statuses = {REJECTIONS}\n"
    )
    # PostgreSQL answers from the same index: there it is enough to ask what reads the database.
    thorough = service.database_url.startswith("sqlite")
    bounds = (
        ["--max-examples", "25"]
        if thorough
        else ["--max-examples", "8", "--phases", "examples,fuzzing,stateful"]
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
                "--exclude-path-regex",
                "^/v1/admin/",
                "--generation-deterministic",
                "--no-color",
                *bounds,
            ),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("attack.py"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert attack.returncode == 0, attack.stdout[-10_000:] + attack.stderr


def _with_vocabularies(document: Json, client: httpx.Client) -> Json:
    """The document with what it says in words: values come from the vocabularies, slugs are known, a cursor is one that was given."""
    changed: Json = json.loads(json.dumps(document))
    suggestion = changed["components"]["schemas"]["SuggestionRequest"]["properties"]
    suggestion["about"] = {"enum": ["boise-id", "boise-school-district-id", None]}
    suggestion["source_url"] = {"enum": ["https://www.example.org/report", None]}
    allowed: dict[str, list[str]] = {}
    for name, operation in operations(changed):
        # The exports take what the search takes, by the same code: some of it is enough there.
        left_out = ("cursor", "_all", "_not") if "/exports/" in name else ("cursor",)
        parameters = [
            parameter
            for parameter in operation.get("parameters", [])
            if not parameter["name"].endswith(left_out)
        ]
        operation["parameters"] = parameters
        for parameter in parameters:
            schema = parameter["schema"]
            if parameter["name"] == "near":
                schema["enum"] = ["44.06,-121.32", "boise-school-district-id", "1600360"]
            if schema.get("items") == {"type": "string"}:
                filter_ = parameter["name"].removesuffix("_all").removesuffix("_not")
                if filter_ not in allowed:
                    allowed[filter_] = client.get(f"/v1/case-studies?{filter_}=no-such").json()[
                        "errors"
                    ][0]["allowed"]
                schema["items"]["enum"] = allowed[filter_][-2:]
    return changed


def _is_named(schema: Json) -> bool:
    if schema.get("type") == "array":
        return _is_named(schema["items"])
    return "$ref" in schema or ("anyOf" in schema and all(map(_is_named, schema["anyOf"])))


def _is_anonymous(schema: Json) -> bool:
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return "properties" in schema or any(map(_is_anonymous, inner))

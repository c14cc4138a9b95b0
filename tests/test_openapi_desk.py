"""The desk under attack: schemathesis with an admin's key sends it whatever the OpenAPI document allows, and what it does not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from people import People

from app.catalog import publication
from app.records.kinds import KINDS

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]

Json = dict[str, Any]
# A stale version (412) and a body too large (413) are told before anything else that is wrong with a request.
CONFIGURATION = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428]
missing_required_header.expected-statuses = [401, 403, 428]
positive_data_acceptance.expected-statuses = ["2xx", 403, 404, 409, 412, 413, 415, 422]
"""
SCHEMAS = "#/components/schemas/"
KNOWN = {  # values of fields that the schema calls texts, so that what is sent gets further than the first look-up
    ("CaseStudy", "state"): ["ID", "OR", None],
    ("CaseStudy", "districts"): ["boise-school-district-id", "bend-la-pine-schools-or"],
    ("CaseStudy", "strategies"): ["food-security", "mentoring"],
    ("Outcome", "indicator"): ["attendance"],
    ("Outcome", "design"): ["descriptive"],
    ("Source", "kind"): ["report"],
    ("Source", "id"): ["s1", "s2"],
    ("Source", "url"): ["https://example.org/report"],
    ("DistrictRecord", "state"): ["ID", "OR"],
    ("StrategyRecord", "pillar"): ["expanded-learning"],
    ("OrganizationRecord", "type"): ["nonprofit"],
}


@pytest.fixture
def document(people: People) -> Json:
    """The OpenAPI document, with records, versions and values that exist in the place of any."""
    served = httpx.get(f"{people.service.url}/v1/admin/openapi.json", timeout=60).raise_for_status()
    found: Json = served.json()
    sent = json.loads(served.text.replace(SCHEMAS, f"{SCHEMAS}Sent"))["components"]["schemas"]
    for (schema, field), values in KNOWN.items():
        described = sent[schema]["properties"][field]
        described.get("items", described)["enum"] = values
    found["components"]["schemas"] |= {f"Sent{name}": schema for name, schema in sent.items()}
    for item in found["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "If-Match":
                    parameter["schema"] = {"enum": ['"1"', '"2"', '"3"', '"4"']}
                if (parameter["name"], parameter["in"]) == ("slug", "path"):
                    parameter["schema"] = {
                        "enum": [
                            *(kind.example for kind in KINDS.values() if kind.example),
                            "no-such",
                        ]
                    }
            for media in operation.get("requestBody", {}).get("content", {}).values():
                media["schema"] = json.loads(
                    json.dumps(media["schema"]).replace(SCHEMAS, f"{SCHEMAS}Sent")
                )
    return found


@pytest.mark.slow
def test_the_desk_keeps_to_the_document_under_attack(
    people: People, document: Json, tmp_path: Path
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    before = newest(people)
    # All kinds of records have the same operations: one of them is attacked.
    bounds = [
        *("--max-examples", "8"),
        *("--exclude-path-regex", "/(districts|strategies|indicators|organizations)"),
    ]
    attack = subprocess.run(
        [
            *(
                str(Path(sys.executable).parent / "schemathesis"),
                "run",
                "openapi.json",
                "--url",
                people.service.url,
            ),
            *(
                "--checks",
                "all",
                "--exclude-checks",
                "ignored_auth",
                "--include-path-regex",
                "^/v1/admin/",
            ),
            *(
                "--header",
                f"Authorization: {people.kim.headers['Authorization']}",
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
    assert attack.returncode == 0, attack.stdout[:20_000] + attack.stderr
    assert newest(people) > before  # it got through
    with people.service.database.reading() as session:
        assert publication.differences(session) == []


def newest(people: People) -> int:
    """Number of the newest change."""
    seq: int = people.kim.get("/audit?limit=1").json()["data"][0]["seq"]
    return seq

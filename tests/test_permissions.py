"""Who may do what: every request of the desk, tried with every role and without a key, against the table of docs/permissions.md."""

import json
from functools import cache
from typing import Any

import httpx
import permissions
import pytest
from people import People, at_the_desk, case_study, create, step
from permissions import Operation, desk_operations, permission
from serving import Service

from app.desk.access.permissions import ACTIVITIES, PERMISSIONS, ROLES

pytestmark = pytest.mark.few_records


@cache
def operations(url: str) -> list[Operation]:
    """Everything that the desk takes, from the OpenAPI document."""
    return list(
        desk_operations(
            httpx.get(f"{url}/v1/admin/openapi.json", timeout=60).raise_for_status().json()
        )
    )


def send(asker: httpx.Client, operation: Operation) -> httpx.Response:
    """A request as the OpenAPI document gives it by example, on a version that nobody has seen, so that it changes nothing."""
    method, path, described = operation
    for parameter in described.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example")))
    headers = {"If-Match": '"2147483647"'}
    content: bytes | None = None
    for media_type, media in list(described.get("requestBody", {}).get("content", {}).items())[:1]:
        headers["Content-Type"] = media_type
        example = media.get("example", {})
        content = example.encode() if isinstance(example, str) else json.dumps(example).encode()
    return asker.request(method, path.removeprefix("/v1/admin"), headers=headers, content=content)


def names(found: list[tuple[Operation, Any]]) -> list[tuple[str, str, Any]]:
    """The requests among these, short enough to read."""
    return [(method, path, what) for (method, path, _), what in found]


@pytest.mark.slow
def test_every_request_without_a_key_is_refused(service: Service) -> None:
    with httpx.Client(base_url=f"{service.url}/v1/admin") as stranger:
        answers = [
            (operation, send(stranger, operation).status_code)
            for operation in operations(service.url)
        ]
    assert names([(operation, status) for operation, status in answers if status != 401]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "role"), [("ada", "editor"), ("rui", "reviewer"), ("kim", "admin")]
)
def test_every_request_is_open_to_the_roles_that_the_table_says_and_to_no_other(
    name: str, role: str, people: People
) -> None:
    wrong = []
    for operation in operations(people.service.url):
        needs = PERMISSIONS[permission(operation[2])]
        answer = send(getattr(people, name), operation)
        told = answer.json()["needs"] if answer.status_code == 403 else None
        if (
            told != (None if ROLES.index(role) >= ROLES.index(needs) else needs)
            or answer.status_code in (401, 429)
            or answer.is_server_error
        ):
            wrong.append((operation, answer.text))
    assert names(wrong) == []


@pytest.mark.slow
def test_the_documented_tables_are_those_of_the_routes(service: Service) -> None:
    made = permissions.tables(httpx.get(f"{service.url}/v1/admin/openapi.json", timeout=60).json())
    assert permissions.written() == made, "run .venv/bin/python tests/permissions.py"


@pytest.mark.slow
def test_the_public_part_takes_no_key(service: Service) -> None:
    document = httpx.get(f"{service.url}/openapi.json", timeout=60).json()
    public = [item for path, item in document["paths"].items() if not path.startswith("/v1/admin")]
    assert [
        operation["operationId"]
        for item in public
        for operation in item.values()
        if "security" in operation
    ] == []


def test_every_action_has_words_for_its_refusal() -> None:
    assert ACTIVITIES.keys() == PERMISSIONS.keys()


@pytest.mark.slow
def test_going_without_review_takes_an_admin_with_a_reason(own_service: Service) -> None:
    with at_the_desk(own_service) as people:
        create(people.rui, case_study("hurried"))
        refused = step(people.rui, "publish", "hurried", bypass_reason="it is urgent")
        assert (refused.status_code, refused.json()["needs"]) == (403, "admin")
        assert step(people.kim, "publish", "hurried").status_code == 409
        assert (
            step(people.kim, "publish", "hurried", bypass_reason="it is urgent").status_code == 200
        )

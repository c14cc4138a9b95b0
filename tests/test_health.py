"""What an operator's supervisor and balancer meet: is the process alive, and can it answer?"""

import httpx
import pytest
from serving import Service
from sqlalchemy import text

pytestmark = pytest.mark.few_records


def test_a_service_that_can_answer_says_so(client: httpx.Client) -> None:
    alive, ready = client.get("/healthz"), client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "warnings": []})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_takes_no_parameters(client: httpx.Client, path: str) -> None:
    assert client.get(f"{path}?deep=1").status_code == 400


def test_a_service_without_its_tables_is_alive_and_not_ready(
    own_service: Service, own_client: httpx.Client
) -> None:
    with own_service.database.writing() as session:
        session.connection().execute(text("ALTER TABLE revision RENAME TO lost"))
    assert own_client.get("/healthz").status_code == 200
    answer = own_client.get("/readyz")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["type"] == "/problems/unavailable"
    assert answer.json()["detail"].startswith("database is not ready")
    assert int(answer.headers["Retry-After"]) <= 60
    assert "revision" not in answer.text

    with own_service.database.writing() as session:
        session.connection().execute(text("ALTER TABLE lost RENAME TO revision"))
    assert own_client.get("/readyz").status_code == 200


def test_a_service_whose_index_cannot_follow_is_not_ready(own_service: Service) -> None:
    with own_service.database.writing() as session:
        session.connection().execute(text("ALTER TABLE entry RENAME TO lost"))
        session.connection().execute(
            text("UPDATE revision SET seq = seq + 1000 WHERE seq = (SELECT max(seq) FROM revision)")
        )
    answer = httpx.get(f"{own_service.url}/readyz")
    while answer.status_code == 200:  # on PostgreSQL word of a commit takes a moment
        answer = httpx.get(f"{own_service.url}/readyz")
    assert (answer.status_code, answer.json()["detail"].split(":")[0]) == (
        503,
        "index is not ready",
    )

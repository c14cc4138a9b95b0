"""Ada edits, Rui reviews, Kim administers: each with a key and a client; and the records that they make through the desk."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from serving import Service

from app.database import Database
from app.desk.access import keys

Json = dict[str, Any]
ROLES = {"ada": "editor", "rui": "reviewer", "kim": "admin"}
SOURCE = {
    "id": "s1",
    "title": "A report",
    "publisher": "A press",
    "url": "https://example.org/report",
    "kind": "report",
}
OUTCOME = {"indicator": "attendance", "finding": "It rose", "design": "descriptive", "source": "s1"}


@dataclass(frozen=True)
class People:
    """Who works at the desk of a running service."""

    service: Service
    ada: httpx.Client
    rui: httpx.Client
    kim: httpx.Client


@contextmanager
def at_the_desk(service: Service) -> Iterator[People]:
    """The people with their keys."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(client(service, key(service.database, name, role)))
            for name, role in ROLES.items()
        ]
        yield People(service, *clients)


def key(database: Database, label: str, role: str, *, expires_at: datetime | None = None) -> str:
    """The secret of a new key."""
    with database.writing() as session:
        _row, secret = keys.issue(
            session, label=label, role=role, by="tests", at=datetime.now(UTC), expires_at=expires_at
        )
    return secret


def client(service: Service, secret: str) -> httpx.Client:
    """Asks the desk with a key."""
    return httpx.Client(
        base_url=f"{service.url}/v1/admin",
        headers={"Authorization": f"Bearer {secret}"},
        timeout=60,
        # No limits: above them httpcore closes a connection that it has just given to another thread.
        limits=httpx.Limits(),
    )


def case_study(slug: str, **fields: Any) -> Json:
    """The document of a case study that may be published in the seeded directory."""
    least = {
        "title": "An effort",
        "state": "ID",
        "summary": "What was done.",
        "approach": "Somebody did it. [^s1]",
        "districts": ["boise-school-district-id"],
        "strategies": ["food-security"],
        "sources": [SOURCE],
    }
    return {"slug": slug} | least | fields


def district(slug: str, **fields: Any) -> Json:
    """The document of a district that may be published in the seeded directory."""
    return {"slug": slug, "name": "A district", "state": "ID"} | fields


def seen(answer: httpx.Response) -> dict[str, str]:
    """The If-Match header of one who has read this answer."""
    return {"If-Match": answer.headers["ETag"]}


def create(editor: httpx.Client, document: Json, kind: str = "case-studies") -> httpx.Response:
    """A new draft."""
    return editor.post(f"/{kind}", json=document).raise_for_status()


def amend(
    editor: httpx.Client, slug: str, kind: str = "case-studies", /, **fields: Any
) -> httpx.Response:
    """A newer draft, some fields changed."""
    return editor.patch(
        f"/{kind}/{slug}", json=fields, headers=seen(editor.get(f"/{kind}/{slug}"))
    ).raise_for_status()


def step(
    person: httpx.Client, name: str, slug: str, kind: str = "case-studies", /, **asked: Any
) -> httpx.Response:
    """What one who has just read the record gets for a step."""
    method, resource = STEPS[name]
    path = f"/{kind}/{slug}"
    return person.request(method, f"{path}/{resource}", json=asked, headers=seen(person.get(path)))


def discard(editor: httpx.Client, slug: str, kind: str = "case-studies") -> httpx.Response:
    """What one who has just read a draft gets for discarding it."""
    path = f"/{kind}/{slug}"
    return editor.delete(path, headers=seen(editor.get(path)))


def publish(people: People, slug: str, kind: str = "case-studies") -> httpx.Response:
    """A draft submitted by Ada and published by Rui."""
    step(people.ada, "submit", slug, kind).raise_for_status()
    return step(people.rui, "publish", slug, kind).raise_for_status()


def published(people: People, document: Json, kind: str = "case-studies") -> httpx.Response:
    """A record written by Ada and published by Rui."""
    create(people.ada, document, kind)
    return publish(people, document["slug"], kind)


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Place and code of everything that an answer of the desk refuses."""
    assert answer.status_code in (400, 422), answer.text
    return sorted((fault["pointer"], fault["code"]) for fault in answer.json()["errors"])


STEPS = {
    "submit": ("POST", "submission"),
    "return": ("DELETE", "submission"),
    "publish": ("PUT", "publication"),
    "withdraw": ("DELETE", "publication"),
    "restore": ("POST", "restoration"),
    "rename": ("POST", "renaming"),
    "revert": ("POST", "reversion"),
}

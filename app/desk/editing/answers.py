"""A record as the desk answers it: its content, its state, and what can be done next."""

from dataclasses import asdict
from typing import Any

import orjson
from sqlmodel import Session

from app.desk.access.idempotency import Answer
from app.desk.editing import drafts, shapes, workflow
from app.desk.sources import health
from app.records.kinds import ADDRESSED, KINDS
from app.records.revisions import Revision
from app.records.store import StoredRecord
from app.records.stored_text import text_warnings


def record_answer(session: Session, kind: str, slug: str, *, status: int = 200) -> Answer:
    """A record with its state, and what can be done next."""
    stored = drafts.get(session, kind, slug)
    path = f"/v1/admin/{KINDS[kind].path}/{stored.slug}"
    answer = {
        "data": stored.record.model_dump(mode="json"),
        "meta": _meta(session, stored),
        "links": {
            "self": path,
            "revisions": f"{path}/revisions",
            "review": f"{path}/review",
            "preview": f"{path}/preview",
            "public": f"/v1/{KINDS[kind].path}/{stored.slug}"
            if stored.published_version and kind in ADDRESSED
            else None,
        },
    }
    headers = {"ETag": f'"{stored.version}"', **({"Location": path} if status == 201 else {})}
    return Answer(status, headers, orjson.dumps(answer, option=orjson.OPT_UTC_Z))


def state(stored: StoredRecord) -> dict[str, Any]:
    """The state of a record: version, status, last change, last review."""
    return {
        "version": stored.version,
        "status": stored.status,
        "published_version": stored.published_version,
        "updated_at": stored.updated_at,
        "updated_by": stored.updated_by,
        "reviewed_by": stored.reviewed_by,
        "returned": asdict(stored.returned) if stored.returned else None,
    }


def revision_entry(revision: Revision) -> dict[str, Any]:
    """A change as a list shows it."""
    return {name: getattr(revision, name) for name in shapes.RevisionEntry.model_fields}


def revision_document(revision: Revision) -> dict[str, Any]:
    """A change, and the whole record after it."""
    return {**revision_entry(revision), "document": revision.document}


def _meta(session: Session, stored: StoredRecord) -> dict[str, Any]:
    needs = workflow.publication_faults(session, stored)
    document = stored.record.model_dump(mode="json")
    warnings = [*health.warnings(session, stored), *text_warnings(document)]
    return {
        **state(stored),
        "needs": [fault.as_dict() for fault in needs],
        "warnings": [fault.as_dict() for fault in warnings],
        "moves": workflow.possible_moves(session, stored),
    }

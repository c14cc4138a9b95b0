"""A record as the desk answers it: its content, its state, and what may come next."""

from typing import Any

import orjson
from sqlmodel import Session

from app.desk.access.idempotency import Answer
from app.desk.editing import drafts, workflow
from app.desk.sources import health
from app.records.kinds import KINDS, SEARCHABLE
from app.records.store import Kept
from app.records.stored_text import text_warnings


def record_answer(session: Session, kind: str, slug: str, *, status: int = 200) -> Answer:
    """A record as the desk shows it, with its state and what may come next."""
    kept = drafts.get(session, kind, slug)
    path = f"/v1/admin/{KINDS[kind].path}/{kept.slug}"
    needs = workflow.publication_faults(session, kept)
    document = kept.record.model_dump(mode="json")
    warnings = [*health.warnings(session, kept), *text_warnings(document)]
    answer = {
        "data": document,
        "meta": {
            **state(kept),
            "needs": [fault.as_dict() for fault in needs],
            "warnings": [fault.as_dict() for fault in warnings],
            "moves": workflow.moves_open(kept),
        },
        "links": {
            "self": path,
            "revisions": f"{path}/revisions",
            "review": f"{path}/review",
            "preview": f"{path}/preview",
            "public": f"/v1/{KINDS[kind].path}/{kept.slug}"
            if kept.published_version and kind in SEARCHABLE
            else None,
        },
    }
    headers = {"ETag": f'"{kept.version}"', **({"Location": path} if status == 201 else {})}
    return Answer(status, headers, orjson.dumps(answer, option=orjson.OPT_UTC_Z))


def state(kept: Kept) -> dict[str, Any]:
    """Where a record stands."""
    return {
        "version": kept.version,
        "status": kept.status,
        "published_version": kept.published_version,
        "updated_at": kept.updated_at,
        "updated_by": kept.updated_by,
    }

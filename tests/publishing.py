"""Records that a test publishes and withdraws while a service runs, as the desk does: record, log and catalog in one transaction."""

import time
from datetime import UTC, datetime
from typing import Any

import httpx
from serving import Service
from sqlmodel import Session, select

from app.catalog import publication
from app.database import Database
from app.records import revisions, store
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord
from app.records.kinds import KINDS
from app.records.revisions import LogQuery, Revision
from app.records.shape import Shape
from app.records.store import Change, StoredRecord
from app.records.tables import RecordRow

SOURCE = {
    "id": "s1",
    "title": "A report",
    "publisher": "A press",
    "url": "https://example.org/report",
    "kind": "report",
}


def case_study(slug: str, **fields: Any) -> CaseStudy:
    """A case study that may be published in the seeded directory."""
    least: dict[str, Any] = {
        "title": "An effort",
        "state": "ID",
        "summary": "What was done.",
        "approach": "Somebody did it. [^s1]",
        "districts": ["boise-school-district-id"],
        "strategies": ["food-security"],
        "sources": [SOURCE],
    }
    return CaseStudy.model_validate({"slug": slug} | least | fields)


def outcome(design: str) -> dict[str, str]:
    """An outcome for a case study, resting on a study of this design."""
    return {"indicator": "attendance", "finding": "It rose", "design": design, "source": "s1"}


def district(slug: str, **fields: Any) -> DistrictRecord:
    """A district that may be published in the seeded directory."""
    return DistrictRecord.model_validate(
        {"slug": slug, "name": "A district", "state": "ID"} | fields
    )


def publish(database: Database, *records: Shape, at: datetime | None = None) -> int:
    """Publish records; the revision after it."""
    changes = [Change(_kind(record), record, "publish", "published") for record in records]
    with database.writing() as session:
        revisions = store.save_many(session, changes, by="ada", at=at or datetime.now(UTC))
        publication.show(session, revisions)
    return revisions[-1].seq


def withdraw(database: Database, kind: str, slug: str) -> int:
    """Withdraw a record; the revision after it."""
    with database.writing() as session:
        record = store.get(session, kind, slug).record
        change = Change(
            kind, record, "withdraw", "withdrawn", edits=False, note="its source was retracted"
        )
        revision = store.save(session, change, by="rui", at=datetime.now(UTC))
        publication.hide(session, revision)
    return revision.seq


def read(database: Database, slug: str) -> CaseStudy:
    """A case study as it is kept."""
    with database.reading() as session:
        record: CaseStudy = store.get(session, "case-study", slug).record
    return record


def whole_log(session: Session) -> list[Revision]:
    """Every change in the directory, oldest first."""
    return revisions.audit(session, LogQuery(limit=10**6))[::-1]


def every_record(session: Session, kind: str) -> list[StoredRecord]:
    """The newest version of every record of a kind, by slug."""
    slugs = session.exec(select(RecordRow.slug).where(RecordRow.kind == kind)).all()
    return list(store.find_many(session, kind, slugs).values())


def wait_for(service: Service, revision: int) -> None:
    """Wait until the service answers at this revision; on PostgreSQL word of a commit takes a moment."""
    while httpx.get(f"{service.url}/v1").json()["revision"] < revision:
        time.sleep(0.005)


def _kind(record: Shape) -> str:
    return next(kind.name for kind in KINDS.values() if type(record) is kind.shape)

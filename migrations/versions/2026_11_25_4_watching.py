"""Watching: checks of sources, suggestions of readers, searches without hits; public documents say when a source was last found."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    PrimaryKeyConstraint,
    String,
    column,
    delete,
    insert,
    select,
    table,
    update,
)

revision = "watching"
down_revision = "imports"
branch_labels = None
depends_on = None

BATCH = 200
CodePointOrdered = String().with_variant(String(collation="C"), "postgresql")
ENTRY = table("entry", column("kind"), column("slug"), column("document"))
REFERENCE = table(
    "entry_reference",
    *(column(name) for name in ("kind", "slug", "referred_kind", "referred_slug")),
)


def upgrade() -> None:
    """The three tables, and the sources of public case studies as they are shown from now on."""
    op.create_table(
        "source_check",
        Column("id", String, nullable=False),
        Column("url", String, nullable=False),
        Column("checked_at", DateTime(timezone=True), nullable=False),
        Column("health", String, nullable=False),
        Column("status_code", Integer),
        Column("moved_to", String),
        Column("last_alive_at", DateTime(timezone=True)),
        Column("failing_since", DateTime(timezone=True)),
        Column("note", String),
        CheckConstraint(
            "health IN ('alive', 'moved', 'dead', 'blocked', 'unreachable')",
            name=op.f("ck_source_check_health_known"),
        ),
        PrimaryKeyConstraint("id", name="pk_source_check"),
    )
    op.create_table(
        "suggestion",
        Column("id", CodePointOrdered, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("kind", String, nullable=False),
        Column("about", String),
        Column("about_kind", String),
        Column("text", String, nullable=False),
        Column("source_url", String),
        Column("contact", String),
        Column("version", Integer, nullable=False),
        Column("status", String, nullable=False),
        Column("handled_at", DateTime(timezone=True)),
        Column("handled_by", String),
        Column("note", String),
        CheckConstraint(
            "kind IN ('correction', 'new-case')", name=op.f("ck_suggestion_kind_known")
        ),
        CheckConstraint(
            "status IN ('received', 'taken_up', 'declined')",
            name=op.f("ck_suggestion_status_known"),
        ),
        CheckConstraint(
            "status = 'received' OR contact IS NULL", name=op.f("ck_suggestion_contact_forgotten")
        ),
        CheckConstraint("version >= 1", name=op.f("ck_suggestion_version_positive")),
        PrimaryKeyConstraint("id", name="pk_suggestion"),
    )
    op.create_index("ix_suggestion_status_id", "suggestion", ["status", "id"])
    op.create_table(
        "search_gap",
        Column("kind", String, nullable=False),
        Column("how", String, nullable=False),
        Column("text", CodePointOrdered, nullable=False),
        Column("count", Integer, nullable=False),
        Column("first_seen", Date, nullable=False),
        Column("last_seen", Date, nullable=False),
        CheckConstraint(
            "how IN ('none', 'any', 'corrected')", name=op.f("ck_search_gap_how_known")
        ),
        CheckConstraint("count >= 1", name=op.f("ck_search_gap_count_positive")),
        CheckConstraint("last_seen >= first_seen", name=op.f("ck_search_gap_seen_in_order")),
        CheckConstraint("length(text) <= 100", name=op.f("ck_search_gap_text_length")),
        PrimaryKeyConstraint("kind", "how", "text", name="pk_search_gap"),
    )
    op.create_index("ix_search_gap_last_seen", "search_gap", ["last_seen"])
    for slug, document in _documents():
        document["sources"] = [{**source, "last_alive_at": None} for source in document["sources"]]
        _put(slug, document)
        if urls := sorted({source["url"] for source in document["sources"]}):
            op.get_bind().execute(insert(REFERENCE), [_reference(slug, url) for url in urls])


def downgrade() -> None:
    """Drop them, and show sources as before."""
    op.get_bind().execute(delete(REFERENCE).where(REFERENCE.c.referred_kind == "source"))
    for slug, document in _documents():
        for source in document["sources"]:
            del source["last_alive_at"]
        _put(slug, document)
    op.drop_table("search_gap")
    op.drop_table("suggestion")
    op.drop_table("source_check")


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The public case studies, few at a time."""
    shown = select(ENTRY.c.slug, ENTRY.c.document).where(
        ENTRY.c.kind == "case_study", ENTRY.c.document.is_not(None)
    )
    after = ""
    while (
        rows := op.get_bind()
        .execute(shown.where(ENTRY.c.slug > after).order_by(ENTRY.c.slug).limit(BATCH))
        .all()
    ):
        for slug, document in rows:
            yield slug, orjson.loads(document)
            after = slug


def _put(slug: str, document: dict[str, Any]) -> None:
    changed = update(ENTRY).where(ENTRY.c.kind == "case_study", ENTRY.c.slug == slug)
    op.get_bind().execute(changed.values(document=orjson.dumps(document).decode()))


def _reference(slug: str, url: str) -> dict[str, str]:
    return {
        "kind": "case_study",
        "slug": slug,
        "referred_kind": "source",
        "referred_slug": hashlib.sha256(url.encode()).hexdigest(),
    }

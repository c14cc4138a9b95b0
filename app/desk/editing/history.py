"""A record's revisions: listed, read, compared, reverted to; and what a reviewer needs to see before
publishing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlmodel import Session

from app.catalog import publication
from app.desk.editing import drafts, workflow
from app.desk.editing.drafts import Step
from app.errors import Fault, NotFound
from app.records import revisions, store
from app.records.kinds import KINDS
from app.records.renaming import current_references
from app.records.revisions import Revision

CLAIMS = ("outcomes", "scale", "context", "funding", "partners")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, by JSON Pointer; None where a side has nothing."""

    pointer: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer needs to see, in one document."""

    changes: list[FieldChange]
    rendering: dict[str, Any] | None
    claims_with_new_sources: list[FieldChange]
    passed: list[str]
    failed: list[Fault]


def list_revisions(session: Session, kind: str, slug: str) -> list[Revision]:
    """Every revision of a record or of a discarded draft, newest first. Raises NotFound or Moved."""
    try:
        drafts.get(session, kind, slug)
    except NotFound:
        if not revisions.newest_versions(session, kind, [slug]):
            raise
    return revisions.history(session, kind, slug)[::-1]


def read(session: Session, kind: str, slug: str, version: int) -> Revision:
    """The revision that made a version."""
    for revision in list_revisions(session, kind, slug):
        if revision.version == version:
            return revision
    raise NotFound(f"The {KINDS[kind].noun} {slug!r} has no version {version}")


def compare(
    session: Session, kind: str, slug: str, *, before: int, after: int
) -> list[FieldChange]:
    """How one version became another, field by field."""
    old = read(session, kind, slug, before).document
    new = read(session, kind, slug, after).document
    return field_changes(old, new)


def revert(session: Session, step: Step, *, to: int, note: str | None = None) -> Revision:
    """Copy an earlier version into a new draft. The history stays whole."""
    stored = drafts.expect_version(session, step)
    document = {**read(session, step.kind, step.slug, to).document, "slug": step.slug}
    record = drafts.checked(session, step.kind, document)
    return drafts.save_draft(
        session, stored, record, "revert", step, note=note or f"reverted to version {to}"
    )


def review(session: Session, kind: str, slug: str) -> Review:
    """The differences from the public version, the public rendering, claims whose source changed, and
    every check."""
    stored = drafts.get(session, kind, slug)
    new = stored.record.model_dump(mode="json")
    public = store.published(session, kind, [slug]).get(slug)
    old = (
        current_references(revisions.moved_slugs(session), public[0]).model_dump(mode="json")
        if public
        else {}
    )
    failed = workflow.publication_faults(session, stored)
    checks = {
        "complete": ("needed_to_publish",),
        "every number in the prose is in a fact": ("number_without_fact",),
        "every paragraph names its source": ("paragraph_without_source",),
        "every source mark and claim resolves": ("unknown_source",),
        "every source is used": ("source_not_used",),
        "every reference exists": ("unknown_value",),
    }
    failed_codes = {fault.code for fault in failed}
    return Review(
        changes=field_changes(old, new),
        rendering=rendering(session, kind, slug),
        claims_with_new_sources=_claims_with_new_sources(old, new) if kind == "case-study" else [],
        passed=[name for name, codes in checks.items() if not failed_codes.intersection(codes)],
        failed=failed,
    )


def rendering(session: Session, kind: str, slug: str) -> dict[str, Any] | None:
    """The document of the newest version as the public would get it; None while it is too
    incomplete."""
    text = publication.preview(session, drafts.get(session, kind, slug))
    document: dict[str, Any] | None = orjson.loads(text) if text else None
    return document


def field_changes(old: Any, new: Any, pointer: str = "") -> list[FieldChange]:
    """Every field that differs, the deepest that can be named."""
    return list(_differences(old, new, pointer))


def _differences(old: Any, new: Any, pointer: str) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*new, *(name for name in old if name not in new)]:
            yield from _differences(old.get(name), new.get(name), f"{pointer}/{name}")
    elif isinstance(old, list) and isinstance(new, list):
        for position in range(max(len(old), len(new))):
            yield from _differences(
                _item(old, position), _item(new, position), f"{pointer}/{position}"
            )
    else:
        yield FieldChange(pointer, old, new)


def _claims_with_new_sources(old: dict[str, Any], new: dict[str, Any]) -> list[FieldChange]:
    """Claims that are unchanged but name another source, or one that was rewritten."""
    before, after = (
        {source["id"]: source for source in side.get("sources", ())} for side in (old, new)
    )
    changes = []
    for part in CLAIMS:
        known = {_without_source(claim): claim["source"] for claim in old.get(part, ())}
        for position, claim in enumerate(new.get(part, ())):
            was = known.get(_without_source(claim))
            if was is not None and before.get(was) != after.get(claim["source"]):
                changes.append(
                    FieldChange(f"/{part}/{position}", before.get(was), after.get(claim["source"]))
                )
    return changes


def _without_source(claim: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {name: value for name, value in claim.items() if name != "source"},
        option=orjson.OPT_SORT_KEYS,
    )


def _item(items: Sequence[Any], position: int) -> Any:
    return items[position] if position < len(items) else None

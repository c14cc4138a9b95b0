"""Drafts: create, replace, amend, rename, discard; each based on the version that the editor read."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.catalog import publication
from app.desk.access.permissions import Editor
from app.desk.editing.vocabulary import vocabulary_faults
from app.errors import Conflict, Fault, Invalid, Moved, NotFound, Stale
from app.records import lookups, parsing, renaming, revisions, store
from app.records.district import DistrictRecord
from app.records.kinds import KINDS
from app.records.references import reference_faults
from app.records.renaming import current_references
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import Change, StoredRecord

VOCABULARY = ("strategy", "indicator")  # only administrators write these
NAMED = 5  # records that a refusal names
WITHDRAWN = "This record is withdrawn. Restore it first."


@dataclass(frozen=True, slots=True)
class Step:
    """A change by somebody who has read a version of the record."""

    kind: str
    slug: str
    seen_version: int
    by: Editor
    at: datetime


def get(session: Session, kind: str, slug: str) -> StoredRecord:
    """The newest version of a record, draft or not, with the present slugs of what it refers to.

    Raises Moved or NotFound.
    """
    stored = store.find(session, kind, slug)
    if stored is not None:
        moved = revisions.moved_slugs(session)
        return dataclasses.replace(stored, record=current_references(moved, stored.record))
    if (new_slug := revisions.moved_to(session, kind, slug)) is not None:
        raise Moved(new_slug)
    if revisions.newest_versions(session, kind, [slug]):
        raise NotFound(
            f"The {_noun(kind)} {slug!r} was discarded. Its history is at "
            f"/v1/admin/{KINDS[kind].path}/{slug}/revisions."
        )
    return store.get(session, kind, slug)


def create(
    session: Session, kind: str, document: dict[str, Any], *, by: str, at: datetime
) -> Revision:
    """Write a new record as a draft.

    Raises Invalid with every fault, Conflict if the slug is or was another record's.
    """
    record = checked(session, kind, document)
    _check_slug_is_free(session, kind, _slug(record))
    return store.save(session, Change(kind, record, "create", "draft"), by=by, at=at)


def replace(session: Session, step: Step, document: dict[str, Any]) -> Revision:
    """Write a record whole as a newer draft. What is public stays so until the draft is published."""
    stored = expect_version(session, step, yours=document)
    return _replace(session, stored, document, step)


def amend(session: Session, step: Step, patch: dict[str, Any]) -> Revision:
    """Change parts of a record (JSON merge patch, RFC 7396): null removes a field, lists are
    replaced whole."""
    stored = expect_version(session, step, yours=patch, patch=True)
    document = merge(stored.record.model_dump(mode="json"), patch)
    return _replace(session, stored, document, step)


def rename(session: Session, step: Step, new_slug: str) -> Revision:
    """Give a record another slug, at once and permanently: the old one redirects to the new.

    Raises Conflict if a published record has unpublished changes, or if the new slug is or was
    another record's.
    """
    stored = expect_version(session, step)
    if stored.published_version is not None and stored.status != "published":
        raise Conflict(
            "The newest version of this record is not public. Publish it first, also if it is a "
            "reversion to what is public."
        )
    if stored.status == "withdrawn":
        raise Conflict(WITHDRAWN)
    document = {**stored.record.model_dump(mode="json"), "slug": new_slug}
    record = checked(session, step.kind, document, instead_of=step.slug)
    _check_slug_is_free(session, step.kind, new_slug)
    revision = renaming.rename(session, stored, record, by=step.by.label, at=step.at)
    if stored.status == "published":
        publication.move(session, revision)
    return revision


def discard(session: Session, step: Step) -> Revision:
    """Delete a draft that was never public. The log keeps it; its slug and LEAID are free again.

    Raises Conflict if it has been public, is not a draft, or if case studies refer to it.
    """
    stored = expect_version(session, step)
    if (obstacle := discard_obstacle(session, stored)) is not None:
        raise Conflict(obstacle)
    return store.discard(session, stored, by=step.by.label, at=step.at)


def discard_obstacle(session: Session, stored: StoredRecord) -> str | None:
    """Why a record cannot be discarded; None if it can."""
    if revisions.was_public(session, stored.kind, stored.slug):
        return "This record has been public, so it cannot be discarded. Withdraw it instead."
    if stored.status != "draft":
        return "This record is in review. Have it returned, then discard it."
    if referring := lookups.case_studies_referring_to(session, stored.kind, stored.slug):
        names = ", ".join(referring[:NAMED]) + (" and others" if len(referring) > NAMED else "")
        return f"Case studies refer to this {_noun(stored.kind)}: {names}. Change them first."
    return None


def checked(
    session: Session, kind: str, document: dict[str, Any], *, instead_of: str | None = None
) -> Shape:
    """The record that a document says. `instead_of`: the slug of the record that it replaces.

    Raises Invalid with every fault: of shape, of rules between fields, of references, of federal
    ids that belong to another record.
    """
    moved = revisions.moved_slugs(session)

    def faults(record: Any) -> list[Fault]:
        current = current_references(moved, record)
        return [
            *reference_faults(session, kind, current),
            *_leaid_faults(session, record, instead_of),
            *vocabulary_faults(session, record),
        ]

    record: Shape = current_references(moved, parsing.parse(kind, document, check=faults))
    return record


def expect_version(
    session: Session, step: Step, *, yours: dict[str, Any] | None = None, patch: bool = False
) -> StoredRecord:
    """The newest version of a record, which must be the one that the editor has seen.

    Raises Stale, with a three-way comparison of what was seen, what is stored now, and `yours`.
    """
    kind, slug, version = step.kind, step.slug, step.seen_version
    stored = get(session, kind, slug)
    if stored.version == version:
        return stored
    current = stored.record.model_dump(mode="json")
    history = revisions.history(session, kind, slug)
    base = next((revision.document for revision in history if revision.version == version), current)
    proposed = base if yours is None else merge(base, yours) if patch else {"slug": slug, **yours}
    raise Stale(
        f"The {_noun(kind)} {slug!r} is at version {stored.version}, and your change is based on "
        f"version {version}. Read it again and apply your change to the newest version",
        version=stored.version,
        current=current,
        comparison=three_way(base, current, proposed),
    )


def three_way(
    base: dict[str, Any], current: dict[str, Any], yours: dict[str, Any]
) -> list[dict[str, Any]]:
    """For each field that either side changed: its three values, and whether the changes collide."""
    comparison = []
    for name in sorted(base.keys() | current.keys() | yours.keys()):
        was, now, proposed = base.get(name), current.get(name), yours.get(name)
        if was != now or was != proposed:
            conflict = was not in (now, proposed) and now != proposed
            field = {"field": name, "base": was, "current": now, "yours": proposed}
            comparison.append(field | {"conflict": conflict})
    return comparison


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: the target with the patch merged in."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def save_draft(
    session: Session,
    stored: StoredRecord,
    record: Shape,
    action: str,
    step: Step,
    *,
    note: str | None = None,
) -> Revision:
    """Write a newer draft of a record. Saving it unchanged makes nobody its last editor.

    Raises Conflict if it is withdrawn.
    """
    if stored.status == "withdrawn":
        raise Conflict(WITHDRAWN)
    edits = record != stored.record
    change = Change(stored.kind, record, action, "draft", edits=edits, note=note)
    return store.save(session, change, by=step.by.label, at=step.at)


def _replace(
    session: Session, stored: StoredRecord, document: dict[str, Any], step: Step
) -> Revision:
    slug = stored.slug
    record = checked(session, stored.kind, {"slug": slug, **document}, instead_of=slug)
    if _slug(record) != slug:
        detail = f"The slug cannot be changed here. Send the new slug to .../{slug}/renaming."
        raise Invalid([Fault("slug_differs", detail, pointer="/slug")])
    return save_draft(session, stored, record, "edit", step)


def _check_slug_is_free(session: Session, kind: str, slug: str) -> None:
    if store.find(session, kind, slug) is not None:
        raise Conflict(f"There is already a {_noun(kind)} {slug!r}. Choose another slug.")
    if (now := revisions.moved_to(session, kind, slug)) is not None:
        raise Conflict(
            f"{slug!r} is a former slug of the {_noun(kind)} {now!r} and redirects to it. "
            "Choose another slug."
        )


def _leaid_faults(session: Session, record: Any, instead_of: str | None) -> list[Fault]:
    if not isinstance(record, DistrictRecord) or record.nces_leaid is None:
        return []
    owner = lookups.district_with_leaid(session, record.nces_leaid)
    if owner in (None, record.slug, instead_of):
        return []
    detail = f"{record.nces_leaid} is the LEAID of the district {owner!r}. Correct nces_leaid."
    return [Fault("leaid_of_another", detail, pointer="/nces_leaid")]


def _slug(record: Shape) -> str:
    return str(record.slug)  # type: ignore[attr-defined]


def _noun(kind: str) -> str:
    return KINDS[kind].noun

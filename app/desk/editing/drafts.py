"""Drafts: create, replace, amend, rename; only on the version that the editor has seen."""

import dataclasses
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.catalog import publication
from app.errors import Conflict, Fault, Invalid, Moved, Stale
from app.records import listing, parsing, renaming, revisions, store
from app.records.district import DistrictRecord
from app.records.kinds import KINDS
from app.records.references import reference_faults
from app.records.renaming import current_references
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import Change, Kept

VOCABULARY = ("strategy", "indicator")  # these take an administrator


def get(session: Session, kind: str, slug: str) -> Kept:
    """The newest version of a record, draft or not; what it refers to has the slug of today. Raises Moved or NotFound."""
    if (kept := store.find(session, kind, slug)) is not None:
        return dataclasses.replace(
            kept, record=current_references(revisions.moved_slugs(session), kept.record)
        )
    if (moved := revisions.moved_to(session, kind, slug)) is not None:
        raise Moved(moved)
    return store.get(session, kind, slug)


def create(
    session: Session, kind: str, document: dict[str, Any], *, by: str, at: datetime
) -> Revision:
    """Write a new record as a draft. Raises Invalid with every fault, Conflict if the slug is or was another's."""
    record = checked(session, kind, document)
    slug = _slug(record)
    if store.find(session, kind, slug) is not None:
        raise Conflict(f"there is a {_noun(kind)} {slug!r} already")
    if (moved := revisions.moved_to(session, kind, slug)) is not None:
        raise Conflict(f"{slug!r} was the slug of what is {moved!r} now, and leads there for good")
    return store.save(session, Change(kind, record, "create", "draft"), by=by, at=at)


def replace(
    session: Session,
    kind: str,
    slug: str,
    document: dict[str, Any],
    *,
    seen_version: int,
    by: str,
    at: datetime,
) -> Revision:
    """Write a record whole in place of its newest version, as a draft. What is public stays so until the draft is published."""
    kept = seen(session, kind, slug, seen_version, yours=document)
    record = checked(session, kind, {"slug": slug, **document}, instead_of=slug)
    if _slug(record) != slug:
        raise Invalid(
            [
                Fault(
                    "slug_differs",
                    f"the slug is changed at .../{slug}/renaming, not here",
                    pointer="/slug",
                )
            ]
        )
    return save_draft(session, kept, record, "edit", by=by, at=at)


def amend(
    session: Session,
    kind: str,
    slug: str,
    patch: dict[str, Any],
    *,
    seen_version: int,
    by: str,
    at: datetime,
) -> Revision:
    """Change parts of a record (JSON merge patch, RFC 7396): null takes a field away, lists are replaced whole."""
    kept = seen(session, kind, slug, seen_version, yours=patch, patch=True)
    return replace(
        session,
        kind,
        slug,
        merge(kept.record.model_dump(mode="json"), patch),
        seen_version=seen_version,
        by=by,
        at=at,
    )


def rename(
    session: Session,
    kind: str,
    slug: str,
    new_slug: str,
    *,
    seen_version: int,
    by: str,
    at: datetime,
) -> Revision:
    """Give a record another slug, at once and for good: the old one leads to the new.

    Raises Conflict while a published record has changes that are not, or if the new slug is or was another's.
    """
    kept = seen(session, kind, slug, seen_version)
    if kept.published_version is not None and kept.status != "published":
        raise Conflict(
            "it is public and has changes that are not: publish or revert them first, since a slug changes at once"
        )
    if kept.status == "withdrawn":
        raise Conflict("it is withdrawn: restore it first")
    record = checked(
        session, kind, {**kept.record.model_dump(mode="json"), "slug": new_slug}, instead_of=slug
    )
    if (
        store.find(session, kind, new_slug) is not None
        or revisions.moved_to(session, kind, new_slug) is not None
    ):
        raise Conflict(f"{new_slug!r} is or was the slug of another {_noun(kind)}")
    revision = renaming.rename(session, kept, record, by=by, at=at)
    if kept.status == "published":
        publication.move(session, revision)
    return revision


def checked(
    session: Session, kind: str, document: dict[str, Any], *, instead_of: str | None = None
) -> Shape:
    """The record that a document says. Raises Invalid with every fault: of shape, of rules between fields, of references, of
    federal ids that are another's. `instead_of`: the slug of the record that it takes the place of."""
    moved = revisions.moved_slugs(session)

    def faults(record: Any) -> list[Fault]:
        return reference_faults(session, kind, current_references(moved, record)) + _leaid_faults(
            session, record, instead_of
        )

    return current_references(moved, parsing.parse(kind, document, check=faults))  # type: ignore[no-any-return]


def seen(
    session: Session,
    kind: str,
    slug: str,
    version: int,
    *,
    yours: dict[str, Any] | None = None,
    patch: bool = False,
) -> Kept:
    """The newest version of a record, which must be the one that was seen. Raises Stale, with a three-way comparison of
    what was seen, what is there now, and what was to be written."""
    kept = get(session, kind, slug)
    if kept.version == version:
        return kept
    current = kept.record.model_dump(mode="json")
    base = next(
        (
            revision.document
            for revision in revisions.history(session, kind, slug)
            if revision.version == version
        ),
        current,
    )
    wanted = base if yours is None else merge(base, yours) if patch else {"slug": slug, **yours}
    raise Stale(
        f"the {_noun(kind)} {slug!r} is at version {kept.version} now; version {version} was seen",
        version=kept.version,
        current=current,
        comparison=three_way(base, current, wanted),
    )


def three_way(
    base: dict[str, Any], current: dict[str, Any], yours: dict[str, Any]
) -> list[dict[str, Any]]:
    """For each field that either side changed: what it was, is now, and was to become, and whether the two collide."""
    found = []
    for name in sorted(base.keys() | current.keys() | yours.keys()):
        was, now, wanted = base.get(name), current.get(name), yours.get(name)
        if was != now or was != wanted:
            found.append(
                {
                    "field": name,
                    "base": was,
                    "current": now,
                    "yours": wanted,
                    "conflict": was not in (now, wanted) and now != wanted,
                }
            )
    return found


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
    kept: Kept,
    record: Shape,
    action: str,
    *,
    by: str,
    at: datetime,
    note: str | None = None,
) -> Revision:
    """Write a newer draft of a record; who changes nothing is not its last editor by that. Raises Conflict if it is withdrawn."""
    if kept.status == "withdrawn":
        raise Conflict("it is withdrawn: restore it first")
    return store.save(
        session,
        Change(kept.kind, record, action, "draft", edits=record != kept.record, note=note),
        by=by,
        at=at,
    )


def _leaid_faults(session: Session, record: Any, instead_of: str | None) -> list[Fault]:
    if not isinstance(record, DistrictRecord) or record.nces_leaid is None:
        return []
    owner = listing.district_with_leaid(session, record.nces_leaid)
    if owner in (None, record.slug, instead_of):
        return []
    return [
        Fault(
            "leaid_of_another",
            f"{record.nces_leaid} is the LEAID of {owner!r}",
            pointer="/nces_leaid",
        )
    ]


def _slug(record: Shape) -> str:
    return str(record.slug)  # type: ignore[attr-defined]


def _noun(kind: str) -> str:
    return KINDS[kind].noun

"""A published record by its name, or why there is none."""

from sqlmodel import Session

from app.catalog import as_of, entry
from app.catalog.as_of import Moment
from app.catalog.entry import PublicEntry


def published(
    session: Session, kind: str, name: str, moment: Moment | None = None
) -> tuple[PublicEntry, str]:
    """The entry of a record and its document, by slug, or by LEAID for a district: now, or as of a moment.

    Raises NotFound with similar slugs, Moved for a former slug, Gone if it was withdrawn; Invalid for
    a moment outside what history holds.
    """
    if moment is not None:
        return as_of.published(session, kind, name, moment)
    if kind == "district":
        public = entry.find_district(session, name)
    else:
        public = entry.find(session, kind, name)
    if public is None:
        raise entry.not_found(kind, name, entry.nearest_slugs(session, kind, name))
    if public.document is None:
        raise entry.no_longer_public(public)
    return public, public.document

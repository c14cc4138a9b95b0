"""The only way to the public: writes the entry of a record in the transaction that publishes it.

An entry is made from published revisions and, for a case study, the last link checks of its sources.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session

from app.catalog import entry
from app.catalog.entry import LEAID, Entry, PreparedEntry
from app.catalog.preparation import VOCABULARY_KINDS, PublishedRecord, Terms, prepare_term
from app.catalog.prepare_case_study import prepare_case_study
from app.catalog.prepare_district import prepare_district
from app.records import revisions, source_checks, store
from app.records.kinds import KINDS
from app.records.renaming import current_references
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import StoredRecord

BATCH = 500  # records held in memory at once


def show(session: Session, revisions: Iterable[Revision]) -> None:
    """Write the entries of published revisions, and every entry that was made from one of them.

    Takes an iterator: revisions may be written meanwhile and none is held in memory.
    """
    changed = {(revision.kind, revision.slug): revision.seq for revision in revisions}
    if changed:
        _prepare(session, changed, max(changed.values()))


def hide(session: Session, revision: Revision) -> None:
    """Hide a withdrawn record. Its entry remains and says that it was withdrawn and why."""
    touched = _districts_of(session, [revision.slug] if revision.kind == "case-study" else [])
    gone = Entry(revision.kind, revision.slug, revision.seq, revision.at, card=None)
    made_from = entry.references(session, [(revision.kind, revision.slug)])
    ids = frozenset(pair for pair in made_from if pair[0] == LEAID)  # its address by LEAID stays
    prepared = PreparedEntry(gone, document=None, references=ids, reason=revision.note)
    entry.write(session, [prepared])
    _prepare(session, {}, revision.seq, districts=touched)


def move(session: Session, revision: Revision) -> None:
    """Move a public record to its new slug. Its old address redirects there permanently."""
    assert revision.previous_slug is not None
    old = (revision.kind, revision.previous_slug)
    referring = entry.referring(session, [old])
    for slug in (
        revision.previous_slug,
        *entry.moved_to(session, revision.kind, revision.previous_slug),
    ):
        moved = Entry(
            revision.kind, slug, revision.seq, revision.at, card=None, moved_to=revision.slug
        )
        entry.write(session, [PreparedEntry(moved, document=None)])
    _prepare(
        session, {(revision.kind, revision.slug): revision.seq}, revision.seq, besides=referring
    )


def show_again(session: Session, urls: Sequence[str]) -> None:
    """Prepare the documents that cite these sources again, after a link check.

    Entries keep their revision, because cards and search data do not change.
    """
    named = entry.referring(session, [("source", source_checks.source_id(url)) for url in urls])
    slugs = sorted(slug for kind, slug in named if kind == "case-study")
    seqs = entry.seqs(session, "case-study", slugs)
    _Context(session).write("case-study", seqs, newest=revisions.newest_seq(session))


def preview(session: Session, stored: StoredRecord) -> str | None:
    """The public document of a record's newest version, as if all it refers to were public.

    None for a case study without a summary.
    """
    context = _Context(session)
    public = PublishedRecord(
        current_references(context.moved, stored.record), stored.version, stored.updated_at, 0
    )
    if stored.kind == "case-study":
        if public.record.summary is None:
            return None
        referred = _referred(session, stored.kind, public.record)
        terms = Terms(
            {
                kind: {**records, **referred.get(kind, {})}
                for kind, records in context.terms.by_kind.items()
            }
        )
        last_alive = source_checks.last_alive(session, _addresses([public]))
        return prepare_case_study(
            public, referred.get("district", {}), terms, last_alive=last_alive
        ).document
    if stored.kind == "district":
        return prepare_district(public, context.cases_of([stored.slug]), context.terms).document
    return prepare_term(stored.kind, stored.slug, public).document


def needing(session: Session, kind: str, slug: str) -> list[str]:
    """The public records that were made from this one and would not stand without it."""
    return sorted(slug for _other, slug in entry.referring(session, [(kind, slug)]))


def differences(session: Session) -> list[tuple[str, str]]:
    """(kind, slug) of every entry that differs from its published revision; empty if all is well."""
    wrong: list[tuple[str, str]] = []
    context = _Context(session)
    for kind in KINDS:
        public_slugs = set(entry.public_slugs(session, kind))
        slugs = store.published_slugs(session, kind)
        wrong += [(kind, slug) for slug in sorted(public_slugs - set(slugs))]
        for batch in _batches(slugs):
            expected = {
                prepared.entry.slug: prepared
                for prepared in context.prepare(kind, dict.fromkeys(batch, 0))
            }
            columns = entry.stored_columns(session, kind, batch)
            wrong += [
                (kind, slug)
                for slug in batch
                if columns.get(slug) != entry.columns_of(expected[slug])
            ]
    return wrong


def rebuild(session: Session) -> None:
    """Prepare every entry again from the published revisions, and delete those without one.

    Entries that are as they should be stay; history keeps the form of those that are not.
    """
    newest = revisions.newest_seq(session)
    context = _Context(session)
    for kind in KINDS:
        slugs = store.published_slugs(session, kind)
        entry.forget(session, kind, sorted(set(entry.public_slugs(session, kind)) - set(slugs)))
        if kind != "district":
            context.write(kind, dict.fromkeys(slugs, newest), newest=newest)
    # Last: a district is made from its case studies.
    districts = store.published_slugs(session, "district")
    context.write("district", dict.fromkeys(districts, newest), newest=newest)


def _prepare(
    session: Session,
    changed: dict[tuple[str, str], int],
    newest: int,
    *,
    districts: Iterable[str] = (),
    besides: Iterable[tuple[str, str]] = (),
) -> None:
    context = _Context(session)
    touched = set(changed) | entry.referring(session, list(changed)) | set(besides)
    of = {kind: sorted(slug for other, slug in touched if other == kind) for kind in KINDS}
    # A case study's old districts lose it, its new ones gain it.
    before = _districts_of(session, of["case-study"])
    for kind in KINDS:
        if kind != "district":
            context.write(kind, {slug: changed.get((kind, slug), newest) for slug in of[kind]})
    after = _districts_of(session, of["case-study"])
    all_districts = sorted({*of["district"], *before, *after, *districts})
    context.write(
        "district", {slug: changed.get(("district", slug), newest) for slug in all_districts}
    )


class _Context:
    """What every preparation needs: the published vocabulary and the renamed slugs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.moved = revisions.moved_slugs(session)
        self.terms = Terms(
            {
                kind: {slug: public[0] for slug, public in store.published(session, kind).items()}
                for kind in VOCABULARY_KINDS
            }
        )

    def write(self, kind: str, seqs: Mapping[str, int], *, newest: int | None = None) -> None:
        """Write the entries of these records, each at its revision; records that are not public are left out.

        `newest`: as for `entry.write`.
        """
        for batch in _batches(list(seqs)):
            prepared = list(self.prepare(kind, {slug: seqs[slug] for slug in batch}))
            entry.write(self.session, prepared, newest=newest)

    def prepare(self, kind: str, seqs: Mapping[str, int]) -> Iterator[PreparedEntry]:
        """The entries of these records, without writing them."""
        public = {
            slug: PublishedRecord(current_references(self.moved, record), version, at, seqs[slug])
            for slug, (record, version, at) in store.published(
                self.session, kind, list(seqs)
            ).items()
        }
        if kind == "case-study":
            named = sorted({slug for case in public.values() for slug in case.record.districts})
            districts = {
                slug: record
                for slug, (record, _, _) in store.published(self.session, "district", named).items()
            }
            last_alive = source_checks.last_alive(self.session, _addresses(public.values()))
            yield from (
                prepare_case_study(case, districts, self.terms, last_alive=last_alive)
                for case in public.values()
            )
        elif kind == "district":
            cases = self.cases_of(list(public))
            for slug, district in public.items():
                yield prepare_district(
                    district,
                    [case for case in cases if slug in case.record.districts],
                    self.terms,
                )
        else:
            yield from (prepare_term(kind, slug, term) for slug, term in public.items())

    def cases_of(self, districts: Sequence[str]) -> list[PublishedRecord]:
        """The public case studies of these districts."""
        slugs = sorted(
            slug
            for kind, slug in entry.referring(
                self.session, [("district", slug) for slug in districts]
            )
            if kind == "case-study"
        )
        return [
            PublishedRecord(current_references(self.moved, record), version, at, 0)
            for record, version, at in store.published(self.session, "case-study", slugs).values()
        ]


def _referred(session: Session, kind: str, record: Shape) -> dict[str, dict[str, Any]]:
    """The records that a record refers to, by kind and slug: the public version, else the newest."""
    slugs: dict[str, set[str]] = defaultdict(set)
    for _pointer, other, slug in KINDS[kind].references(record):
        slugs[other].add(slug)
    referred = {
        other: {
            slug: public[0] for slug, public in store.published(session, other, list(named)).items()
        }
        for other, named in slugs.items()
    }
    for other, named in slugs.items():
        referred[other] |= {
            slug: stored.record
            for slug, stored in store.find_many(
                session, other, list(named - referred[other].keys())
            ).items()
        }
    return referred


def _districts_of(session: Session, cases: Sequence[str]) -> set[str]:
    return {
        slug
        for kind, slug in entry.references(session, [("case-study", slug) for slug in cases])
        if kind == "district"
    }


def _addresses(cases: Iterable[PublishedRecord]) -> set[str]:
    return {source.url for case in cases for source in case.record.sources}


def _batches(slugs: Sequence[str]) -> Iterable[Sequence[str]]:
    return (slugs[start : start + BATCH] for start in range(0, len(slugs), BATCH))

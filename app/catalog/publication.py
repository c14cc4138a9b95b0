"""The one door to the public: what is published gets its entry here, in the transaction that publishes it."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session

from app.catalog import entry
from app.catalog.entry import Entry, Prepared
from app.catalog.preparation import VOCABULARY_KINDS, Publication, Vocabulary, prepare_case_study, prepare_district, prepare_term
from app.records import store
from app.records.revisions import Revision

BATCH = 500  # records held in memory at once


def show(session: Session, revisions: Sequence[Revision]) -> None:
    """Write the entries of published revisions, and of everything that was made from what they changed."""
    changed = {(revision.kind, revision.slug): revision.seq for revision in revisions}
    _prepare(session, changed, revisions[-1].seq)


def hide(session: Session, revision: Revision) -> None:
    """Take a withdrawn record out of public sight. Its entry stays, to say that it is gone and why."""
    touched = _districts_of(session, [(revision.kind, revision.slug)])
    gone = Entry(revision.kind, revision.slug, revision.seq, revision.at, card=None)
    entry.write(session, [Prepared(gone, document=None, reason=revision.note)])
    _prepare(session, {}, revision.seq, districts=touched)


def _prepare(session: Session, changed: dict[tuple[str, str], int], newest: int, *, districts: Iterable[str] = ()) -> None:
    vocabulary: Vocabulary = {
        kind: {slug: public[0] for slug, public in store.published(session, kind).items()} for kind in VOCABULARY_KINDS
    }
    for kind in VOCABULARY_KINDS:
        _prepare_terms(session, kind, {slug: seq for (of, slug), seq in changed.items() if of == kind})
    touched = set(changed) | entry.referring(session, list(changed))
    cases = sorted(slug for kind, slug in touched if kind == "case_study")
    # A case study's old districts lose it, its new ones gain it.
    before = _districts_of(session, [("case_study", slug) for slug in cases])
    for batch in _batches(cases):
        _prepare_case_studies(session, {slug: changed.get(("case_study", slug), newest) for slug in batch}, vocabulary)
    after = _districts_of(session, [("case_study", slug) for slug in cases])
    all_districts = {slug for kind, slug in touched if kind == "district"} | before | after | set(districts)
    for batch in _batches(sorted(all_districts)):
        _prepare_districts(session, {slug: changed.get(("district", slug), newest) for slug in batch}, vocabulary)


def _prepare_terms(session: Session, kind: str, seqs: dict[str, int]) -> None:
    public = store.published(session, kind, list(seqs))
    entry.write(session, [prepare_term(kind, slug, Publication(*public[slug], seq)) for slug, seq in seqs.items() if slug in public])


def _prepare_case_studies(session: Session, seqs: dict[str, int], vocabulary: Vocabulary) -> None:
    public = store.published(session, "case_study", list(seqs))
    named = {slug for record, _, _ in public.values() for slug in record.districts}
    districts = {slug: record for slug, (record, _, _) in store.published(session, "district", sorted(named)).items()}
    entry.write(
        session,
        [prepare_case_study(Publication(*public[slug], seq), districts, vocabulary) for slug, seq in seqs.items() if slug in public],
    )


def _prepare_districts(session: Session, seqs: dict[str, int], vocabulary: Vocabulary) -> None:
    public = store.published(session, "district", list(seqs))
    slugs = sorted(slug for kind, slug in entry.referring(session, [("district", slug) for slug in seqs]) if kind == "case_study")
    cases = {slug: Publication(*found, seq=0) for slug, found in store.published(session, "case_study", slugs).items()}
    prepared = []
    for slug, seq in seqs.items():
        if slug in public:
            own = [case for case in cases.values() if slug in case.record.districts]
            prepared.append(prepare_district(Publication(*public[slug], seq), own, vocabulary))
    entry.write(session, prepared)


def _districts_of(session: Session, entries: Sequence[tuple[str, str]]) -> set[str]:
    return {slug for kind, slug in entry.references(session, entries) if kind == "district"}


def _batches(slugs: Sequence[str]) -> Iterable[Sequence[str]]:
    return (slugs[start : start + BATCH] for start in range(0, len(slugs), BATCH))

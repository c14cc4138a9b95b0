"""Terms at the desk: which vocabularies there are, and who may write in them."""

from sqlmodel import Session, select

from app.desk.access.permissions import Editor
from app.errors import Fault
from app.records.spelling import nearest
from app.records.tables import TermRow
from app.records.taxonomy import SYNONYMS, TermRecord


def must_write(by: Editor, kind: str, slug: object) -> None:
    """Raise Forbidden for a term that only admins write: one of any list but the synonyms."""
    if kind == "term" and not str(slug).startswith(f"{SYNONYMS}."):
        by.must("write_vocabulary")


def vocabulary_faults(session: Session, record: object) -> list[Fault]:
    """A term of a vocabulary that does not exist."""
    if not isinstance(record, TermRecord) or not record.vocabulary:  # none could be read
        return []
    vocabularies = sorted(session.exec(select(TermRow.vocabulary).distinct()))
    if record.vocabulary in vocabularies:
        return []
    near = nearest(record.vocabulary, vocabularies)
    advice = f"Did you mean {' or '.join(near)}?" if near else f"Use {', '.join(vocabularies)}."
    detail = f"There is no vocabulary {record.vocabulary!r}. {advice}"
    fault = Fault("unknown_value", detail, pointer="/vocabulary", allowed=tuple(vocabularies))
    return [fault]

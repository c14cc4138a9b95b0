"""The seed as an import: its files are read like any other, with three rules of their own.

Its rows are whole records, they are published at once, and what others have edited stays theirs.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.catalog import publication
from app.desk.editing.history import FieldChange
from app.desk.imports.files import read_file
from app.desk.imports.planner import Planner, Result, RowOutcome
from app.desk.imports.record_finder import Match
from app.desk.imports.rows import Row
from app.errors import Fault, Invalid
from app.records import store
from app.records.case_study import CaseStudy
from app.records.kinds import KINDS
from app.records.revisions import Revision
from app.records.shape import Shape
from app.records.store import Change, StoredRecord
from app.records.taxonomy import SYNONYMS
from app.records.text import fold_text

SEEDER = "seed"  # the author of what the seed writes


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """What loading the seed would do, row by row."""

    outcomes: Sequence[RowOutcome]

    def of(self, result: Result) -> list[RowOutcome]:
        """The rows with this result."""
        return [outcome for outcome in self.outcomes if outcome.result == result]

    def changes(self) -> list[RowOutcome]:
        """The rows that would be written."""
        return [outcome for outcome in self.outcomes if outcome.result in ("created", "changed")]


class SeedPlanner(Planner):
    """Compares the seed's rows with the records of the directory."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._initiatives: dict[tuple[str, str], str] = {}  # initiative and place -> slug

    def _base(self, before: dict[str, Any]) -> dict[str, Any]:
        return {}  # a row of the seed is the whole record

    def _state_faults(self, stored: StoredRecord | None) -> list[Fault]:
        return []

    def _parsed(
        self, row: Row, slug: str, base: dict[str, Any]
    ) -> tuple[Shape | None, list[Fault]]:
        record, faults = super()._parsed(row, slug, base)
        if record is not None and not faults:
            faults = list(KINDS[row.kind].publication_faults(record))
        if isinstance(record, CaseStudy):
            faults += self._twin_faults(record)
        return record, faults

    def _twin_faults(self, case: CaseStudy) -> list[Fault]:
        """No two case studies tell of the same initiative in the same place."""
        initiative = fold_text(case.initiative or case.title)
        for place in case.districts or [case.state or ""]:
            other = self._initiatives.setdefault((initiative, place), case.slug)
            if other != case.slug:
                detail = (
                    f"{other} describes the same initiative in {place}. Merge these two records."
                )
                return [Fault("repeated", detail, pointer="/initiative")]
        return []

    def _result(
        self, outcome: RowOutcome, stored: StoredRecord | None, changes: tuple[FieldChange, ...]
    ) -> Result:
        result = super()._result(outcome, stored, changes)
        if result == "unchanged":
            return result
        kind = outcome.row.kind
        edited = stored is not None and (
            # The name alone could be that of a key; the mark alone is not cleared by older code.
            not (stored.from_seed and stored.updated_by == SEEDER) or stored.status == "withdrawn"
        )
        assert outcome.record is not None
        if edited or self._referable.unpublished_references(kind, outcome.record):
            return "kept"
        self._referable.add(kind, outcome.slug)
        return result

    def _on_refused(self, outcome: RowOutcome) -> None:
        if outcome.record is not None:  # rows that refer to this one are not at fault
            self._referable.add(outcome.row.kind, outcome.slug)

    def _warnings(
        self,
        row: Row,
        record: Any,
        stored: StoredRecord | None,
        changes: tuple[FieldChange, ...],
    ) -> tuple[Fault, ...]:
        return ()

    def _without_noise(self, row: Row, match: Match, faults: list[Fault]) -> list[Fault]:
        return faults  # each file is a record, whether or not it was loaded before

    def _needs(self, kind: str, record: Shape) -> tuple[Fault, ...]:
        return ()


def plan_seed(
    session: Session, rows: Iterable[Row], *, on_row: Callable[[], None] = lambda: None
) -> SeedPlan:
    """What loading the rows would do. `on_row` is called after each row."""
    outcomes = []
    for outcome in SeedPlanner(session).outcomes(rows):
        outcomes.append(outcome)
        on_row()
    return SeedPlan(outcomes)


def apply_seed(session: Session, plan: SeedPlan, *, at: datetime) -> list[Revision]:
    """Write and publish what a plan shows. Raises Invalid with every fault if any row is refused."""
    faults = [
        replace(fault, pointer=f"{outcome.row.origin}{fault.pointer or ''}")
        for outcome in plan.of("refused")
        for fault in outcome.faults
    ]
    if faults:
        raise Invalid(faults)
    changes = [_change(outcome) for outcome in plan.changes()]
    if not changes:
        return []
    revisions = store.save_many(session, changes, by=SEEDER, at=at)
    publication.show(session, revisions)
    return revisions


def _change(outcome: RowOutcome) -> Change:
    assert outcome.record is not None
    note = f"imported from {outcome.row.origin}"
    return Change(
        outcome.row.kind, outcome.record, "publish", "published", note=note, from_seed=True
    )


def read_seed(folder: Path) -> Iterator[Row]:
    """Every record of the seed, in the order in which records may be written."""
    taxonomies = folder / "taxonomies"
    for position, term in enumerate(_toml(taxonomies / "terms.toml")["terms"]):
        document = {
            "slug": f"{term.get('vocabulary')}.{term.get('code')}",
            "rank": position,
            **term,
        }
        yield Row("term", document, f"taxonomies/terms.toml, term {position + 1}")
    yield from _synonym_groups(taxonomies / "synonyms.toml")
    for kind, file in (
        ("state", "states"),
        ("locale", "locales"),
        ("strategy", "strategies"),
        ("indicator", "indicators"),
    ):
        yield from _tables(kind, taxonomies / f"{file}.toml", file)
    yield from _tables("organization", folder / "organizations.toml", "organizations")
    with (folder / "districts.csv").open("rb") as districts:
        for row in read_file(districts, "district", "csv").rows:
            yield Row(
                row.kind,
                row.document,
                f"districts.csv, {row.document.get('slug') or row.origin}",
                row.faults,
            )
    for path in sorted((folder / "case-studies").glob("*.toml")):
        yield Row(
            "case-study", {"slug": path.stem, **_trimmed(_toml(path))}, f"case-studies/{path.name}"
        )


def _tables(kind: str, path: Path, name: str) -> Iterator[Row]:
    for position, document in enumerate(_toml(path)[name], 1):
        yield Row(kind, document, f"{path.name}, {document.get('slug', f'entry {position}')}")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid([Fault("not_toml", f"{path.name}: {error}")]) from None


def _trimmed(document: dict[str, Any]) -> dict[str, Any]:
    """Multi-line strings begin and end with a line break in the file, and an empty one says nothing."""
    return {
        name: value.strip() or None if isinstance(value, str) else value
        for name, value in document.items()
    }


def _synonym_groups(path: Path) -> Iterator[Row]:
    """Each group of everyday words, as a term of the vocabulary `synonym`.

    Its code is its first word, not its place: a line that is inserted changes no other group.
    """
    times: Counter[str] = Counter()
    for position, (label, *synonyms) in enumerate(_toml(path)["groups"]):
        code = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        times[code] += 1
        if times[code] > 1:
            code = f"{code}-{times[code]}"
        document = {
            "slug": f"{SYNONYMS}.{code}",
            "vocabulary": SYNONYMS,
            "code": code,
            "label": label,
            "definition": "Everyday words for the same thing: search takes each for the others.",
            "rank": position,
            "synonyms": synonyms,
        }
        yield Row("term", document, f"taxonomies/synonyms.toml, group {position + 1}")

"""Whether the sources that case studies rest on are still where they were: checked, kept, listed, and flagged where none is left."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.catalog import publication
from app.errors import Fault
from app.records import source_checks, store
from app.records.source_checks import HEALTHS, SourceCheckRow, source_id
from app.records.store import StoredRecord
from app.records.tables import RecordRow, SourceRow

UNCHECKED = "unchecked"
HEALTH_VALUES = (*HEALTHS, UNCHECKED)
GIVEN_UP_AFTER = timedelta(days=14)  # a source that could not be reached for so long is dead


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of one address came to. `is_there`: whether the source itself was there."""

    url: str
    health: str
    is_there: bool = False
    status_code: int | None = None
    moved_to: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A case study rests on an address. `public`: in the version that the public reads."""

    url: str
    case_study: str
    public: bool


@dataclass(frozen=True, slots=True)
class SourceQuery:
    """Which sources are asked for."""

    health: str | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListedSource:
    """An address, who rests on it, and its last check."""

    url: str
    check: SourceCheckRow | None
    cited_by: Sequence[Citation]

    @property
    def health(self) -> str:
        """What the last check found; unchecked without one."""
        return self.check.health if self.check else UNCHECKED


@dataclass(frozen=True, slots=True)
class SourceList:
    """A page of sources, and how many there are of each health in all."""

    sources: Sequence[ListedSource]
    counts: Mapping[str, int] = field(default_factory=dict)


def due(session: Session, *, checked_before: datetime, limit: int | None = None) -> list[str]:
    """The addresses to be checked: those never checked, then those checked longest ago."""
    states = source_checks.states(session)
    urls = {citation.url for citation in citations(session)}
    new = sorted(urls - states.keys())
    old = sorted(
        (checked_at, url)
        for url, (_, checked_at) in states.items()
        if url in urls and checked_at < checked_before
    )
    return [*new, *(url for _, url in old)][:limit]


def note(session: Session, result: CheckResult, *, at: datetime) -> SourceCheckRow:
    """Keep what a visit found. Public documents that rest on a source which was there are shown with the new date."""
    at = at.replace(microsecond=0)
    before = source_checks.find_many(session, [result.url]).get(result.url)
    last_alive_at = before.last_alive_at if before else None
    failing_since = before.failing_since if before else None
    failing = not result.is_there and result.health in ("dead", "unreachable")
    failing_since = (failing_since or at) if failing else None
    given_up = (
        result.health == "unreachable"
        and failing_since is not None
        and at - failing_since >= GIVEN_UP_AFTER
    )
    row = SourceCheckRow(
        id=source_id(result.url),
        url=result.url,
        checked_at=at,
        health="dead" if given_up else result.health,
        status_code=result.status_code,
        moved_to=result.moved_to,
        last_alive_at=at if result.is_there else last_alive_at,
        failing_since=failing_since,
        note=result.note,
    )
    source_checks.save(session, row)
    if result.is_there:
        publication.show_again(session, [result.url])
    return row


def list_(session: Session, query: SourceQuery) -> SourceList:
    """The sources that the question asks for, by address."""
    states = source_checks.states(session)
    cited_by: dict[str, list[Citation]] = defaultdict(list)
    for citation in citations(session):
        cited_by[citation.url].append(citation)
    healths = {url: states[url][0] if url in states else UNCHECKED for url in sorted(cited_by)}
    counts = Counter(healths.values())
    page = [
        url
        for url, health in healths.items()
        if query.health in (None, health) and (query.after is None or url > query.after)
    ][: query.limit]
    checks = source_checks.find_many(session, page)
    sources = [ListedSource(url, checks.get(url), cited_by[url]) for url in page]
    return SourceList(sources, {health: counts[health] for health in HEALTH_VALUES})


def flagged(session: Session) -> list[tuple[StoredRecord, Sequence[ListedSource]]]:
    """The case studies whose every source is dead, in the version that the public reads or, where there is none, in the newest."""
    dead = {url for url, (health, _) in source_checks.states(session).items() if health == "dead"}
    of_case: dict[str, list[Citation]] = defaultdict(list)
    for citation in citations(session):
        of_case[citation.case_study].append(citation)
    standing = {
        slug: [citation for citation in cited if citation.public] or cited
        for slug, cited in of_case.items()
    }
    without_source = {
        slug: cited
        for slug, cited in standing.items()
        if all(citation.url in dead for citation in cited)
    }
    checks = source_checks.find_many(
        session, [citation.url for cited in without_source.values() for citation in cited]
    )
    return [
        (
            record,
            [
                ListedSource(citation.url, checks.get(citation.url), [citation])
                for citation in without_source[slug]
            ],
        )
        for slug, record in store.find_many(session, "case-study", sorted(without_source)).items()
    ]


def warnings(session: Session, stored: StoredRecord) -> list[Fault]:
    """What an editor should know of a record's sources: which are dead or have moved, and whether none is left."""
    if stored.kind != "case-study":
        return []
    cited = stored.record.sources
    checks = source_checks.find_many(session, [source.url for source in cited])
    faults = [
        fault
        for n, source in enumerate(cited)
        for fault in _warning(checks.get(source.url), f"/sources/{n}/url")
    ]
    if cited and all(
        (row := checks.get(source.url)) is not None and row.health == "dead" for source in cited
    ):
        faults.insert(
            0,
            Fault(
                "every_source_dead",
                "none of its sources could be found when they were last checked",
                pointer="/sources",
            ),
        )
    return faults


def citations(session: Session) -> list[Citation]:
    """Which case study rests on which address: in its newest version, unless withdrawn, and in the one that is public."""
    of_case = (col(RecordRow.kind) == "case-study") & (col(RecordRow.slug) == SourceRow.case_study)
    newest: Any = select(
        SourceRow.url, SourceRow.case_study, RecordRow.published_version == RecordRow.version
    ).join(RecordRow, of_case)
    cited = {
        (slug, url): bool(public)
        for url, slug, public in session.exec(newest.where(col(RecordRow.status) != "withdrawn"))
    }
    drafted = select(RecordRow.slug).where(
        RecordRow.kind == "case-study", col(RecordRow.published_version) < RecordRow.version
    )
    for slug, (record, _version, _at) in store.published(
        session, "case-study", session.exec(drafted).all()
    ).items():
        cited.update({(slug, source.url): True for source in record.sources})
    return [Citation(url, slug, public) for (slug, url), public in sorted(cited.items())]


def _warning(row: SourceCheckRow | None, pointer: str) -> list[Fault]:
    if row is not None and row.health == "dead":
        since = f" since {row.failing_since:%Y-%m-%d}" if row.failing_since else ""
        return [Fault("source_dead", f"not found at its address{since}", pointer=pointer)]
    if row is not None and row.health == "moved":
        return [
            Fault(
                "source_moved",
                f"it is at {row.moved_to} now{f': {row.note}' if row.note else ''}",
                pointer=pointer,
            )
        ]
    return []

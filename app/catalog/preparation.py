"""Shared by the preparation of all kinds: published records and terms, and parts of cards and documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from app.catalog.entry import Entry, PreparedEntry
from app.records.case_study import CaseStudy, Outcome
from app.records.district import DistrictRecord
from app.records.kinds import KINDS
from app.records.prose import PROSE_FIELDS, paragraphs
from app.records.shape import Shape, read_stored
from app.records.taxonomy import State

# What a source calls the place, as the locale type that says the same; "mixed" says none.
RURALITY_OF_SETTING = {"urban": "city", "suburban": "suburb", "town": "town", "rural": "rural"}
VOCABULARY_KINDS = ("term", "state", "locale", "strategy", "indicator", "organization")


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """A record at its public version."""

    record: Any
    version: int
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Terms:
    """The published vocabulary: records by kind and slug."""

    by_kind: Mapping[str, Mapping[str, Any]]

    def get(self, kind: str, slug: str) -> Any:
        """The record of a term."""
        return self.by_kind[kind][slug]

    def labels(self, kind: str, slugs: Iterable[str]) -> list[str]:
        """The names to show for these slugs."""
        return [self.by_kind[kind][slug].label for slug in slugs]

    def codes(self, vocabulary: str) -> list[str]:
        """The codes of a short list, in its order."""
        terms = [term for term in self.by_kind["term"].values() if term.vocabulary == vocabulary]
        return [term.code for term in sorted(terms, key=lambda term: term.rank)]

    def evidence_rank(self, design: str) -> int:
        """Rank of a study design, 0 the strongest."""
        return int(self.by_kind["term"][f"evidence.{design}"].rank)

    def strongest_first(self, designs: Iterable[str]) -> list[str]:
        """Study designs without repeats, the strongest first."""
        return sorted(set(designs), key=self.evidence_rank)

    def rank_of(self, designs: Sequence[str]) -> int:
        """Rank of the first of these designs; after all ranks if there are none."""
        if designs:
            return self.evidence_rank(designs[0])
        codes = self.codes("evidence")
        return self.evidence_rank(codes[-1]) + 1 if codes else 0


def prepare_term(kind: str, slug: str, public: PublishedRecord) -> PreparedEntry:
    """The entry of a vocabulary term: card and document are the record, a state's region as its code."""
    record = public.record
    if kind == "state":
        record = record.model_copy(update={"region": region_code(record)})
    card = as_json(record)
    return PreparedEntry(
        Entry(kind, slug, public.seq, public.at, card), card, terms_of(kind, public.record)
    )


def terms_of(kind: str, record: Shape) -> frozenset[tuple[str, str]]:
    """The terms of short lists that a record refers to."""
    references = KINDS[kind].references(record)
    return frozenset((other, slug) for _pointer, other, slug in references if other == "term")


def district_part(district: DistrictRecord, terms: Terms) -> dict[str, Any]:
    """A district as its case studies and its own card show it."""
    locale = terms.get("locale", district.locale) if district.locale else None
    return {
        "slug": district.slug,
        "nces_leaid": district.nces_leaid,
        "name": district.name,
        "state": district.state,
        "city": district.city,
        "county": district.county,
        "locale": locale
        and {
            "value": locale.slug,
            "label": locale.label,
            "rurality": locale.rurality,
            "year": district.locale_year,
            "source": district.locale_source,
        },
        "enrollment": federal_figure(district, "enrollment"),
        "place": _place(district),
    }


def federal_figure(district: DistrictRecord, name: str) -> dict[str, Any] | None:
    """A federal figure of a district with its year and source; None where not known."""
    if (value := getattr(district, name)) is None:
        return None
    year, source = getattr(district, f"{name}_year"), getattr(district, f"{name}_source")
    return {"value": value, "year": year, "source": source}


def stated_rurality(settings: Iterable[str | None], terms: Terms) -> list[str]:
    """The ruralities of these settings, in natural order."""
    stated = {RURALITY_OF_SETTING.get(setting or "") for setting in settings}
    return [code for code in terms.codes("rurality") if code in stated]


def regions(states: Iterable[str], terms: Terms) -> list[str]:
    """The codes of the Census regions of these states."""
    codes = (region_code(terms.get("state", code)) for code in states)
    return [code for code in codes if code]


def region_code(state: State) -> str | None:
    """The code of a state's Census region, which records call by its name; None for territories."""
    return state.region.lower() if state.region else None


def case_study_body(case: CaseStudy, terms: Terms) -> str:
    """The searchable text of a case study, without title and summary."""
    prose = [
        text
        for name in PROSE_FIELDS
        if getattr(case, name)
        for text, _ in paragraphs(getattr(case, name))
    ]
    indicators = dict.fromkeys(outcome.indicator for outcome in case.outcomes)
    facts = [
        *terms.labels("indicator", indicators),
        *(part for outcome in case.outcomes for part in _words_of(outcome)),
        *_words_of_evidence(case, terms),
        *(figure.measure for figure in (*case.scale, *case.context)),
        *(funding.name for funding in case.funding),
        *(part for partner in case.partners for part in (partner.name, partner.role)),
    ]
    return "\n".join([*prose, joined(facts)])


def outcome_keys(outcomes: Iterable[Outcome]) -> list[str]:
    """Indicator, evidence and direction of each outcome in one key, for filters on one outcome."""
    keys = (f"{outcome.indicator}|{outcome.design}|{outcome.direction}" for outcome in outcomes)
    return list(dict.fromkeys(keys))


def coordinates(district: DistrictRecord) -> tuple[float, float] | None:
    """Latitude and longitude of a district, where known."""
    if district.latitude is None or district.longitude is None:
        return None
    return district.latitude, district.longitude


def without_repeats(lists: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """The lists without repeats and empty values."""
    return {
        name: list(dict.fromkeys(value for value in values if value is not None))
        for name, values in lists.items()
    }


def joined(parts: Iterable[str | None]) -> str:
    """The non-empty parts, each once, one on a line."""
    return "\n".join(dict.fromkeys(part for part in parts if part))


def checked_json(shape: type[BaseModel], value: Mapping[str, Any]) -> str:
    """JSON of a public shape, validated: OpenAPI's promises are checked once, at publication.

    Rules of records that are newer than this one do not count: the next change must heed them.
    """
    return as_json(read_stored(shape, {key: _plain(part) for key, part in value.items()}))


def as_json(shape: BaseModel) -> str:
    """A shape as JSON text."""
    return orjson.dumps(shape.model_dump(mode="json"), option=orjson.OPT_UTC_Z).decode()


def _place(district: DistrictRecord) -> dict[str, Any] | None:
    if district.latitude is None:
        return None
    return {
        "latitude": district.latitude,
        "longitude": district.longitude,
        "basis": district.place_basis,
        "source": district.place_source,
    }


def _words_of(outcome: Outcome) -> tuple[str | None, ...]:
    return outcome.finding, outcome.population, outcome.comparison


def _words_of_evidence(case: CaseStudy, terms: Terms) -> Iterable[str]:
    """The labels of study designs and directions, because nobody types their codes."""
    designs = {f"evidence.{outcome.design}" for outcome in case.outcomes}
    directions = {f"direction.{outcome.direction}" for outcome in case.outcomes}
    for slug in sorted((designs | directions) - {"direction.not-stated"}):
        term = terms.get("term", slug)
        yield f"{term.label}: {', '.join(term.synonyms)}"


def _plain(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [part.model_dump() if isinstance(part, Shape) else part for part in value]

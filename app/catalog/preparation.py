"""From a published record to its entry: card and document as ready JSON, facet values, figures, text for search, places."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from app.catalog import shapes
from app.catalog.entry import LEAID, Entry, Prepared
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord
from app.records.prose import PROSE_FIELDS, paragraphs
from app.records.shape import Shape
from app.records.source_checks import source_id

# What a source calls the place, as the locale type that says the same; "mixed" says none.
RURALITY_OF_SETTING = {"urban": "city", "suburban": "suburb", "town": "town", "rural": "rural"}
VOCABULARY_KINDS = ("term", "state", "locale", "strategy", "indicator", "organization")


@dataclass(frozen=True, slots=True)
class Publication:
    """A record at its public version."""

    record: Any
    version: int
    at: datetime
    seq: int


Vocabulary = Mapping[str, Mapping[str, Any]]  # kind -> slug -> record


def prepare_term(kind: str, slug: str, public: Publication) -> Prepared:
    """The entry of a vocabulary term: card and document are the record itself."""
    card = _json(public.record)
    return Prepared(Entry(kind, slug, public.seq, public.at, card), card)


def prepare_case_study(
    public: Publication, districts: Mapping[str, DistrictRecord], vocabulary: Vocabulary, *, alive: Mapping[str, datetime]
) -> Prepared:
    """The entry of a case study. `districts` holds at least its own; `alive`: when its sources were last found, by address."""
    case: CaseStudy = public.record
    own = [districts[slug] for slug in case.districts]
    states = list(dict.fromkeys([*([case.state] if case.state else []), *(district.state for district in own)]))
    ruralities, basis = _rurality(case, own, vocabulary)
    designs = sorted({outcome.design for outcome in case.outcomes}, key=lambda design: _evidence_rank(design, vocabulary))
    pillars = list(dict.fromkeys(vocabulary["strategy"][slug].pillar for slug in case.strategies))
    card = {
        "slug": case.slug,
        "title": case.title,
        "initiative": case.initiative,
        "summary": case.summary,
        "states": [_state(code, vocabulary) for code in states],
        "districts": [_case_district(district, vocabulary) for district in own],
        "rurality": ruralities,
        "rurality_basis": basis,
        "setting": case.setting,
        "model": case.model,
        "strategies": [
            {"value": slug, "label": vocabulary["strategy"][slug].label, "pillar": vocabulary["strategy"][slug].pillar}
            for slug in case.strategies
        ],
        "outcomes": _findings(case, vocabulary),
        "evidence": designs[0] if designs else None,
        "started_year": case.started_year,
        "ended_year": case.ended_year,
        "status": case.initiative_status,
        "version": public.version,
        "updated_at": public.at,
        "url": f"/v1/case-studies/{case.slug}",
    }
    document = card | {
        "aliases": case.aliases,
        "kinship": case.kinship,
        **{name: _paragraphs(getattr(case, name)) for name in PROSE_FIELDS},
        "findings": case.outcomes,
        "scale": case.scale,
        "funding": case.funding,
        "partners": [partner.model_dump() for partner in case.partners],
        "sources": [source.model_dump() | {"last_alive_at": alive.get(source.url)} for source in case.sources],
        "facts": _facts(case),
    }
    facets = {
        "strategy": case.strategies,
        "pillar": pillars,
        "model": [case.model],
        "state": states,
        "region": _regions(states, vocabulary),
        "rurality": ruralities,
        "locale": sorted({district.locale for district in own if district.locale}),
        "outcome": [outcome.indicator for outcome in case.outcomes],
        "evidence": designs,
        "partner_type": [partner.type for partner in case.partners],
        "funding": [funding.kind for funding in case.funding],
        "setting": [case.setting],
        "status": [case.initiative_status],
        "organization": [partner.organization for partner in case.partners],
    }
    references = {
        *(("district", slug) for slug in case.districts),
        *(("strategy", slug) for slug in case.strategies),
        *(("indicator", outcome.indicator) for outcome in case.outcomes),
        *(("organization", partner.organization) for partner in case.partners if partner.organization),
        *(("state", state) for state in states),
        *(("locale", district.locale) for district in own if district.locale),
        *(("source", source_id(source.url)) for source in case.sources),
    }
    return Prepared(
        Entry(
            kind="case_study",
            slug=case.slug,
            seq=public.seq,
            updated_at=public.at,
            card=_checked(shapes.CaseStudyCard, card),
            text=_case_study_text(case, own, states, vocabulary),
            facets=_values(facets),
            figures=_values(
                {
                    "started": [case.started_year],
                    "enrollment": [district.enrollment for district in own],
                    "updated": [int(public.at.timestamp())],
                }
            ),
            places=[place for district in own if (place := _place_pair(district))],
            rank=_evidence_rank(designs[0], vocabulary) if designs else len(_terms("evidence", vocabulary)),
        ),
        _checked(shapes.CaseStudyDocument, document),
        frozenset(references),
    )


def prepare_district(public: Publication, cases: Sequence[Publication], vocabulary: Vocabulary) -> Prepared:
    """The entry of a district. `cases` are its public case studies."""
    district: DistrictRecord = public.record
    studies: list[CaseStudy] = [case.record for case in cases]
    designs = sorted(
        {outcome.design for case in studies for outcome in case.outcomes}, key=lambda design: _evidence_rank(design, vocabulary)
    )
    strategies = list(dict.fromkeys(slug for case in studies for slug in case.strategies))
    updated_at = max([public.at, *(case.at for case in cases)])
    rurality = vocabulary["locale"][district.locale].rurality if district.locale else None
    card = _case_district(district, vocabulary) | {
        "rurality": rurality,
        "region": vocabulary["state"][district.state].region,
        "strategies": strategies,
        "outcomes": list(dict.fromkeys(outcome.indicator for case in studies for outcome in case.outcomes)),
        "case_studies": [
            {
                "slug": case.slug,
                "title": case.title,
                "evidence": min((outcome.design for outcome in case.outcomes), key=lambda d: _evidence_rank(d, vocabulary), default=None),
                "url": f"/v1/case-studies/{case.slug}",
            }
            for case in studies
        ],
        "version": public.version,
        "updated_at": updated_at,
        "url": f"/v1/districts/{district.slug}",
    }
    document = card | {"aliases": district.aliases, "schools": _figure(district, "schools"), "website": district.website}
    facets = {
        "strategy": strategies,
        "pillar": [vocabulary["strategy"][slug].pillar for slug in strategies],
        "model": [case.model for case in studies],
        "state": [district.state],
        "region": _regions([district.state], vocabulary),
        "rurality": [rurality],
        "locale": [district.locale],
        "outcome": [outcome.indicator for case in studies for outcome in case.outcomes],
        "evidence": designs,
        "partner_type": [partner.type for case in studies for partner in case.partners],
        "funding": [funding.kind for case in studies for funding in case.funding],
        "setting": [case.setting for case in studies],
        "status": [case.initiative_status for case in studies],
        "organization": [partner.organization for case in studies for partner in case.partners],
    }
    return Prepared(
        Entry(
            kind="district",
            slug=district.slug,
            seq=public.seq,
            updated_at=updated_at,
            card=_checked(shapes.DistrictCard, card),
            text={
                "title": district.name,
                "aliases": _joined([*district.aliases, district.nces_leaid]),
                "names": _joined(
                    [
                        district.city,
                        district.county,
                        vocabulary["state"][district.state].name,
                        *(_labels("strategy", strategies, vocabulary)),
                    ]
                ),
                "summary": _joined([case.title for case in studies] + [case.initiative for case in studies]),
                "text": _joined([case.summary for case in studies]),
            },
            facets=_values(facets),
            figures=_values(
                {
                    "started": [case.started_year for case in studies],
                    "enrollment": [district.enrollment],
                    "updated": [int(updated_at.timestamp())],
                }
            ),
            places=[place] if (place := _place_pair(district)) else [],
            rank=_evidence_rank(designs[0], vocabulary) if designs else len(_terms("evidence", vocabulary)),
            ids=[district.nces_leaid] if district.nces_leaid else [],
        ),
        _checked(shapes.DistrictDocument, document),
        frozenset(
            {
                ("state", district.state),
                *([("locale", district.locale)] if district.locale else []),
                *([(LEAID, district.nces_leaid)] if district.nces_leaid else []),
            }
        ),
    )


def _case_study_text(case: CaseStudy, districts: Sequence[DistrictRecord], states: Sequence[str], vocabulary: Vocabulary) -> dict[str, str]:
    names = [
        *(name for district in districts for name in (district.name, *district.aliases, district.city, district.county)),
        *(vocabulary["state"][code].name for code in states),
        *_labels("strategy", case.strategies, vocabulary),
    ]
    prose = [text for name in PROSE_FIELDS if getattr(case, name) for text, _ in paragraphs(getattr(case, name))]
    facts = [
        *_labels("indicator", dict.fromkeys(outcome.indicator for outcome in case.outcomes), vocabulary),
        *(part for outcome in case.outcomes for part in (outcome.finding, outcome.population, outcome.comparison)),
        *(figure.measure for figure in case.scale),
        *(funding.name for funding in case.funding),
        *(part for partner in case.partners for part in (partner.name, partner.role)),
    ]
    return {
        "title": _joined([case.title, case.initiative if case.initiative != case.title else None]),
        "aliases": _joined(case.aliases),
        "names": _joined(names),
        "summary": case.summary or "",
        "text": "\n".join([*prose, _joined(facts)]),
    }


def _rurality(case: CaseStudy, districts: Sequence[DistrictRecord], vocabulary: Vocabulary) -> tuple[list[str], str | None]:
    by_locale = {vocabulary["locale"][district.locale].rurality for district in districts if district.locale}
    if by_locale:
        return [code for code in _terms("rurality", vocabulary) if code in by_locale], "nces"
    stated = RURALITY_OF_SETTING.get(case.setting or "")
    return ([stated], "source") if stated else ([], None)


def _findings(case: CaseStudy, vocabulary: Vocabulary) -> list[dict[str, str]]:
    pairs = dict.fromkeys((outcome.indicator, outcome.design) for outcome in case.outcomes)
    return [
        {"indicator": indicator, "label": vocabulary["indicator"][indicator].label, "evidence": design}
        for indicator, design in sorted(pairs, key=lambda pair: _evidence_rank(pair[1], vocabulary))
    ]


def _facts(case: CaseStudy) -> dict[str, dict[str, Any]]:
    as_of = {"initiative_status": case.initiative_status_year}
    return {
        name: {"value": value, "as_of_year": as_of.get(name), "source": getattr(case, f"{name}_source")}
        for name in ("started_year", "ended_year", "initiative_status", "setting")
        if (value := getattr(case, name)) is not None
    }


def _case_district(district: DistrictRecord, vocabulary: Vocabulary) -> dict[str, Any]:
    locale = vocabulary["locale"][district.locale] if district.locale else None
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
        "enrollment": _figure(district, "enrollment"),
        "place": None
        if district.latitude is None
        else {
            "latitude": district.latitude,
            "longitude": district.longitude,
            "basis": district.place_basis,
            "source": district.place_source,
        },
    }


def _figure(district: DistrictRecord, name: str) -> dict[str, Any] | None:
    if (value := getattr(district, name)) is None:
        return None
    return {"value": value, "year": getattr(district, f"{name}_year"), "source": getattr(district, f"{name}_source")}


def _state(code: str, vocabulary: Vocabulary) -> dict[str, Any]:
    state = vocabulary["state"][code]
    return {"value": code, "label": state.name, "region": state.region, "division": state.division}


def _regions(states: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    return [region.lower() for code in states if (region := vocabulary["state"][code].region)]


def _labels(kind: str, slugs: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    return [vocabulary[kind][slug].label for slug in slugs]


def _terms(vocabulary_name: str, vocabulary: Vocabulary) -> list[str]:
    terms = [term for term in vocabulary["term"].values() if term.vocabulary == vocabulary_name]
    return [term.code for term in sorted(terms, key=lambda term: term.rank)]


def _evidence_rank(design: str, vocabulary: Vocabulary) -> int:
    return int(vocabulary["term"][f"evidence.{design}"].rank)


def _paragraphs(markdown: str | None) -> list[dict[str, Any]]:
    return [{"text": text, "sources": sources} for text, sources in paragraphs(markdown or "")]


def _place_pair(district: DistrictRecord) -> tuple[float, float] | None:
    return None if district.latitude is None or district.longitude is None else (district.latitude, district.longitude)


def _values(lists: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: list(dict.fromkeys(value for value in values if value is not None)) for name, values in lists.items()}


def _joined(parts: Iterable[str | None]) -> str:
    return "\n".join(dict.fromkeys(part for part in parts if part))


def _checked(shape: type[BaseModel], value: Mapping[str, Any]) -> str:
    """JSON of a public shape; what the OpenAPI document promises is checked here, once, when it is published."""
    return _json(shape.model_validate({key: _plain(part) for key, part in value.items()}))


def _plain(value: Any) -> Any:
    return [part.model_dump() if isinstance(part, Shape) else part for part in value] if isinstance(value, list) else value


def _json(shape: BaseModel) -> str:
    return orjson.dumps(shape.model_dump(mode="json"), option=orjson.OPT_UTC_Z).decode()

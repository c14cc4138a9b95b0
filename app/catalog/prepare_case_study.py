"""The entry of a published case study: card, document, facet values, numbers, text, places."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.catalog import shapes
from app.catalog.entry import Entry, PreparedEntry
from app.catalog.preparation import (
    PublishedRecord,
    Terms,
    case_study_body,
    checked_json,
    coordinates,
    district_part,
    joined,
    outcome_keys,
    region_code,
    regions,
    stated_rurality,
    terms_of,
    without_repeats,
)
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord
from app.records.prose import PROSE_FIELDS, paragraphs
from app.records.source_checks import source_id


def prepare_case_study(
    public: PublishedRecord,
    districts: Mapping[str, DistrictRecord],
    terms: Terms,
    *,
    last_alive: Mapping[str, datetime],
) -> PreparedEntry:
    """The entry of a case study.

    `districts`: at least its own, by slug; `last_alive`: when its sources were last alive, by URL.
    """
    case: CaseStudy = public.record
    own = [districts[slug] for slug in case.districts]
    states = [*([case.state] if case.state else []), *(district.state for district in own)]
    states = list(dict.fromkeys(states))
    designs = terms.strongest_first(outcome.design for outcome in case.outcomes)
    card = _card(public, own, states, terms)
    return PreparedEntry(
        Entry(
            kind="case-study",
            slug=case.slug,
            seq=public.seq,
            updated_at=public.at,
            card=checked_json(shapes.CaseStudyCard, card),
            text=_text(case, own, states, terms),
            facets=_facets(case, own, states, designs, card["rurality"], terms),
            figures=without_repeats(
                {
                    "started": [case.started_year],
                    "enrollment": [district.enrollment for district in own],
                    "updated": [int(public.at.timestamp())],
                }
            ),
            places=[place for district in own if (place := coordinates(district))],
            rank=terms.rank_of(designs),
        ),
        checked_json(shapes.CaseStudyDocument, _document(case, card, terms, last_alive)),
        _references(case, own, states),
    )


def _card(
    public: PublishedRecord, own: Sequence[DistrictRecord], states: Sequence[str], terms: Terms
) -> dict[str, Any]:
    case: CaseStudy = public.record
    rurality, basis = _rurality(case, own, terms)
    designs = terms.strongest_first(outcome.design for outcome in case.outcomes)
    return {
        "slug": case.slug,
        "title": case.title,
        "initiative": case.initiative,
        "summary": case.summary,
        "states": [_state(code, terms) for code in states],
        "districts": [district_part(district, terms) for district in own],
        "rurality": rurality,
        "rurality_basis": basis,
        "setting": case.setting,
        "models": [_label("model", code, terms) for code in case.models],
        "strategies": [_strategy(slug, terms) for slug in case.strategies],
        "topics": [_label("topic", code, terms) for code in case.topics],
        "outcomes": _outcome_lines(case, terms),
        "evidence": designs[0] if designs else None,
        "started_year": case.started_year,
        "ended_year": case.ended_year,
        "status": case.status,
        "version": public.version,
        "updated_at": public.at,
        "url": f"/v1/case-studies/{case.slug}",
    }


def _document(
    case: CaseStudy, card: Mapping[str, Any], terms: Terms, last_alive: Mapping[str, datetime]
) -> dict[str, Any]:
    return {
        **card,
        "aliases": case.aliases,
        "asked_as": case.asked_as,
        "kinship": case.kinship,
        **{name: _paragraphs(getattr(case, name)) for name in PROSE_FIELDS},
        "outcomes": [
            outcome.model_dump() | {"label": terms.get("indicator", outcome.indicator).label}
            for outcome in case.outcomes
        ],
        "scale": case.scale,
        "context": case.context,
        "funding": case.funding,
        "partners": [partner.model_dump() for partner in case.partners],
        "sources": [
            source.model_dump() | {"last_alive_at": last_alive.get(source.url)}
            for source in case.sources
        ],
        "facts": _facts(case),
    }


def _facets(
    case: CaseStudy,
    own: Sequence[DistrictRecord],
    states: Sequence[str],
    designs: Sequence[str],
    rurality: Sequence[str],
    terms: Terms,
) -> dict[str, list[str]]:
    return without_repeats(
        {
            "strategy": case.strategies,
            "topic": case.topics,
            "pillar": [terms.get("strategy", slug).pillar for slug in case.strategies],
            "model": case.models,
            "state": states,
            "region": regions(states, terms),
            "rurality": rurality,
            "locale": sorted({district.locale for district in own if district.locale}),
            "outcome": [outcome.indicator for outcome in case.outcomes],
            "evidence": designs,
            "direction": [outcome.direction for outcome in case.outcomes],
            "outcome_key": outcome_keys(case.outcomes),
            "partner_type": [partner.type for partner in case.partners],
            "funding": [funding.kind for funding in case.funding],
            "setting": [case.setting],
            "status": [case.status],
            "organization": [partner.organization for partner in case.partners],
        }
    )


def _text(
    case: CaseStudy, own: Sequence[DistrictRecord], states: Sequence[str], terms: Terms
) -> dict[str, str]:
    places = [
        name
        for district in own
        for name in (district.name, *district.aliases, district.city, district.county)
    ]
    names = [
        *places,
        *(terms.get("state", code).name for code in states),
        *terms.labels("strategy", case.strategies),
        *terms.labels("term", (f"topic.{code}" for code in case.topics)),
    ]
    initiative = case.initiative if case.initiative != case.title else None
    return {
        "title": joined([case.title, initiative]),
        "aliases": joined(case.aliases),
        "names": joined(names),
        "asked_as": joined(case.asked_as),
        "summary": case.summary or "",
        "text": case_study_body(case, terms),
    }


def _references(
    case: CaseStudy, own: Sequence[DistrictRecord], states: Sequence[str]
) -> frozenset[tuple[str, str]]:
    """What the entry is made from: when one of these changes, the entry is prepared again."""
    organizations = [partner.organization for partner in case.partners if partner.organization]
    return terms_of("case-study", case) | frozenset(
        {
            *(("district", slug) for slug in case.districts),
            *(("strategy", slug) for slug in case.strategies),
            *(("indicator", outcome.indicator) for outcome in case.outcomes),
            *(("organization", slug) for slug in organizations),
            *(("state", state) for state in states),
            *(("locale", district.locale) for district in own if district.locale),
            *(("source", source_id(source.url)) for source in case.sources),
        }
    )


def _rurality(
    case: CaseStudy, districts: Sequence[DistrictRecord], terms: Terms
) -> tuple[list[str], str | None]:
    """The ruralities of a case and their basis: its districts' locales, else its stated setting."""
    known = {
        terms.get("locale", district.locale).rurality for district in districts if district.locale
    }
    if known:
        return [code for code in terms.codes("rurality") if code in known], "nces"
    stated = stated_rurality([case.setting], terms)
    return stated, "source" if stated else None


def _outcome_lines(case: CaseStudy, terms: Terms) -> list[dict[str, Any]]:
    """One line for each indicator: its outcome with the strongest evidence.

    Among equals, one with a figure, then the first.
    """
    lines: dict[str, dict[str, Any]] = {}
    strongest_first = sorted(
        case.outcomes,
        key=lambda outcome: (terms.evidence_rank(outcome.design), outcome.value is None),
    )
    for outcome in strongest_first:
        if outcome.indicator in lines:
            lines[outcome.indicator]["more"] += 1
        else:
            lines[outcome.indicator] = {
                "indicator": outcome.indicator,
                "label": terms.get("indicator", outcome.indicator).label,
                "value": outcome.value,
                "qualifier": outcome.qualifier,
                "unit": outcome.unit,
                "direction": outcome.direction,
                "evidence": outcome.design,
                "more": 0,
            }
    return list(lines.values())


def _facts(case: CaseStudy) -> dict[str, dict[str, Any]]:
    as_of_year = {"status": case.status_year}
    facts = {}
    for name in ("started_year", "ended_year", "status", "setting"):
        if (value := getattr(case, name)) is not None:
            source = getattr(case, f"{name}_source")
            facts[name] = {"value": value, "as_of_year": as_of_year.get(name), "source": source}
    return facts


def _state(code: str, terms: Terms) -> dict[str, Any]:
    state = terms.get("state", code)
    return {
        "value": code,
        "label": state.name,
        "region": region_code(state),
        "division": state.division,
    }


def _strategy(slug: str, terms: Terms) -> dict[str, Any]:
    strategy = terms.get("strategy", slug)
    return {"value": slug, "label": strategy.label, "pillar": strategy.pillar}


def _label(vocabulary: str, code: str, terms: Terms) -> dict[str, Any]:
    return {"value": code, "label": terms.get("term", f"{vocabulary}.{code}").label}


def _paragraphs(markdown: str | None) -> list[dict[str, Any]]:
    return [{"text": text, "sources": sources} for text, sources in paragraphs(markdown or "")]

"""The entry of a published district: card, document, facet values, text, place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.catalog import shapes
from app.catalog.entry import LEAID, Entry, PreparedEntry
from app.catalog.preparation import (
    PublishedRecord,
    Terms,
    case_study_body,
    checked_json,
    coordinates,
    district_part,
    federal_figure,
    joined,
    outcome_keys,
    region_code,
    regions,
    stated_rurality,
    without_repeats,
)
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord


def prepare_district(
    public: PublishedRecord, cases: Sequence[PublishedRecord], terms: Terms
) -> PreparedEntry:
    """The entry of a district. `cases` are its public case studies."""
    district: DistrictRecord = public.record
    studies: list[CaseStudy] = [case.record for case in cases]
    designs = terms.strongest_first(outcome.design for case in studies for outcome in case.outcomes)
    updated_at = max([public.at, *(case.at for case in cases)])
    card = _card(public, studies, updated_at, terms)
    place = coordinates(district)
    document = card | {
        "aliases": district.aliases,
        "schools": federal_figure(district, "schools"),
        "website": district.website,
    }
    return PreparedEntry(
        Entry(
            kind="district",
            slug=district.slug,
            seq=public.seq,
            updated_at=updated_at,
            card=checked_json(shapes.DistrictCard, card),
            text=_text(district, studies, terms),
            facets=_facets(district, studies, designs, card["rurality"], terms),
            figures=without_repeats(
                {
                    "started": [case.started_year for case in studies],
                    "enrollment": [district.enrollment],
                    "updated": [int(updated_at.timestamp())],
                }
            ),
            places=[place] if place else [],
            rank=terms.rank_of(designs),
            ids=[district.nces_leaid] if district.nces_leaid else [],
        ),
        checked_json(shapes.DistrictDocument, document),
        _references(district),
    )


def _card(
    public: PublishedRecord, studies: Sequence[CaseStudy], updated_at: datetime, terms: Terms
) -> dict[str, Any]:
    district: DistrictRecord = public.record
    rurality, basis = _rurality(district, studies, terms)
    indicators = (outcome.indicator for case in studies for outcome in case.outcomes)
    return district_part(district, terms) | {
        "rurality": rurality,
        "rurality_basis": basis,
        "region": region_code(terms.get("state", district.state)),
        "strategies": list(dict.fromkeys(slug for case in studies for slug in case.strategies)),
        "outcomes": list(dict.fromkeys(indicators)),
        "case_studies": [_case_line(case, terms) for case in studies],
        "version": public.version,
        "updated_at": updated_at,
        "url": f"/v1/districts/{district.slug}",
    }


def _facets(
    district: DistrictRecord,
    studies: Sequence[CaseStudy],
    designs: Sequence[str],
    rurality: Sequence[str],
    terms: Terms,
) -> dict[str, list[str]]:
    strategies = [slug for case in studies for slug in case.strategies]
    outcomes = [outcome for case in studies for outcome in case.outcomes]
    partners = [partner for case in studies for partner in case.partners]
    return without_repeats(
        {
            "strategy": strategies,
            "topic": [code for case in studies for code in case.topics],
            "pillar": [terms.get("strategy", slug).pillar for slug in strategies],
            "model": [code for case in studies for code in case.models],
            "state": [district.state],
            "region": regions([district.state], terms),
            "rurality": rurality,
            "locale": [district.locale],
            "outcome": [outcome.indicator for outcome in outcomes],
            "evidence": designs,
            "direction": [outcome.direction for outcome in outcomes],
            "outcome_key": outcome_keys(outcomes),
            "partner_type": [partner.type for partner in partners],
            "funding": [funding.kind for case in studies for funding in case.funding],
            "setting": [case.setting for case in studies],
            "status": [case.status for case in studies],
            "organization": [partner.organization for partner in partners],
        }
    )


def _text(district: DistrictRecord, studies: Sequence[CaseStudy], terms: Terms) -> dict[str, str]:
    """A district is found by its names, and by the words of its case studies."""
    strategies = dict.fromkeys(slug for case in studies for slug in case.strategies)
    state = terms.get("state", district.state).name
    names = [district.city, district.county, state, *terms.labels("strategy", strategies)]
    titles = [part for case in studies for part in (case.title, case.initiative, *case.aliases)]
    bodies = [part for case in studies for part in (case.summary, case_study_body(case, terms))]
    return {
        "title": district.name,
        "aliases": joined([*district.aliases, district.nces_leaid]),
        "names": joined(names),
        "asked_as": joined(phrase for case in studies for phrase in case.asked_as),
        "summary": joined(titles),
        "text": joined(bodies),
    }


def _references(district: DistrictRecord) -> frozenset[tuple[str, str]]:
    """What the entry is made from besides its case studies, and the federal id it is found by."""
    references = {("state", district.state)}
    if district.locale:
        references.add(("locale", district.locale))
    if district.nces_leaid:
        references.add((LEAID, district.nces_leaid))
    return frozenset(references)


def _rurality(
    district: DistrictRecord, studies: Sequence[CaseStudy], terms: Terms
) -> tuple[list[str], str | None]:
    """The rurality of its NCES locale; without a locale, of the settings that its case studies state."""
    if district.locale:
        return [terms.get("locale", district.locale).rurality], "nces"
    stated = stated_rurality([case.setting for case in studies], terms)
    return stated, "source" if stated else None


def _case_line(case: CaseStudy, terms: Terms) -> dict[str, Any]:
    designs = terms.strongest_first(outcome.design for outcome in case.outcomes)
    return {
        "slug": case.slug,
        "title": case.title,
        "evidence": designs[0] if designs else None,
        "url": f"/v1/case-studies/{case.slug}",
    }

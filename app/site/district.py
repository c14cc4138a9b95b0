"""/districts/{slug}: federal figures, each with year and source, and the case studies."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from app.search.index import Index
from app.settings import Settings
from app.site import marks, structured_data, terms
from app.site.cards import card_of
from app.site.display import figure, school_year
from app.site.hits import CaseLine, Hit, case_line, case_study_hit
from app.site.map import placed_district, state_map
from app.site.marks import Mark
from app.site.page import Page, respond, unknown_parameters
from app.site.record import AS_OF, read_record
from app.web.state import resource

router = APIRouter()
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A federal figure with its year and source; `value` is None where it is not known."""

    label: str
    value: str | None
    note: str
    place: Mark | None = None


@router.get("/districts/{slug}")
def district(request: Request, slug: str) -> Response:
    """The district by its slug or LEAID."""
    record = read_record(request, "district", slug)
    document, index = record.document, resource(request, Index)
    with index.reading():
        state = index.vocabulary.label("state", document["state"])
        page = Page(
            "district.html",
            document["name"],
            record.address,
            f"{document['name']}, {state}: federal figures and case studies, each with its source.",
            "districts",
            _values(document, index, state) | _cases(document, index, record.then) | record.values,
            alternates=record.alternates,
            citations=record.citations,
            ignored=unknown_parameters(request, (AS_OF,)),
            structured_data=structured_data.district(
                document, resource(request, Settings).base_url
            ),
        )
    return respond(request, page)


def _values(document: Json, index: Index, state: str) -> Json:
    where = [document["city"], document["county"], state]
    leaid = document["nces_leaid"]
    return {
        "district": document,
        "crumbs": [("Districts", "/districts"), (state, terms.address("state", document["state"]))],
        "where": ", ".join(part for part in where if part),
        "about": f"NCES district {leaid}" if leaid else "no federal id",
        "figures": _figures(document, index),
        "map": state_map(document["state"], [placed_district(document)]),
        "state": index.vocabulary.label("state", document["state"]),
    }


def _figures(document: Json, index: Index) -> list[FigureRow]:
    return [
        _counted("Students", document["enrollment"]),
        _counted("Schools", document["schools"]),
        _locale(document, index),
        *([FigureRow("County", document["county"], "NCES CCD")] if document["county"] else []),
    ]


def _counted(label: str, row: Json | None) -> FigureRow:
    if row is None:
        return FigureRow(label, None, "")
    year, source = school_year(row["year"]), row["source"]
    return FigureRow(label, figure(row["value"]), source if year in source else f"{year}. {source}")


def _locale(document: Json, index: Index) -> FigureRow:
    """The federal locale with its definition; without one, what sources say of the place."""
    locale, vocabulary = document["locale"], index.vocabulary
    if locale is None:
        if not document["rurality"]:
            return FigureRow("Locale", None, "")
        stated = [marks.place(vocabulary, code) for code in document["rurality"]]
        labels = ", ".join(mark.label for mark in stated)
        note = "As sources of its case studies say; NCES gives no locale."
        return FigureRow("Kind of place", labels, note, stated[0])
    term = vocabulary.terms_by_code("locale").get(locale["value"])
    definition = f" {term.record['definition']}" if term else ""
    note = f"NCES locale {locale['value']}, {school_year(locale['year'])}.{definition}"
    mark = marks.place(vocabulary, locale["rurality"], locale["label"])
    return FigureRow("Locale", locale["label"], note, mark)


def _cases(document: Json, index: Index, then: str) -> dict[str, list[Hit] | list[CaseLine]]:
    """Its case studies; those of an older state by title alone, as their cards are not kept."""
    lines, vocabulary = document["case_studies"], index.vocabulary
    if then:
        past = [case_line(line, vocabulary, then) for line in lines]
        return {"cases": [], "past_cases": past}
    cards = [card_of(index, "case-study", line["slug"]) for line in lines]
    return {
        "cases": [case_study_hit(card, vocabulary) for card in cards if card],
        "past_cases": [],
    }

"""/case-studies/{slug}: the record as a paper, the outcomes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from app.catalog.vocabulary import Vocabulary
from app.records.text import fold_text
from app.records.wording import counted
from app.search.index import Index
from app.search.related import related
from app.settings import Settings
from app.site import marks, structured_data, terms
from app.site.cards import card
from app.site.display import figure, school_year
from app.site.hits import Hit, case_study_hit
from app.site.marks import Mark
from app.site.outcomes import caution, groups, value_with_unit
from app.site.page import Page, respond, shortened, unknown_parameters
from app.site.plots import scale
from app.site.prose import paragraph
from app.site.record import AS_OF, read_record
from app.site.sources import short_names, sources
from app.web.state import resource

router = APIRouter()
STORY = {
    "challenge": "What they faced",
    "approach": "What they did",
    "results": "What came of it",
    "lessons": "What they learned",
}
READ_NEXT = 4  # case studies like this one
MOST_REASONS = 3  # told of each
MAX_DISTRICTS = 4  # named beside the title; of more, the number

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, and its sources for the margin."""

    html: Markup
    margin: Sequence[tuple[str, str]]  # number, publisher and year


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A row of the table of figures."""

    measure: str
    source: str
    year: int | None
    value: str


@router.get("/case-studies/{slug}")
def case_study(request: Request, slug: str) -> Response:
    """Everything that the record says."""
    record = read_record(request, "case-study", slug)
    document, index = record.document, resource(request, Index)
    with index.reading():
        page = Page(
            "case_study.html",
            document["title"],
            record.address,
            shortened(document["summary"]),
            "cases",
            _values(document, index) | record.values,
            alternates=record.alternates,
            citations=record.citations,
            ignored=unknown_parameters(request, (AS_OF,)),
            picture=structured_data.picture_of(document["slug"], document["version"]),
            structured_data=structured_data.case_study(
                document, resource(request, Settings).base_url
            ),
            is_embeddable=True,
        )
    return respond(request, page)


def _values(document: Json, index: Index) -> Json:
    vocabulary = index.vocabulary
    names = _district_names(document, index)
    partners = {fold_text(partner["name"]) for partner in document["partners"]}
    strategies = [(strategy["value"], strategy["label"]) for strategy in document["strategies"]]
    topics = [(topic["value"], topic["label"]) for topic in document["topics"]]
    shown = groups(document["outcomes"], vocabulary)
    return {
        "case": document,
        "crumbs": _crumbs(document),
        "places": _places(document, index),
        "place_note": _place_note(document, index),
        "students": _students(document),
        "labels": {
            "status": document["status"]
            and vocabulary.label("initiative-status", document["status"]),
            "kinship": document["kinship"] and vocabulary.label("kinship", document["kinship"]),
        },
        "study": marks.study(vocabulary, document["evidence"]) if document["evidence"] else None,
        "evidence_note": _evidence_note(document["outcomes"]),
        "source_years": _years(document["sources"]),
        "max_districts": MAX_DISTRICTS,
        "caution": caution(document, vocabulary, names, partners),
        "groups": shown,
        "has_plots": any(outcome.plot for group in shown for outcome in group.outcomes),
        "plot_scale": scale(),
        "story": _story(document),
        "partners": _partners(document, vocabulary),
        "scale": [_figure(row, index) for row in document["scale"]],
        "context": [_figure(row, index) for row in document["context"]],
        "strategies": terms.entries(index, "strategy", strategies),
        "topics": terms.entries(index, "topic", topics),
        "sources": sources(document, vocabulary),
        "read_next": _read_next(document["slug"], index),
    }


def _crumbs(document: Json) -> list[tuple[str, str]]:
    states = [
        (state["label"], terms.address("state", state["value"])) for state in document["states"]
    ]
    return [("Case studies", "/case-studies"), *(states if len(states) == 1 else [])]


def _places(document: Json, index: Index) -> list[Mark]:
    """Its kinds of place; of a single district, its locale."""
    locales = [district["locale"] for district in document["districts"] if district["locale"]]
    if len(locales) == 1 == len(document["districts"]):
        locale = locales[0]
        return [marks.place(index.vocabulary, locale["rurality"], locale["label"])]
    return [marks.place(index.vocabulary, code) for code in document["rurality"]]


def _place_note(document: Json, index: Index) -> str:
    """Who says so; both readings where the federal one and a source's differ."""
    setting = document["setting"]
    source_says = (
        setting and f"a source calls it {index.vocabulary.label('setting', setting).lower()}"
    )
    if document["rurality_basis"] == "nces":
        locales = [district["locale"] for district in document["districts"] if district["locale"]]
        if len(document["districts"]) == 1:
            by = f"NCES locale {locales[0]['value']}, {school_year(locales[0]['year'])}"
        else:
            total = len(document["districts"])
            known = f"all {total}" if len(locales) == total else f"{len(locales)} of {total}"
            by = f"by the NCES locales of {known} districts"
        return f"{by}; {source_says}" if source_says else by
    return source_says.capitalize() if source_says else ""


def _students(document: Json) -> tuple[str, str] | None:
    """The enrollment with its year and source; of several districts, that of the largest."""
    known = [district for district in document["districts"] if district["enrollment"]]
    if not known:
        return None
    largest = max(known, key=lambda district: district["enrollment"]["value"])
    enrollment = largest["enrollment"]
    note = f"{enrollment['source']}"
    if len(document["districts"]) > 1:
        note = f"{largest['name']}, the largest district; {note}"
    return figure(enrollment["value"]), note


def _years(cited: Sequence[Json]) -> str:
    years = sorted(source["year"] for source in cited if source["year"])
    if not years:
        return "no dates"
    return str(years[0]) if years[0] == years[-1] else f"{years[0]} to {years[-1]}"


def _evidence_note(outcomes: Sequence[Json]) -> str:
    """How many outcomes are as strong as the label says."""
    designs = {outcome["design"] for outcome in outcomes}
    total = counted(len(outcomes), "outcome")
    if len(outcomes) == 1:
        return total
    return f"all {total}" if len(designs) == 1 else f"the strongest of {total}"


def _story(document: Json) -> list[tuple[str, str, list[Paragraph]]]:
    names = short_names(document)
    return [
        (
            name,
            heading,
            [
                Paragraph(
                    paragraph(part["text"], part["sources"]),
                    [
                        (id_.removeprefix("s"), names[id_])
                        for id_ in part["sources"]
                        if id_ in names
                    ],
                )
                for part in document[name]
            ],
        )
        for name, heading in STORY.items()
        if document[name]
    ]


def _partners(document: Json, vocabulary: Vocabulary) -> list[tuple[Json, str | None]]:
    """Each with the page of its organization, where it has one."""
    known = vocabulary.terms_by_code("organization")
    return [
        (partner, terms.address("partner", partner["organization"]))
        if partner["organization"] in known
        else (partner, None)
        for partner in document["partners"]
    ]


def _figure(row: Json, index: Index) -> ShownFigure:
    value = value_with_unit(row, index.vocabulary)
    return ShownFigure(row["measure"], row["source"], row["year"], value)


def _district_names(document: Json, index: Index) -> set[str]:
    """Everything that its districts are called, folded."""
    collection = index.collections["district"]
    names = {district["name"] for district in document["districts"]}
    for district in document["districts"]:
        number = collection.numbers.get(district["slug"])
        if number is not None:
            names.update(collection.stored.names(number).get("aliases", "").split("\n"))
    return {fold_text(name) for name in names if name}


def _read_next(slug: str, index: Index) -> list[tuple[Hit, str]]:
    """The case studies most like this one, each with what they share."""
    collection = index.collections["case-study"]
    number = collection.numbers.get(slug)
    if number is None:
        return []
    alike = related(number, collection, index.vocabulary, limit=READ_NEXT)
    return [
        (
            case_study_hit(card(collection, each.number), index.vocabulary),
            "; ".join(reason.words for reason in each.reasons[:MOST_REASONS]),
        )
        for each in alike
    ]

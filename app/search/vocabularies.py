"""The vocabularies: their addresses, and their terms with definitions and counts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.catalog.vocabulary import Term
from app.search.filters import FILTERS
from app.search.index import Index


@dataclass(frozen=True, slots=True)
class VocabularyList:
    """A vocabulary and the address of its terms."""

    path: str  # last part of its address, the plural of its noun
    vocabulary: str  # its name in records and in app.catalog.vocabulary
    description: str
    group: str | None = None  # the field of a record that says which group the term belongs to
    called: str | None = None  # its terms in words, where the path does not say it

    @property
    def filter(self) -> str | None:
        """The search parameter that takes its terms; None where no parameter does."""
        return FILTER_OF.get(self.vocabulary)

    @property
    def noun(self) -> str:
        """Its terms in words, plural."""
        return self.called or self.path.replace("-", " ")


# Vocabularies whose terms have a web page each, with the first part of its address.
PAGES = {
    "strategy": "strategies",
    "topic": "topics",
    "state": "states",
    "organization": "organizations",
}
FILTER_OF = {filter_.vocabulary: filter_.name for filter_ in FILTERS}
VOCABULARIES = (
    VocabularyList(
        "pillars", "pillar", "The five groups of strategies of the community school model."
    ),
    VocabularyList(
        "strategies", "strategy", "What community schools do, by pillar.", group="pillar"
    ),
    VocabularyList(
        "topics", "topic", "What case studies are about, in finer terms than strategies."
    ),
    VocabularyList("models", "model", "Named models and programs that initiatives follow."),
    VocabularyList(
        "states",
        "state",
        "The states, the District of Columbia and the territories, with their Census regions.",
        group="region",
    ),
    VocabularyList("regions", "region", "The four Census regions."),
    VocabularyList(
        "localities",
        "locale",
        "The 12 locale codes of the NCES locale framework (EDGE), each with its rurality.",
        group="rurality",
    ),
    VocabularyList(
        "ruralities", "rurality", "The four types of locale: city, suburb, town, rural."
    ),
    VocabularyList(
        "settings", "setting", "The kinds of place that sources say an initiative serves."
    ),
    VocabularyList("indicators", "indicator", "What outcomes measure."),
    VocabularyList(
        "evidence",
        "evidence",
        "Study designs, the strongest first. A design labels evidence; it is not a score.",
        called="study designs",
    ),
    VocabularyList(
        "directions", "direction", "How an indicator changed, as the source of the outcome says."
    ),
    VocabularyList("units", "unit", "Units of outcomes and other figures."),
    VocabularyList("qualifiers", "qualifier", "How exact a figure is."),
    VocabularyList("statuses", "initiative-status", "Whether an initiative still runs."),
    VocabularyList("funding-kinds", "funding-kind", "The types of source that fund initiatives."),
    VocabularyList("partner-types", "partner-type", "The types of partner organization."),
    VocabularyList(
        "organizations", "organization", "The named organizations that are partners.", group="type"
    ),
    VocabularyList("source-kinds", "source-kind", "The types of publication that records cite."),
    VocabularyList(
        "kinships",
        "kinship",
        "Whether the sources of an initiative call it a community school or something similar.",
    ),
)


def term_json(vocabulary: VocabularyList, term: Term, index: Index) -> dict[str, Any]:
    """A term as VocabularyTerm describes it. A vocabulary that search does not count has zeros."""
    facet = vocabulary.filter or vocabulary.vocabulary
    counts = {
        kind: len(collection.facets.get(facet, {}).get(term.code, ()))
        for kind, collection in index.collections.items()
    }
    return {
        "value": term.code,
        "label": term.label,
        "definition": term.record.get("definition"),
        "group": term.record.get(vocabulary.group) if vocabulary.group else None,
        "synonyms": [*term.record.get("synonyms", ()), *term.record.get("aliases", ())],
        "case_studies": counts["case-study"],
        "districts": counts["district"],
        "filter": vocabulary.filter,
        "link": _link(vocabulary.filter, term.code),
        "page": page_of(vocabulary.vocabulary, term.code),
    }


def page_of(vocabulary: str, code: str) -> str | None:
    """The web page of a term; None where it has none."""
    path = PAGES.get(vocabulary)
    return f"/{path}/{code.lower()}" if path else None


def _link(parameter: str | None, code: str) -> str | None:
    return f"/v1/case-studies?{parameter}={quote(code)}" if parameter else None

"""The public shapes of search: hits, facets, what was done with the question, and suggestions."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, create_model

from app.catalog.provenance import Provenance
from app.catalog.shapes import (
    CaseStudyCard,
    CaseStudyDocument,
    CaseStudySummary,
    DistrictCard,
    DistrictDocument,
    Public,
)
from app.records.term_types import (
    EvidenceCode,
    IndicatorCode,
    PartnerTypeCode,
    StateCode,
    UnitCode,
)
from app.search.filters import FACETS

# Described as a list, not as a tuple: openapi-fetch takes a tuple apart and no longer knows the type.
Mark = Annotated[
    tuple[int, int],
    WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
]


class Snippet(Public):
    """A passage with the search words."""

    field: Literal["summary", "text"] = Field(
        description="Part of the entry that the passage is from."
    )
    text: str = Field(description="The passage.")
    marks: list[Mark] = Field(
        description="Start and end of each matched word in `text`, in UTF-16 code units (as JavaScript counts)."
    )
    before: bool = Field(description="Whether the passage starts in the middle of its field.")
    after: bool = Field(description="Whether the passage ends before the end of its field.")


class ScorePart(Public):
    """Something that a score is made of."""

    word: str = Field(description="The word of the question, as typed.")
    reason: Literal[
        "word",
        "synonym",
        "correction",
        "joined",
        "split",
        "place",
        "setting",
        "enrollment",
        "distance",
        "evidence",
        "name",
        "row",
        "limit",
    ] = Field(
        description="word: the word itself; synonym, correction, joined, split: another word for it; place: an entry of this state or region; setting, enrollment, distance, evidence: an entry that fits; name: it is called exactly this; row: it has the words as a phrase; limit: what is cut off a very high score."
    )
    stands_for_it: str | None = Field(
        description="The words, the place or the size found; null where it is the word itself."
    )
    field: Literal["title", "aliases", "names", "asked_as", "summary", "text"] | None = Field(
        description="Part of the entry; null where the entry as a whole fits."
    )
    points: int = Field(description="What it adds to the score.")


class Explanation(Public):
    """What the place of a hit comes from."""

    whole: bool | None = Field(
        description="Whether it is a whole match; whole matches stand before all others. Null without words."
    )
    score: int = Field(description="Its score by relevance: the sum of the points of its parts.")
    parts: list[ScorePart] = Field(description="What the score is made of, the most first.")


def _only_with(parameter: str, description: str) -> Any:
    """A field that an answer has only if a parameter asks for it."""
    text = f"{description} Only with `{parameter}`."
    return Field(default_factory=lambda: None, description=text)


def _parts(name: str, noun: str, document: type[Public], card: type[Public]) -> type[Public]:
    """The shape of what a document has beside its card: each part is there only if it is named."""
    parts: dict[str, Any] = {
        part: (field.annotation, _only_with("include", field.description or ""))
        for part, field in document.model_fields.items()
        if part not in card.model_fields
    }
    explained = f"The parts of the document of a {noun} that `include` names."
    return create_model(name, __base__=Public, __doc__=explained, **parts)


CaseStudyParts = _parts("CaseStudyParts", "case study", CaseStudyDocument, CaseStudySummary)
DistrictParts = _parts("DistrictParts", "district", DistrictDocument, DistrictCard)
_INCLUDED = (
    "The parts of the full document that `include` names, and no others; null without `include`."
)


class CaseStudyHit(CaseStudyCard):
    """A case study in search results."""

    snippet: Snippet | None = Field(
        description="A passage with the search words; null for a search without words."
    )
    distance_km: float | None = Field(
        description="Kilometers from `near` to the nearest of its districts; null without `near` or a known position."
    )
    explanation: Explanation | None = Field(description="Its score; null without `explain=true`.")
    document: CaseStudyParts | None = Field(description=_INCLUDED)  # type: ignore[valid-type]


class DistrictHit(DistrictCard):
    """A district in search results."""

    snippet: Snippet | None = Field(
        description="A passage with the search words; null for a search without words."
    )
    distance_km: float | None = Field(
        description="Kilometers from `near`; null without `near` or a known position."
    )
    explanation: Explanation | None = Field(description="Its score; null without `explain=true`.")
    document: DistrictParts | None = Field(description=_INCLUDED)  # type: ignore[valid-type]


class Dropped(Public):
    """A word that was ignored."""

    word: str = Field(description="The word, as understood.")
    why: str = Field(description="Why it was ignored.")
    link: str = Field(description="The search without the word.")


class Relaxation(Public):
    """A wider search that has more whole matches."""

    kind: Literal["filter", "word", "place", "match", "nearest"] = Field(
        description="filter, word, place: leaves out a filter, a word or a place; match: drops the strict matching of words; nearest: reaches as far as the nearest place that has a case."
    )
    without: str = Field(
        description="The parameter (both ends of a range, comma-separated) or the words to leave out or to change."
    )
    label: str = Field(description="The same in words.")
    total: int = Field(description="Number of results of the wider search.")
    whole: int = Field(
        description="Of them, those that have every word that is left; all of them for a search without words."
    )
    link: str = Field(description="The wider search.")


class SuggestedBody(Public):
    """What a suggestion needs; the text is to be completed."""

    kind: Literal["new-case"] = Field(description="A case study that the directory lacks.")
    text: str = Field(description="The beginning of the text, with the search.")


class TellUs(Public):
    """How a reader who knows of a case can tell the editors."""

    method: Literal["POST"] = Field(description="HTTP method.")
    link: str = Field(description="Address for suggestions.")
    body: SuggestedBody = Field(description="JSON to send, completed by the reader.")


class CorrectedWord(Public):
    """A word that was read as another spelling."""

    from_: str = Field(alias="from", description="The word as typed.")
    to: str = Field(description="The word it was read as.")
    link: str = Field(description="The same search without corrections.")


class UsedSynonyms(Public):
    """A word, and the other words that matched in its place."""

    word: str = Field(description="The word as typed.")
    used: list[str] = Field(description="The words that matched in its place.")
    link: str = Field(description="The same search with every word as typed.")


class UnderstoodWords(Public):
    """Words that name a place, a setting or a size, or ask for a kind of study."""

    words: str = Field(description="The words as typed.")
    kind: Literal["place", "setting", "enrollment", "distance", "evidence"] = Field(
        description="What the words name; evidence: a kind of study, which they ask for."
    )
    label: str = Field(description="The place, setting, size or kind of study.")
    link: str = Field(description="The search with this as a filter.")


class OtherPlace(Public):
    """A town that the name given as `near` may mean as well."""

    label: str = Field(description="The town and its state.")
    link: str = Field(description="The same search near it.")


class SearchMeta(Provenance):
    """How the search was understood."""

    total: int = Field(description="Number of results on all pages.")
    sampled_from: int | None = Field(
        description="Number of all results, of which `total` were drawn; null without `sample`."
    )
    whole: int | None = Field(
        description="Results that have every word, or a word that stands for it; null without words."
    )
    limit: int = Field(description="Results per page.")
    query: str = Field(description="The normalized query string.")
    match: Literal["best", "all", "exact"] | None = Field(
        description="best: entries that have every word come first, entries that have some come after; all: only entries that have every word; exact: every word as typed; null: a search without words."
    )
    corrected: list[CorrectedWord] = Field(description="Words that were read as another spelling.")
    synonyms: list[UsedSynonyms] = Field(description="Words that also matched by other words.")
    understood: list[UnderstoodWords] = Field(
        description="Words that name a place, a setting or a size, or ask for a kind of study. Entries that fit rank higher."
    )
    other_places: list[OtherPlace] = Field(
        description="Other towns of the name that `near` gives without a state, the most populous first, at most five."
    )
    dropped: list[Dropped] = Field(description="Words that were ignored.")
    not_found: list[str] = Field(
        description="Values of `slug` that name no published entry. Former slugs are followed."
    )
    values_left_out: dict[str, int] = Field(
        description="Number of values that a facet does not list, by facet. Only a facet with hundreds of values (`partner`) is cut: to its 50 most frequent and those that are selected."
    )
    relaxations: list[Relaxation] = Field(
        description="With fewer than three whole matches (or results, without words): wider searches that have more, at most eight."
    )
    tell_us: TellUs | None = Field(
        description="With fewer than three: a suggestion to complete and send. Null otherwise."
    )


class FacetValue(Public):
    """One value of a facet and the number of results it would give."""

    value: str | None = Field(
        description="Value for the filter (FROM-TO for ranges); null for entries that state none."
    )
    label: str = Field(description="Name to show.")
    count: int = Field(
        description="Number of results with this value, under all filters except this facet's own."
    )
    selected: bool = Field(description="Whether the search filters by this value.")
    link: str | None = Field(
        description="The search with this value added, or removed if it is selected."
    )


class SearchLinks(Public):
    """Related links, relative to the server's root. The Link header repeats them."""

    self: str = Field(description="This page.")
    first: str = Field(description="The first page.")
    next: str | None = Field(description="Next page; null on the last page.")
    export: str = Field(description="All results as a file, without a limit.")
    citation: str = Field(description="How to cite all results, for reference managers.")
    feed: str = Field(description="All results as an Atom feed, the newest change first.")
    page: str = Field(description="The web page that shows the search.")


Facets = dict[str, list[FacetValue]]
FacetName = Literal[FACETS]  # type: ignore[valid-type]


class GroupCount(Public):
    """How many results have a value, or a pair of values."""

    values: list[str | None] = Field(
        description="For each facet the value (FROM-TO for ranges); null for entries that state none."
    )
    labels: list[str] = Field(description="The names to show.")
    count: int = Field(description="Number of results, each counted once.")
    link: str | None = Field(
        description="The search for them; null where no search says it: for a range that is not stated, or that the search itself cuts."
    )


class Groups(Public):
    """A cross-tab of all results. One with several values counts in each of them, so totals are
    counted, not summed."""

    facets: list[FacetName] = Field(description="The facets of `group_by`: rows, then columns.")
    cells: list[GroupCount] = Field(
        description="The values, or pairs of values, that occur, in natural order, not stated last. Of two facets of outcomes, results with one outcome that has both values."
    )
    row_totals: list[GroupCount] = Field(
        description="By value of the first of two facets; empty with one facet."
    )
    column_totals: list[GroupCount] = Field(
        description="By value of the second of two facets; empty with one facet."
    )
    total: int = Field(description="Number of all results.")


class FigureStatistics(Public):
    """What a figure of the results comes to, one figure for each result."""

    count: int = Field(description="Results whose figure is known.")
    missing: int = Field(description="Results whose figure is not known.")
    min: float | None = Field(description="Least figure; null where none is known.")
    first_quartile: float | None = Field(
        description="First quartile, between two figures in proportion (Hyndman and Fan, type 7)."
    )
    median: float | None = Field(description="Median.")
    third_quartile: float | None = Field(description="Third quartile.")
    max: float | None = Field(description="Greatest figure.")
    mean: float | None = Field(description="Arithmetic mean.")


class Spread(Public):
    """The least, middle and greatest of some values."""

    count: int = Field(description="Outcomes that state a value.")
    missing: int = Field(description="Outcomes that state none.")
    min: float | None = Field(description="Least value; null where none is stated.")
    median: float | None = Field(description="Median.")
    max: float | None = Field(description="Greatest value.")


class OutcomeStatistics(Public):
    """The outcomes of one indicator in one unit. They come from different studies and populations:
    the spread describes what the directory holds, not an effect."""

    indicator: IndicatorCode = Field(description="What was measured: slug of the indicator.")
    label: str = Field(description="Name of the indicator.")
    unit: UnitCode | None = Field(description="Unit of the values; null where none is stated.")
    outcomes: int = Field(description="Number of outcomes.")
    case_studies: int = Field(description="Number of case studies that report them.")
    value: Spread = Field(description="The values, in `unit`.")
    baseline: Spread = Field(description="The earlier values, in `unit`.")


class Statistics(Public):
    """Statistics of all results."""

    enrollment: FigureStatistics | None = Field(
        description="Students of the largest district of each result; null if not asked for."
    )
    started: FigureStatistics | None = Field(
        description="Start year of each result, the latest of several; null if not asked for."
    )
    outcomes: list[OutcomeStatistics] | None = Field(
        description="Outcome values, a line for each indicator and unit; null if not asked for."
    )


class CaseStudyResults(Public):
    """A page of case studies."""

    data: list[CaseStudyHit] = Field(description="The case studies, in order.")
    meta: SearchMeta = Field(description="How the search was understood.")
    facets: Facets = Field(
        description="The values of each facet with their counts, by the name of the facet."
    )
    links: SearchLinks = Field(description="Related links.")
    groups: Groups = _only_with("group_by", "The cross-tab.")
    statistics: Statistics = _only_with("statistics", "Statistics of all results.")


class DistrictResults(Public):
    """A page of districts."""

    data: list[DistrictHit] = Field(description="The districts, in order.")
    meta: SearchMeta = Field(description="How the search was understood.")
    facets: Facets = Field(
        description="The values of each facet with their counts, by the name of the facet."
    )
    links: SearchLinks = Field(description="Related links.")
    groups: Groups = _only_with("group_by", "The cross-tab.")
    statistics: Statistics = _only_with("statistics", "Statistics of all results.")


class VocabularyTerm(Public):
    """A published term with its counts."""

    value: str = Field(description="Code of the term, as filters take it.")
    label: str = Field(description="Name to show.")
    definition: str | None = Field(description="Definition; null where the name is enough.")
    group: str | None = Field(
        description="The pillar of a strategy, the region of a state, the rurality of a locale, the type of an organization."
    )
    synonyms: list[str] = Field(description="Other words for the term.")
    case_studies: int = Field(description="Number of published case studies that have the term.")
    districts: int = Field(description="Number of published districts that have the term.")
    filter: str | None = Field(
        description="The parameter of a search that takes the term; null where none does."
    )
    link: str | None = Field(
        description="A search for the case studies that have the term; null without a filter."
    )
    page: str | None = Field(description="The web page of the term; null where it has none.")


class VocabularyAnswer(Public):
    """A complete vocabulary, in its natural order."""

    data: list[VocabularyTerm] = Field(description="The terms.")
    meta: Provenance = Field(description="Revision, license and citation.")


class OrganizationRole(Public):
    """What an organization does in a case study."""

    name: str = Field(description="The organization as the source names it.")
    role: str | None = Field(description="Role in the effort; null where the source states none.")


class OrganizationCase(Public):
    """A case study that names the organization as a partner."""

    slug: str = Field(description="Public id.")
    title: str = Field(description="Title.")
    states: list[StateCode] = Field(description="USPS codes of its states.")
    evidence: EvidenceCode | None = Field(
        description="Strongest study design of its outcomes; null without outcomes."
    )
    roles: list[OrganizationRole] = Field(description="What the organization does in it.")
    url: str = Field(description="Address of the case study, relative to the server's root.")


class OrganizationDocument(Public):
    """An organization with the case studies that name it."""

    slug: str = Field(description="Public id.")
    name: str = Field(description="Name.")
    type: PartnerTypeCode = Field(description="Type of organization.")
    aliases: list[str] = Field(description="Acronyms and former names.")
    website: str | None = Field(description="Its own website; null where not known.")
    case_studies_total: int = Field(description="Number of published case studies that name it.")
    districts_total: int = Field(description="Number of districts of these case studies.")
    case_studies: list[OrganizationCase] = Field(
        description="These case studies, at most 100: strongest evidence first, then the newest."
    )
    url: str = Field(description="Address of the organization, relative to the server's root.")


class OrganizationLinks(Public):
    """Related links, relative to the server's root."""

    self: str = Field(description="This organization.")
    collection: str = Field(description="The list of all organizations.")
    case_studies: str = Field(description="A search for the case studies that name it.")
    districts: str = Field(description="A search for the districts of these case studies.")
    page: str = Field(description="The web page that shows it.")


class OrganizationAnswer(Public):
    """One organization."""

    data: OrganizationDocument = Field(description="The organization.")
    meta: Provenance = Field(description="Revision, license and citation.")
    links: OrganizationLinks = Field(description="Related links.")


class RelatedReason(Public):
    """One respect in which two case studies are alike."""

    kind: Literal["strategies", "topics", "text", "outcomes", "rurality", "size"] = Field(
        description="What is alike."
    )
    words: str = Field(description="The reason, in words and numbers.")
    points: float = Field(description="What it adds to the score.")


class RelatedCaseStudy(CaseStudyCard):
    """A case study that is like another."""

    score: float = Field(
        description="How alike the two are, up to 100: the sum of the points of its reasons."
    )
    reasons: list[RelatedReason] = Field(
        description="Why it is listed, the weightiest reason first."
    )


class RelatedLinks(Public):
    """Related links, relative to the server's root."""

    self: str = Field(description="This list.")
    case_study: str = Field(description="The case study that the list belongs to.")


class RelatedAnswer(Public):
    """The case studies most like one."""

    data: list[RelatedCaseStudy] = Field(description="The case studies, the most alike first.")
    meta: Provenance = Field(description="Revision, license and citation.")
    links: RelatedLinks = Field(description="Related links.")


class SuggestionItem(Public):
    """A completion of the text."""

    kind: str = Field(
        description="state, strategy, topic, indicator, pillar, model, rurality, district, case-study or organization."
    )
    value: str = Field(description="Slug or code.")
    label: str = Field(description="Name to show.")
    count: int = Field(
        description="Number of published case studies that it leads to; of those in `state`, if given."
    )
    link: str = Field(
        description="The record, or a search for the case studies that have the term."
    )


class SuggestAnswer(Public):
    """Suggestions, best first."""

    data: list[SuggestionItem] = Field(description="At most `limit`.")


def field_names(hit: type[Public]) -> list[str]:
    """What `fields` can name: the fields of a hit, and with dots those inside them."""
    names: list[str] = []
    for name, field in hit.model_fields.items():
        names.append(name)
        inner = _shape_in(field.annotation)
        if inner:
            names += [f"{name}.{inside}" for inside in field_names(inner)]
    return names


def _shape_in(annotation: Any) -> type[Public] | None:
    if isinstance(annotation, type) and issubclass(annotation, Public):
        return annotation
    return next(
        (shape for part in getattr(annotation, "__args__", ()) if (shape := _shape_in(part))), None
    )


_HITS: dict[str, type[Public]] = {"case-study": CaseStudyHit, "district": DistrictHit}
INCLUDED = "document"  # the field of a hit that holds what `include` names
# The fields of a hit that `fields` can name, by kind; what is included comes anyway.
FIELDS = {
    kind: [name for name in field_names(hit) if name.partition(".")[0] != INCLUDED]
    for kind, hit in _HITS.items()
}
# The parts of a document that `include` can name, by kind.
PARTS = {"case-study": [*CaseStudyParts.model_fields], "district": [*DistrictParts.model_fields]}

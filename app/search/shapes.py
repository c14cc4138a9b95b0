"""The public shapes of search: hits, facets, what was done with the question, and suggestions."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from app.catalog.provenance import Provenance
from app.catalog.shapes import CaseStudyCard, DistrictCard, Public
from app.records.term_types import EvidenceCode, PartnerTypeCode, StateCode

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
        "name",
        "row",
        "limit",
    ] = Field(
        description="word: the word itself; synonym, correction, joined, split: another word for it; place: an entry of this state or region; setting, enrollment, distance: an entry that fits; name: it is called just so; row: it has the words in a row; limit: what is cut off a very high score."
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


class CaseStudyHit(CaseStudyCard):
    """A case study in search results."""

    snippet: Snippet | None = Field(
        description="A passage with the search words; null for a search without words."
    )
    distance_km: float | None = Field(
        description="Kilometers from `near` to the nearest of its districts; null without `near` or a known position."
    )
    explanation: Explanation | None = Field(description="Its score; null without `explain=true`.")


class DistrictHit(DistrictCard):
    """A district in search results."""

    snippet: Snippet | None = Field(
        description="A passage with the search words; null for a search without words."
    )
    distance_km: float | None = Field(
        description="Kilometers from `near`; null without `near` or a known position."
    )
    explanation: Explanation | None = Field(description="Its score; null without `explain=true`.")


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
    """Words that name a place, a setting or a size."""

    words: str = Field(description="The words as typed.")
    kind: Literal["place", "setting", "enrollment", "distance"] = Field(
        description="What the words name."
    )
    label: str = Field(description="The place, setting or size.")
    link: str = Field(description="The search with this as a filter.")


class SearchMeta(Provenance):
    """How the search was understood."""

    total: int = Field(description="Number of results on all pages.")
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
        description="Words that name a place, a setting or a size. Entries that fit rank higher."
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
    page: str = Field(description="The web page that shows the search.")


Facets = dict[str, list[FacetValue]]


class CaseStudyResults(Public):
    """A page of case studies."""

    data: list[CaseStudyHit] = Field(description="The case studies, in order.")
    meta: SearchMeta = Field(description="How the search was understood.")
    facets: Facets = Field(
        description="The values of each facet with their counts, by the name of the facet."
    )
    links: SearchLinks = Field(description="Related links.")


class DistrictResults(Public):
    """A page of districts."""

    data: list[DistrictHit] = Field(description="The districts, in order.")
    meta: SearchMeta = Field(description="How the search was understood.")
    facets: Facets = Field(
        description="The values of each facet with their counts, by the name of the facet."
    )
    links: SearchLinks = Field(description="Related links.")


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


# The fields of a hit that `fields` can name, by kind.
FIELDS = {"case-study": field_names(CaseStudyHit), "district": field_names(DistrictHit)}

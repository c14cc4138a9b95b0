"""The public shapes of search: hits, facets, what was done with the question, and suggestions."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from app.catalog.provenance import Provenance
from app.catalog.shapes import CaseStudyCard, DistrictCard, Public

# Described as a list, not as a tuple: openapi-fetch takes a tuple apart and no longer knows the type.
Mark = Annotated[
    tuple[int, int],
    WithJsonSchema({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
]


class Snippet(Public):
    """Where the words were found."""

    field: Literal["summary", "text"] = Field(
        description="Part of the entry that the passage is from."
    )
    text: str = Field(description="The passage.")
    marks: list[Mark] = Field(
        description="Begin and end of each word found, in UTF-16 units as JavaScript counts, within `text`."
    )
    before: bool = Field(description="Whether text was left out in front of it.")
    after: bool = Field(description="Whether text was left out behind it.")


class CaseStudyHit(CaseStudyCard):
    """A case study that was found."""

    snippet: Snippet | None = Field(
        description="Where the words were found; null when the question had none."
    )
    distance_km: float | None = Field(
        description="Kilometres from `near` to the nearest of its districts; null without `near` or position."
    )


class DistrictHit(DistrictCard):
    """A district that was found."""

    snippet: Snippet | None = Field(
        description="Where the words were found; null when the question had none."
    )
    distance_km: float | None = Field(
        description="Kilometres from `near`; null without `near` or position."
    )


class Dropped(Public):
    """A word that did not count."""

    word: str = Field(description="The word, as understood.")
    why: str = Field(description="Why it did not count.")
    link: str = Field(description="The question without it.")


class Relaxation(Public):
    """A wider question that does find something."""

    without: str = Field(
        description="The parameter to leave out (both ends of a range, comma-separated)."
    )
    total: int = Field(description="How many entries that finds.")
    link: str = Field(description="The wider question.")


class SearchMeta(Provenance):
    """What was done with the question."""

    total: int = Field(description="Entries found, on all pages.")
    limit: int = Field(description="Entries on a page.")
    query: str = Field(description="The question in its one normal form.")
    match: Literal["all", "any"] | None = Field(
        description="all: every word was found in each hit; any: no entry holds them all, so any word counts; null: no words."
    )
    dropped: list[Dropped] = Field(description="Words that did not count.")
    not_found: list[str] = Field(
        description="Names given in `slug` that are no published entry; former slugs are followed."
    )
    relaxations: list[Relaxation] = Field(
        description="When nothing is found: what to leave out, and what that would give."
    )


class FacetValue(Public):
    """One value of a facet, and what choosing it would give."""

    value: str | None = Field(
        description="What the filter takes (ranges: FROM-TO); null for entries that state none."
    )
    label: str = Field(description="Name to show.")
    count: int = Field(
        description="Entries with this value, under all filters but this facet's own."
    )
    selected: bool = Field(description="Whether the question has it.")
    link: str | None = Field(
        description="The question with this value added, or taken away if it is selected."
    )


class SearchLinks(Public):
    """Addresses beside a page of results, relative to the server's root; the Link header repeats them."""

    self: str = Field(description="This page.")
    first: str = Field(description="The first page.")
    next: str | None = Field(description="The next page; null on the last.")
    export: str = Field(description="Everything that was found, in bulk, without a cap.")


Facets = dict[str, list[FacetValue]]


class CaseStudyResults(Public):
    """A page of case studies."""

    data: list[CaseStudyHit] = Field(description="The case studies, in order.")
    meta: SearchMeta = Field(description="What was done with the question.")
    facets: Facets = Field(description="By name, the values of each facet with their counts.")
    links: SearchLinks = Field(description="Addresses beside it.")


class DistrictResults(Public):
    """A page of districts."""

    data: list[DistrictHit] = Field(description="The districts, in order.")
    meta: SearchMeta = Field(description="What was done with the question.")
    facets: Facets = Field(description="By name, the values of each facet with their counts.")
    links: SearchLinks = Field(description="Addresses beside it.")


class VocabularyTerm(Public):
    """A published term with how often it is used."""

    value: str = Field(description="What filters take.")
    label: str = Field(description="Name to show.")
    definition: str | None = Field(description="What it means; null where the name says all.")
    group: str | None = Field(
        description="The pillar of a strategy, the region of a state, the rurality of a locale, the type of an organization."
    )
    synonyms: list[str] = Field(description="Other words for it.")
    case_studies: int = Field(description="Published case studies that have it.")
    districts: int = Field(description="Published districts that have it.")
    filter: str | None = Field(
        description="The parameter of a search that takes the term; null where none does."
    )
    link: str | None = Field(
        description="A search for the case studies that have the term; null without a filter."
    )


class VocabularyAnswer(Public):
    """A vocabulary, whole, in its natural order."""

    data: list[VocabularyTerm] = Field(description="The terms.")
    meta: Provenance = Field(description="Where it comes from.")


class SuggestionItem(Public):
    """Something that the text may become."""

    kind: str = Field(
        description="district, case_study, strategy, indicator, state, pillar, model or rurality."
    )
    value: str = Field(description="Slug or code.")
    label: str = Field(description="Name to show.")
    link: str = Field(description="The record, or the case studies that have the term.")


class SuggestAnswer(Public):
    """Suggestions, best first."""

    data: list[SuggestionItem] = Field(description="At most ten.")


def field_names(hit: type[Public]) -> list[str]:
    """What `fields` can name: the fields of a hit, and with dots those inside them."""
    found: list[str] = []
    for name, field in hit.model_fields.items():
        found.append(name)
        inner = _shape_in(field.annotation)
        if inner:
            found += [f"{name}.{inside}" for inside in field_names(inner)]
    return found


def _shape_in(annotation: Any) -> type[Public] | None:
    if isinstance(annotation, type) and issubclass(annotation, Public):
        return annotation
    return next(
        (found for part in getattr(annotation, "__args__", ()) if (found := _shape_in(part))), None
    )


# The fields of a hit that `fields` can name, by kind.
FIELDS = {"case-study": field_names(CaseStudyHit), "district": field_names(DistrictHit)}

"""What a set of case studies has in common: the pages of a state, a strategy and a topic share it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from pyroaring import BitMap

from app.catalog import entry
from app.catalog.vocabulary import Vocabulary
from app.database import Database
from app.search.collection import Collection
from app.search.index import Index
from app.search.postings import numbers_of
from app.site import marks, terms
from app.site.cards import card
from app.site.marks import Mark
from app.site.outcomes import ShownOutcome, designs, groups

Card = dict[str, Any]
Json = dict[str, Any]
MOST_TOGETHER = 12  # strategies listed
MOST_DRAWN = 12  # outcomes drawn


@dataclass(frozen=True, slots=True)
class Share:
    """A term with the number of case studies that have it, and their share in percent."""

    label: str
    address: str
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class Strength:
    """A study design with the case studies whose strongest it is. `mark`: None if none is stated."""

    mark: Mark | None
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class DrawnOutcome:
    """An outcome that can be drawn, with its case study."""

    title: str
    address: str
    indicator: str
    outcome: ShownOutcome


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in some case studies. `caution`: what the designs of all outcomes mean."""

    caution: str
    drawn: Sequence[DrawnOutcome]


def documents_of(database: Database, cards: Sequence[Card]) -> dict[str, Json]:
    """The documents of these case studies by slug, in their order; those of the first entry.BATCH."""
    slugs = [each["slug"] for each in cards[: entry.BATCH]]
    with database.reading() as session:
        texts = {slug: text for slug, _, text in entry.documents(session, "case-study", slugs)}
    return {slug: orjson.loads(texts[slug]) for slug in slugs if slug in texts}


def measured(documents: Sequence[Json], vocabulary: Vocabulary) -> Measured:
    """One outcome of each that gives before and after as percentages, and a caution about all."""
    drawn = filter(None, (_drawn(document, vocabulary) for document in documents))
    outcomes = [outcome for document in documents for outcome in document["outcomes"]]
    return Measured(designs(outcomes, vocabulary) if outcomes else "", [*islice(drawn, MOST_DRAWN)])


def _drawn(document: Json, vocabulary: Vocabulary) -> DrawnOutcome | None:
    """Its first outcome that can be drawn, whatever the outcome says."""
    for group in groups(document["outcomes"], vocabulary):
        outcome = group.outcomes[0]  # what is drawn stands first
        if outcome.plot:
            address = f"/case-studies/{document['slug']}"
            return DrawnOutcome(document["title"], address, group.label, outcome)
    return None


def strongest_first(collection: Collection, members: BitMap) -> list[Card]:
    """The cards of these entries: the strongest evidence first, then the newest."""
    numbers = numbers_of(members)
    in_order = numbers[collection.orders["relevance"].ranks(numbers).argsort()]
    return [card(collection, number) for number in in_order.tolist()]


def by_strength(cards: Iterable[Card], vocabulary: Vocabulary) -> list[Strength]:
    """Case studies by their strongest study design, in the vocabulary's order; none stated last."""
    groups: dict[str | None, list[Card]] = {code: [] for code in vocabulary.codes("evidence")}
    for each in cards:
        groups.setdefault(each["evidence"], []).append(each)
    none_stated = groups.pop(None, [])
    strengths = [
        Strength(marks.study(vocabulary, code or ""), group)
        for code, group in groups.items()
        if group
    ]
    return [*strengths, *([Strength(None, none_stated)] if none_stated else [])]


def strategies_of(cards: Sequence[Card], *, without: str | None = None) -> list[Share]:
    """The strategies of these case studies, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter(
        (strategy["value"], strategy["label"])
        for each in cards
        for strategy in each["strategies"]
        if strategy["value"] != without
    )
    return [
        Share(label, terms.address("strategy", code), count, round(100 * count / len(cards)))
        for (code, label), count in counts.most_common(MOST_TOGETHER)
    ]


def members(index: Index, filter_name: str, code: str) -> BitMap:
    """The case studies that have a term, by number."""
    numbers: BitMap = index.collections["case-study"].facets[filter_name].get(code, BitMap())
    return numbers

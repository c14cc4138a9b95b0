"""Filters on outcomes: `outcome`, `evidence` and `direction` together must hold for one outcome.

An entry has a key, `indicator|design|direction`, for each of its outcomes. An entry without
outcomes has one key that says "not stated" three times.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pyroaring import BitMap

from app.search.collection import Collection
from app.search.filters import OUTCOME_FILTERS, OUTCOME_KEY
from app.search.postings import union

ValuesByFilter = Mapping[str, Sequence[str]]


def entries_with_outcome(collection: Collection, chosen: ValuesByFilter) -> BitMap:
    """The entries with an outcome that has one of the chosen values of each of these filters."""
    return union(members for _, members in outcomes(collection, chosen))


def entries_by_value(
    collection: Collection, name: str, chosen: ValuesByFilter
) -> Mapping[str, BitMap]:
    """By each value of a filter, the entries with an outcome that has it, and what else is chosen.

    `chosen` may hold values of the filter itself; they do not count.
    """
    others = {other: values for other, values in chosen.items() if other != name}
    if not others:
        return collection.facets[name]
    entries: dict[str, BitMap] = defaultdict(BitMap)
    for outcome, members in outcomes(collection, others):
        entries[outcome[name]] |= members
    return entries


def outcomes(
    collection: Collection, chosen: ValuesByFilter
) -> Iterator[tuple[dict[str, str], BitMap]]:
    """The different outcomes that have the chosen values, each with the entries that have it."""
    for key, members in collection.facets[OUTCOME_KEY].items():
        outcome = dict(zip(OUTCOME_FILTERS, key.split("|"), strict=True))
        if all(outcome[name] in values for name, values in chosen.items()):
            yield outcome, members

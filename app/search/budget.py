"""The budget of a question: how much of the directory its phrases and beginnings may look at."""

from collections.abc import Sequence

from app.errors import Fault, Invalid
from app.search.collection import Collection
from app.search.query import Clause

# In entries whose text is read, as phrases do; a few microseconds each. A phrase alone is never
# refused below so many entries.
MOST_READ = 12_000
# By comparison, for a beginning: what each word that begins so takes, and each entry that holds one.
OF_A_WORD = 6.0
OF_A_HOLDER = 1 / 300


def check_budget(
    clauses: Sequence[Clause], collection: Collection, *, most: float = MOST_READ
) -> None:
    """Raise Invalid, with what to narrow, if the clauses would take too long."""
    costs = {clause: _cost(clause, collection) for clause in clauses}
    if sum(costs.values()) <= most:
        return
    dearest = max(costs, key=lambda clause: costs[clause])
    advice = "Add a rarer word to it, or leave out the quotation marks."
    if dearest.prefix:
        advice = "Write more letters before the asterisk, or whole words."
    detail = f"q is too broad: {str(dearest).removeprefix('-')} fits too many entries. {advice}"
    raise Invalid([Fault("too_broad", detail, parameter="q")])


def _cost(clause: Clause, collection: Collection) -> float:
    if clause.phrase:
        return collection.candidates(clause.words)
    if clause.prefix:
        words = collection.beginning_with(clause.words[0])
        holders = sum(len(collection.words[word]) for word in words)
        return len(words) * OF_A_WORD + holders * OF_A_HOLDER
    return 0

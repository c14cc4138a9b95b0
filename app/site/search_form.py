"""A search as it was typed: what of it was understood, and what is wrong at which field."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.errors import Fault, Invalid, Malformed
from app.search.index import Index
from app.search.parser import SHOWN
from app.search.query import OF_A_SAMPLE, OF_THE_API, PARAMETERS
from app.search.results import Results, find

TAKEN = tuple(name for name in PARAMETERS if name not in OF_THE_API)
# They stand in no form.
NOT_FIELDS = ("limit", "sort", "match", "spelling", "slug", "cursor", *OF_A_SAMPLE)
PLACE_WANTED = "Write a ZIP code or a town and state, such as Hazard, KY."
Pairs = Sequence[tuple[str, str]]


class Texts(dict[str, str]):
    """Texts by parameter; empty where there is none."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What was typed, the results of what of it was understood, and the faults of the rest."""

    typed: Texts  # several values with commas
    results: Results
    faults: Texts = field(default_factory=Texts)
    status: int = 200


def read_form(index: Index, kind: str, address: str, pairs: Pairs) -> SearchForm:
    """Read the parameters of a page and search. What cannot be understood does not count.

    `address`: of the page, which the links of the results lead to.
    """
    understood = [(name, value) for name, value in pairs if name in TAKEN and value.strip(" ,")]
    typed = Texts()
    for name, value in understood:
        typed[name] = f"{typed[name]},{value}" if name in typed else value
    faults = Texts()
    status = 200
    while True:
        try:
            query = replace(index.query(kind, understood), path=address)
            return SearchForm(typed, find(query, index), faults, status)
        except Invalid as invalid:
            if status == 200:  # later faults come from what was left out
                status = 400 if isinstance(invalid, Malformed) else 422
                for fault in invalid.faults:
                    name = fault.parameter or ""
                    faults.setdefault(name, _message(name, fault, typed))
            wrong = {fault.parameter for fault in invalid.faults}
            understood = [(name, value) for name, value in understood if name not in wrong]


def _message(name: str, fault: Fault, typed: Texts) -> str:
    """A message for the field itself: people do not know what its parameter is called."""
    detail = fault.detail
    if fault.code == "unknown_place":
        return f"No place is called {typed[name][:SHOWN]!r}. {PLACE_WANTED}"
    if name == "within_km" and fault.code == "required_with":
        return PLACE_WANTED
    if name in NOT_FIELDS:
        return detail
    for begin, plain in (("has no", "There is no"), ("must", "This must"), ("takes", "This takes")):
        if detail.startswith(f"{name} {begin} "):
            return plain + detail.removeprefix(f"{name} {begin}")
    return detail

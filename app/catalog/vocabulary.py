"""Vocabulary: the published terms by list, in their natural order; the nearest to a misspelled one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.records.spelling import NEAREST, nearest


@dataclass(frozen=True, slots=True)
class Term:
    """A published term."""

    code: str
    label: str
    rank: tuple[Any, ...]
    record: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Its code, label, synonyms and aliases."""
        return [
            self.code,
            self.label,
            *self.record.get("synonyms", ()),
            *self.record.get("aliases", ()),
        ]


class Vocabulary:
    """Every list of terms by name: strategy, indicator, state, locale, organization, and the short lists."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, Term]] = {}
        self._in_order: dict[str, dict[str, Term]] = {}  # the same, made when asked for

    def put(self, kind: str, slug: str, record: dict[str, Any] | None) -> tuple[str, str]:
        """Add or replace a published term, or remove one that is no longer public (`record` None).

        Returns the name of its list and its code.
        """
        name, code = slug.split(".", 1) if kind == "term" else (kind, slug)
        terms = self._lists.setdefault(name, {})
        self._in_order.pop(name, None)
        if record is None:
            terms.pop(code, None)
            return name, code
        label = record.get("label") or record["name"]
        rank = {
            "term": (record.get("rank", 0),),
            "locale": (code,),
            "strategy": (record.get("pillar", ""), label),
        }.get(kind, (label,))
        terms[code] = Term(code, label, rank, record)
        return name, code

    def get(self, name: str, code: str) -> Term | None:
        """A term of a list; None where it is not known."""
        return self._lists.get(name, {}).get(code)

    def terms(self, name: str) -> Sequence[Term]:
        """The terms of a list, in natural order: strategies pillar by pillar."""
        terms = list(self.terms_by_code(name).values())
        if name == "strategy":
            pillars = {pillar: place for place, pillar in enumerate(self.codes("pillar"))}
            terms.sort(key=lambda term: pillars.get(term.record["pillar"], len(pillars)))
        return terms

    def codes(self, name: str) -> list[str]:
        """The codes of a list, in natural order."""
        return list(self.terms_by_code(name))

    def label(self, name: str, code: str) -> str:
        """The label of a code; the code itself if it is unknown."""
        term = self.get(name, code)
        return term.label if term else code

    def terms_by_code(self, name: str) -> Mapping[str, Term]:
        """The terms of a list by code, in the order of their ranks."""
        if (ordered := self._in_order.get(name)) is None:
            terms = self._lists.get(name, {})
            ordered = self._in_order[name] = dict(
                sorted(terms.items(), key=lambda item: item[1].rank)
            )
        return ordered

    def resolve(self, name: str, value: str) -> str | None:
        """The code that a value means, in any case; None if there is none."""
        terms = self._lists.get(name, {})
        return (
            value
            if value in terms
            else next((code for code in (value.lower(), value.upper()) if code in terms), None)
        )

    def nearest(self, name: str, value: str) -> list[str]:
        """Codes whose code, label, synonym or alias is most similar to the value."""
        names = {called: term.code for term in self.terms(name) for called in term.names}
        near = (names[match] for match in nearest(value, names, most=None))
        return list(dict.fromkeys(near))[:NEAREST]

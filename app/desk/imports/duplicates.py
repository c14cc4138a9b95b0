"""Likely duplicates: new records that look like others. A person decides; nothing is refused.

A case study is compared by title with those of the same district, a district by name with those of
the same state.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial

from rapidfuzz import fuzz, process
from sqlmodel import Session

from app.errors import Fault
from app.records import lookups
from app.records.case_study import CaseStudy
from app.records.district import DistrictRecord
from app.records.stored_text import comparison_key

ALIKE_NAMES, ALIKE_TITLES = (
    88,
    75,
)  # of 100; of 19,852 federal districts 5 percent look so much like another of their state
NAMED = 3  # others that a warning names
# Words that tell no district, and no effort, from another.
_EVERYWHERE = frozenset(
    (
        *(
            "a",
            "and",
            "at",
            "for",
            "in",
            "of",
            "the",
            "to",
            "school",
            "schools",
            "district",
            "districts",
            "public",
            "community",
            "communities",
        ),
        *("independent", "unified", "consolidated", "sd", "isd", "usd", "cusd"),
    )
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class _Group:
    """Records among which names are compared."""

    alike: int
    keys: list[str] = field(default_factory=list)
    slugs: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, slug: str, name: str) -> None:
        self.keys.append(_key(name))
        self.slugs.append(slug)
        self.names.append(name)

    def like(self, name: str) -> list[tuple[float, str, str]]:
        """How alike, slug and name of those that look like it."""
        key = _key(name)
        numbers = _numbers(key)
        matches = process.extract(
            key, self.keys, scorer=fuzz.ratio, score_cutoff=self.alike, limit=2 * NAMED
        )
        return [
            (score, self.slugs[n], self.names[n])
            for other, score, n in matches
            if _numbers(other) == numbers
        ]


class Lookalikes:
    """What is there, and what the file has brought so far, to compare new records with."""

    def __init__(self, session: Session) -> None:
        self._by_district: dict[str, _Group] = defaultdict(partial(_Group, ALIKE_TITLES))
        self._by_state: dict[str, _Group] = defaultdict(partial(_Group, ALIKE_NAMES))
        self._without_leaid: dict[str, _Group] = defaultdict(partial(_Group, ALIKE_NAMES))
        self._same: dict[tuple[str, str], str] = {}
        for slug, name, state, leaid in lookups.district_names(session):
            self._add_district(slug, name, state, leaid)
        for slug, title, district in lookups.case_study_titles(session):
            self._by_district[district].add(slug, title)

    def warnings(self, record: CaseStudy | DistrictRecord) -> list[Fault]:
        """What a new record looks like."""
        if isinstance(record, CaseStudy):
            matches = [
                alike
                for district in record.districts
                for alike in self._by_district[district].like(record.title)
            ]
        elif record.nces_leaid is None:
            matches = self._by_state[record.state].like(record.name)
        else:  # two LEAIDs are two districts, unless one of them is wrong
            matches = self._without_leaid[record.state].like(record.name)
            if (same := self._same.get((record.state, _key(record.name)))) is not None:
                matches.append((100, same, record.name))
        best = {slug: (score, name) for score, slug, name in sorted(matches)}
        if not best:
            return []
        named = [
            f"{slug!r} ({name})"
            for slug, (_, name) in sorted(best.items(), key=lambda item: -item[1][0])
        ][:NAMED]
        pointer = "/title" if isinstance(record, CaseStudy) else "/name"
        return [
            Fault(
                "likely_duplicate",
                f"This looks like {', '.join(named)}. Accept it by slug if it is different.",
                pointer=pointer,
                nearest=tuple(best)[:NAMED],
            )
        ]

    def add(self, record: CaseStudy | DistrictRecord) -> None:
        """Take in a new record."""
        if isinstance(record, CaseStudy):
            for district in record.districts:
                self._by_district[district].add(record.slug, record.title)
        else:
            self._add_district(record.slug, record.name, record.state, record.nces_leaid)

    def _add_district(self, slug: str, name: str, state: str, leaid: str | None) -> None:
        self._by_state[state].add(slug, name)
        if leaid is None:
            self._without_leaid[state].add(slug, name)
        else:
            self._same[state, _key(name)] = slug


def _key(name: str) -> str:
    """A name's telling words in one order; all of its words if none is telling."""
    words = _WORD.findall(comparison_key(name))
    return " ".join(sorted(word for word in words if word not in _EVERYWHERE) or sorted(words))


def _numbers(key: str) -> list[str]:
    """School District 1 and School District 2 are two."""
    return [word for word in key.split() if word[0].isdigit()]

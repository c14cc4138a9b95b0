"""Clauses: the words, phrases and beginnings that `q` asks for."""

import re

from app.search.analysis import words, written_words
from app.search.query import Clause

_CLAUSE = re.compile(r'(-?)"([^"]*)"?|(\S+)')


def read_clauses(q: str) -> tuple[Clause, ...]:
    """What a person typed, clause by clause, each once."""
    clauses: list[Clause] = []
    for minus, phrase, plain in _CLAUSE.findall(_joined_ampersands(q)):
        without = bool(minus) or (plain.startswith("-") and len(plain) > 1)
        folded = words(phrase or plain)
        if not folded:
            continue
        if phrase:
            clauses.append(Clause(tuple(folded), phrase=True, without=without))
        elif plain.endswith("*"):
            clauses += [Clause((word,), without=without) for word in folded[:-1]]
            clauses.append(Clause((written_words(plain)[-1],), prefix=True, without=without))
        elif without:
            clauses.append(Clause(tuple(folded), phrase=len(folded) > 1, without=True))
        else:
            clauses += [Clause((word,)) for word in folded]
    return tuple(dict.fromkeys(clauses))


def _joined_ampersands(q: str) -> str:
    """`A & M` is one word, as in the text that is searched."""
    return re.sub(r"(?<!\w)(\w)\s?&\s?(\w)(?!\w)", r"\1&\2", q)

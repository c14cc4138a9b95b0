"""Function words, which find nothing by themselves.

Words that carry meaning stay: no, not, after, before, out, through.
"""

import re
from collections.abc import Sequence

from app.records.text import fold_text

_TEXT = """
a about all also am an and any are as at be been being but by can could did do does doing done
for from get gets getting give gives got had has have having he her here him his how i if in
into is it its just like make makes many may me more most much my need needs of on or other our
ours over own please she should show some somewhere such tell than that the their them then there
these they this those to too up us use used uses using very want wants was we were what when where
which while who whom whose why will with would you your best good great find looking look someone
something anything everything somebody anybody anyone thing things stuff somehow anywhere really
actually ever whether try tried tries trying take takes took
cant couldnt didnt doesnt dont isnt arent wont wouldnt
"""
STOP_WORDS = frozenset(_TEXT.split())


_PLAIN = re.compile(r"[a-z']+")


def without_stop_words(words: Sequence[str], typed: str) -> tuple[list[int], list[int]]:
    """The places of the words that carry meaning, and of the others.

    A&M is the word `am`, and stays: only a word that was `typed` so is a function word.
    """
    plain = {word.replace("'", "") for word in _PLAIN.findall(fold_text(typed))}
    dropped = [n for n, word in enumerate(words) if word in STOP_WORDS and word in plain]
    return [n for n in range(len(words)) if n not in dropped], dropped

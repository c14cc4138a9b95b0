"""NameIndex: names by the beginning of any of their words, kept as names come and go.

The words of all names stand in one text, one name on a line. An array holds the places where a word
begins, sorted by the text from there on (a suffix array). All words that begin alike stand side by
side in it, so a beginning is found by two binary searches, in a directory of any size.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.search.analysis import words, written_words

END = "\n"  # of a name; sorts before every letter
LAST = b"\xff"  # sorts behind every byte of UTF-8
FEW = 4  # new words are put in their places one by one if there are this many times as many others
MOST_COUNTED = 65_535
Places = NDArray[np.uint32]


class NameIndex:
    """The names of numbered things. A number is used once, and only rises."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.places: Places = np.empty(0, dtype=np.uint32)  # where words begin, sorted
        # By place: twice the number of the thing, plus 1 if the word is not the first of its name.
        self.owners: Places = np.empty(0, dtype=np.uint32)
        self.counts = np.zeros(0, dtype=np.uint16)  # by number: how much it leads to
        self._standing = np.zeros(0, dtype=np.bool_)  # by number
        self._gone = False  # whether something in `places` is no longer there
        self._new: list[tuple[int, str]] = []  # names that are not in their places yet
        self._words: defaultdict[str, set[str]] = defaultdict(set)  # by first letter
        self._words_like: defaultdict[str, dict[tuple[bool, int], Sequence[str]]] = defaultdict(
            dict
        )

    def put(self, number: int, names: Iterable[str], *, count: int = 1) -> None:
        """Take in a thing by its names. Names find their places when `settle` is called."""
        if number >= len(self._standing):
            room = max(number + 1 - len(self._standing), len(self._standing), 64)
            self._standing = np.concatenate([self._standing, np.zeros(room, dtype=np.bool_)])
            self.counts = np.concatenate([self.counts, np.zeros(room, dtype=np.uint16)])
        self._standing[number] = True
        self.counts[number] = min(count, MOST_COUNTED)
        for spelling in dict.fromkeys(_spellings(names)):
            self._new.append((number, spelling))
            for word in spelling.split(" "):
                if word not in self._words[word[0]]:
                    self._words[word[0]].add(word)
                    self._words_like.pop(word[0], None)

    def discard(self, number: int) -> None:
        """Drop a thing, if it is there."""
        if number < len(self._standing) and self._standing[number]:
            self._standing[number] = False
            self._gone = True

    def settle(self) -> None:
        """Put new names in their places, and leave out what is gone.

        In a directory of 100,000 entries this takes 8 ms for one; sorting all names anew, 5 s.
        """
        if self._gone:
            self._new = [(number, name) for number, name in self._new if self._standing[number]]
            standing = self._standing[numbers_of_owners(self.owners)]
            self.places, self.owners = self.places[standing], self.owners[standing]
            self._gone = False
        if not self._new:
            return
        places, owners = self._append(self._new)
        self._new = []
        if len(places) * FEW > len(self.places):
            places = np.concatenate([places, self.places])
            owners = np.concatenate([owners, self.owners])
            self.places = self.owners = np.empty(0, dtype=np.uint32)
        order = self._order(places)
        places, owners = places[order], owners[order]
        if not len(self.places):
            self.places, self.owners = places, owners
            return
        ranks = [self._rank(self._name_from(place)) for place in places.tolist()]
        self.places = np.insert(self.places, ranks, places)
        self.owners = np.insert(self.owners, ranks, owners)

    def starting(self, beginning: str) -> Places:
        """The owners of every word from which on a name begins so."""
        self.settle()
        prefix = beginning.encode()
        first = self._rank(prefix)
        return self.owners[first : self._rank(prefix + LAST, first)]

    def words_like(self, letter: str, length: int, *, whole: bool) -> Sequence[str]:
        """The words with a first letter and so many letters, or the beginnings of words.

        Some may be of names that are gone. Remembered until another word comes with this letter.
        """
        remembered = self._words_like[letter]
        if (whole, length) not in remembered:
            words = self._words.get(letter, set())
            if whole:
                alike = {word for word in words if len(word) == length}
            else:
                alike = {word[:length] for word in words if len(word) >= length}
            remembered[whole, length] = tuple(alike)
        return remembered[whole, length]

    def restore(self, text: bytes, places: Places, owners: Places, counts: bytes) -> None:
        """Take over names that were kept. All of them are there."""
        self.text, self.places, self.owners = bytearray(text), places, owners
        self.counts = np.frombuffer(bytearray(counts), dtype=np.uint16)
        self._standing = np.zeros(len(self.counts), dtype=np.bool_)
        self._standing[numbers_of_owners(owners)] = True
        for word in set(text.decode().split()):
            self._words[word[0]].add(word)

    def _append(self, names: Sequence[tuple[int, str]]) -> tuple[Places, Places]:
        """Write names behind the text. Returns the places of their words, and the owners."""
        places, owners = array("I"), array("I")
        for number, name in names:
            at = len(self.text)
            for nth, word in enumerate(name.encode().split(b" ")):
                places.append(at)
                owners.append(2 * number + (nth > 0))
                at += len(word) + 1
            self.text += f"{name}{END}".encode()
        return np.array(places, dtype=np.uint32), np.array(owners, dtype=np.uint32)

    def _order(self, places: Places) -> "array[int]":
        """The order of places by the text from there on.

        One first byte at a time: all names of 100,000 entries at once take 200 MB.
        """
        order = array("I")
        first_bytes = np.frombuffer(bytes(self.text), dtype=np.uint8)[places]
        for first_byte in np.unique(first_bytes):
            alike = np.flatnonzero(first_bytes == first_byte).tolist()
            order.extend(sorted(alike, key=lambda at: self._name_from(int(places[at]))))
        return order

    def _name_from(self, place: int) -> bytes:
        """The rest of a name, from one of its words on."""
        return bytes(self.text[place : self.text.index(b"\n", place) + 1])

    def _rank(self, prefix: bytes, least: int = 0) -> int:
        """How many words sort before these bytes."""
        text, length = self.text, len(prefix)

        def from_there(place: int) -> bytes:
            return bytes(text[place : place + length])

        return bisect_left(self.places, prefix, least, key=from_there)


def numbers_of_owners(owners: Places) -> Places:
    """The number of the thing that each owner is."""
    return (owners >> 1).astype(np.uint32, copy=False)


def _spellings(names: Iterable[str]) -> Iterator[str]:
    """Each name in both spellings: Saint Olive is St. Olive as well."""
    for name in names:
        for spelling in (words(name), written_words(name)):
            if spelling:
                yield " ".join(spelling)

"""Walks: the order in which a search was answered, held while its pages are read.

Records are published, renamed and withdrawn between two pages. A walk keeps the order of its first
page, so that each record that was public then is shown exactly once.
"""

from collections import OrderedDict

from app.search.postings import Numbers

MAX_ENTRIES = 4_000_000  # in all walks together: 16 MB

Key = tuple[str, int]  # the query's fingerprint, and the revision of the walk's first page


class Walks:
    """The walks of this process that were read last; the oldest are forgotten first."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES) -> None:
        self._walks: OrderedDict[Key, Numbers] = OrderedDict()
        self._max_entries, self._entries = max_entries, 0

    def begin(self, key: Key, numbers: Numbers) -> None:
        """Hold the entries that a search found, in order."""
        if key in self._walks or len(numbers) > self._max_entries:
            return
        self._walks[key] = numbers
        self._entries += len(numbers)
        while self._entries > self._max_entries:
            _, oldest = self._walks.popitem(last=False)
            self._entries -= len(oldest)

    def get(self, key: Key) -> Numbers | None:
        """The entries of a walk in order; None if it is not held."""
        if key in self._walks:
            self._walks.move_to_end(key)
        return self._walks.get(key)

"""Samples: entries drawn at random from a result set, the same ones each time."""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.search.collection import Collection, hash_of
from app.search.postings import numbers_of

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def draw(hits: BitMap, size: int, seed: int, collection: Collection) -> BitMap:
    """So many of the hits: those whose slug and seed have the smallest hashes.

    An entry that comes or goes changes the sample by one entry at most. The first sample after a
    start hashes every slug, 0.7 s for a million; later ones take 20 ms for a million hits.
    """
    if len(hits) <= size:
        return hits
    numbers = numbers_of(hits)
    hashes = _mixed(collection.slug_hashes()[numbers] ^ np.uint64(hash_of(str(seed))))
    return BitMap(numbers[np.argsort(hashes, kind="stable")[:size]])


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each hash changed in all of its bits: the last step of SplitMix64."""
    hashes = (hashes ^ (hashes >> _SHIFTS[0])) * _FIRST
    hashes = (hashes ^ (hashes >> _SHIFTS[1])) * _SECOND
    return cast(NDArray[np.uint64], hashes ^ (hashes >> _SHIFTS[2]))

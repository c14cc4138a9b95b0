"""Content negotiation, encodings and conditional requests (RFC 9110), as pure functions."""

import gzip
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

import brotli

COMPRESS: dict[str, Callable[[bytes], bytes]] = {  # the best first
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
IDENTITY = "identity"
MAX_REMEMBERED = 200  # bytes of a header whose meaning is remembered; browsers send fewer
MAX_READ, MAX_VALUES = 2000, 50  # characters and values of a header; 30 kB took 10 ms each time
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600"
STYLE = "style=apa"  # of citations as text (text/x-bibliography)
PERMANENT = "public, max-age=31536000, immutable"  # Cache-Control of what never changes
ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
SECOND = timedelta(seconds=1)


def qualities(header: str) -> dict[str, float]:
    """Each value of an Accept or Accept-Encoding header with its weight, 0 if that is unreadable.

    A style of citations other than ours makes it another value; other parameters make none. Of a
    header that is longer than any browser's, the beginning is read.
    """
    weights = {}
    for item in header[:MAX_READ].lower().split(",", MAX_VALUES)[:MAX_VALUES]:
        name, *parameters = (part.strip() for part in item.split(";"))
        if name:
            styles = [text for text in parameters if text.startswith("style=")]
            if styles and styles[0].replace('"', "") != STYLE:
                name = f"{name};{styles[0]}"
            weight = next((text for text in parameters if text.startswith("q=")), "q=1")
            weights[name] = _weight(weight.removeprefix("q="))
    return weights


def quality(accept: str, media_type: str) -> float:
    """The weight of a media type in an Accept header, 0 if it is not taken; an empty one takes all."""
    if not accept.strip():
        return 1.0
    weights = qualities(accept)
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((weights[name] for name in ranges if name in weights), 0.0)


def accepts(accept: str, media_type: str) -> bool:
    """Whether an Accept header takes this media type."""
    return quality(accept, media_type) > 0


def best_encoding(accept_encoding: str, encodings: Iterable[str] = tuple(COMPRESS)) -> str:
    """The best of our encodings that an Accept-Encoding header takes; `identity` if none is."""
    weights = qualities(accept_encoding)
    best, best_weight = IDENTITY, weights.get(IDENTITY, 0.0)
    for encoding in reversed(tuple(encodings)):
        weight = weights.get(encoding, weights.get("*", 0.0))
        if weight > 0 and weight >= best_weight:
            best, best_weight = encoding, weight
    return best


def takes(accept: bytes, media_type: str) -> bool:
    """`accepts`, remembered: it is asked at every hit of the cache."""
    remembered = len(accept) <= MAX_REMEMBERED
    return (_takes if remembered else _takes.__wrapped__)(accept, media_type)


def names_html(accept: str) -> bool:
    """Whether a client asks for pages: `*/*` alone, as programs send it, does not say so."""
    weights = qualities(accept)
    return max(weights.get("text/html", 0.0), weights.get("text/*", 0.0)) > 0


def encoding_for(accept_encoding: bytes) -> str:
    """`best_encoding`, remembered: it is asked at every hit of the cache."""
    remembered = len(accept_encoding) <= MAX_REMEMBERED
    return _encoding(accept_encoding) if remembered else _encoding.__wrapped__(accept_encoding)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names this ETag, by the weak comparison (8.8.3.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in ENTITY_TAG.findall(if_none_match)


def is_not_modified(
    if_none_match: str, if_modified_since: str, etag: str, changed_at: datetime
) -> bool:
    """Whether a GET with these headers, "" if absent, is answered with 304 (13.2.2)."""
    if if_none_match:
        return matches(if_none_match, etag)
    return bool(if_modified_since) and unchanged_since(if_modified_since, changed_at)


def last_modified(changed_at: datetime, now: datetime) -> tuple[datetime, bool]:
    """The Last-Modified date of what changed then, and whether it is final.

    HTTP dates have whole seconds, so a date within the second of a change does not tell whether
    another change followed (8.8.2.2). The final date is therefore the end of that second; until it
    is safely past, its beginning is sent, which `unchanged_since` never takes as unchanged.
    """
    end = _end_of_second(changed_at)
    return (end, True) if now >= end + SECOND else (end - SECOND, False)


def unchanged_since(if_modified_since: str, changed_at: datetime) -> bool:
    """Whether nothing changed since this date; no for one that cannot be read."""
    try:
        return _end_of_second(changed_at) <= parsedate_to_datetime(if_modified_since)
    except (ValueError, TypeError, OverflowError):
        return False


@lru_cache(maxsize=16)
def http_date(at: datetime) -> str:
    """A time as HTTP headers write it."""
    return format_datetime(at, usegmt=True)


def _end_of_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) + SECOND


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


@lru_cache(maxsize=1000)
def _takes(accept: bytes, media_type: str) -> bool:
    return accepts(accept.decode("latin-1"), media_type)


@lru_cache(maxsize=1000)
def _encoding(accept_encoding: bytes) -> str:
    return best_encoding(accept_encoding.decode("latin-1"))

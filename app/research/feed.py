"""The feed of a search: Atom (RFC 4287) in pages (RFC 5005), with what was removed (RFC 6721)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from app.catalog.citation import PUBLISHER, one_line
from app.catalog.entry import PublicState
from app.catalog.provenance import LICENSE
from app.records.kinds import KINDS

MEDIA_TYPE = "application/atom+xml"
NAMESPACES = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns:at": "http://purl.org/atompub/tombstones/1.0",
}


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of a feed. Its addresses are absolute; `cards`: the records on it, the newest change first."""

    kind: str
    title: str
    id: str  # of the whole feed
    address: str
    next: str | None
    html: str  # the same search as a page
    json: str
    base_url: str
    cards: Sequence[Mapping[str, Any]]
    removed: Sequence[PublicState]  # withdrawn or renamed
    otherwise_updated_at: datetime  # when it has neither records nor removed ones


def atom(page: FeedPage) -> bytes:
    """The page as XML. The same records give the same bytes, whatever else has changed."""
    feed = ET.Element("feed", NAMESPACES)
    _add(feed, "id", page.id)
    _add(feed, "title", f"{PUBLISHER}: {page.title}")
    _add(feed, "updated", _updated_at(page))
    _add(ET.SubElement(feed, "author"), "name", PUBLISHER)
    _add(feed, "rights", f"{LICENSE['name']}, {LICENSE['url']}")
    _link(feed, "self", page.address, MEDIA_TYPE)
    _link(feed, "first", page.id, MEDIA_TYPE)
    if page.next:
        _link(feed, "next", page.next, MEDIA_TYPE)
    _link(feed, "alternate", page.html, "text/html")
    _link(feed, "alternate", page.json, "application/json")
    for card in page.cards:
        _add_record(feed, page, card)
    for state in page.removed:
        _add_removed(feed, page, state)
    xml: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return xml


def _add_record(feed: ET.Element, page: FeedPage, card: Mapping[str, Any]) -> None:
    address = _address(page, card["slug"])
    record = ET.SubElement(feed, "entry")
    _add(record, "id", address)
    _add(record, "title", card["title" if page.kind == "case-study" else "name"])
    _add(record, "updated", card["updated_at"])
    _add(record, "summary", card["summary"] if page.kind == "case-study" else _about(card))
    _link(record, "alternate", address, "text/html")
    _link(record, "alternate", f"{page.base_url}{card['url']}", "application/json")


def _add_removed(feed: ET.Element, page: FeedPage, state: PublicState) -> None:
    when = _written(state.updated_at)
    ref = {"ref": _address(page, state.slug), "when": when}
    removed = ET.SubElement(feed, "at:deleted-entry", ref)
    if state.moved_to:
        _add(removed, "at:comment", f"Renamed: {_address(page, state.moved_to)}")
    elif state.reason:
        _add(removed, "at:comment", f"Withdrawn: {state.reason}")


def _about(card: Mapping[str, Any]) -> str:
    """A district in a line: where it is, and its case studies."""
    place = ", ".join(part for part in (card["city"], card["state"]) if part)
    titles = "; ".join(case_study["title"] for case_study in card["case_studies"])
    return f"{place}. Case studies: {titles or 'none'}."


def _updated_at(page: FeedPage) -> str:
    changes = [datetime.fromisoformat(card["updated_at"]) for card in page.cards]
    changes += [state.updated_at for state in page.removed]
    return _written(max(changes, default=page.otherwise_updated_at))


def _written(at: datetime) -> str:
    """A time as RFC 3339 writes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _address(page: FeedPage, slug: str) -> str:
    """The page of a record, by which feeds know it."""
    return f"{page.base_url}/{KINDS[page.kind].path}/{slug}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = one_line(text)


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": media_type, "href": address})
